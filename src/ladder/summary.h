// Compares the rungs of a ladder with its reference and says what follows: the "rungs" and "findings" of ladder.json
// (docs/ladder-json.md has the definitions). Pure and deterministic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "ladder/rung_result.h"

namespace rung {

/// {"rungs": [...], "findings": {...}}. rungs[0] is the reference; all have answered the same items.
nlohmann::ordered_json summarize(std::span<const RungResult> rungs);

}  // namespace rung
