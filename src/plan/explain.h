// Every number of a plan as the formula that made it, with its numbers filled in.
#pragma once

#include <string>
#include <vector>

#include "plan/planner.h"

namespace rung {

struct ExplainedNumber {
  std::string what;     ///< "weights, q4_k"
  std::string formula;  ///< "values / block values x block bytes"
  std::string numbers;  ///< "3628072960 / 256 x 144"
  std::string result;   ///< "2040791040 bytes"
};

std::vector<ExplainedNumber> explain_rung(const ModelPlan& plan, const RungPlan& rung);

}  // namespace rung
