// The self-contained page: a ladder (docs/ladder-json.md) put into the built page, page.html, which is part of the
// program.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rung {

/// The bytes of report.html. No string inside `ladder` can end the script element that carries it or start another one:
/// every `<` is written as \u003c. Bytes that are not UTF-8 become U+FFFD. Deterministic; safe from any thread.
std::string render_html(const nlohmann::ordered_json& ladder);

}  // namespace rung
