// The order of collapse: for each capability the first rung, from many bits to few, that is degraded, that keeps less
// than half of the reference's chance-corrected score, and that does no better than guessing. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ladder/paired_cell.h"

namespace rung {

/// "collapse" of the findings (docs/ladder-json.md): the capability that goes first, first.
nlohmann::ordered_json order_of_collapse(const JudgedLadder& ladder);

}  // namespace rung
