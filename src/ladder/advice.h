// What a ladder's numbers advise, in plain words with the evidence beside them: what each rung is good for, whether the
// rules of thumb hold for this model, whether it resists two bits, and which rung to step up to where one hurts. Every
// sentence follows from the judged cells alone. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ladder/paired_cell.h"

namespace rung {

/// "advice" of ladder.json: {rungs[], folklore[], two_bits, next_steps[]}; see docs/ladder-json.md.
nlohmann::ordered_json advise(const JudgedLadder& ladder);

}  // namespace rung
