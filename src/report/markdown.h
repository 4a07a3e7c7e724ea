// A ladder (docs/ladder-json.md) as Markdown for a model card (GitHub Flavored Markdown tables).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rung {

/// A heading, what was found, the table of rungs, the notes, how it was measured. Text from outside is escaped: no name
/// can make markup. The numbers are those of the terminal's table. Deterministic; safe from any thread.
std::string render_markdown(const nlohmann::ordered_json& ladder);

}  // namespace rung
