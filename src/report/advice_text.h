// What a ladder found and advises, as sentences for the terminal: noise floor, order of collapse, the break of the
// curve, the rungs' characters, rules of thumb, the next step up. Only what the rows have; nothing is worked out here.
#pragma once

#include <string>
#include <vector>

#include "report/ladder_rows.h"

namespace rung {

/// One paragraph an element, to be wrapped.
std::vector<std::string> finding_sentences(const LadderRows& ladder);
std::vector<std::string> advice_sentences(const LadderRows& ladder);

}  // namespace rung
