// Compares the rungs of a ladder with its reference and says what follows: the "noise", "tests", "rungs" and "findings"
// of ladder.json (docs/ladder-json.md has the keys, docs/statistics.md the definitions). Pure and deterministic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "ladder/paired_cell.h"

namespace rung {

/// rungs[0] is the reference; the others have answered its items, or the first of them.
nlohmann::ordered_json summarize(std::span<const RungResult> rungs, const PanelFacts& facts = {});

}  // namespace rung
