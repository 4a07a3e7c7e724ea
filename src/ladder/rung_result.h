// What was measured of one rung of the ladder, as it is kept on disk between runs. Everything that compares rungs is
// derived from these by summary.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "measure/perplexity.h"

namespace rung {

struct CapabilityAnswers {
  std::string capability;
  std::string right;  ///< one '1' or '0' an item, in the panel's order
};

struct RungResult {
  std::string name;
  std::string kind;  ///< "reference", "type", "recipe"
  std::string description;
  uint64_t bytes = 0;
  bool writable = true;
  double bits_per_weight = 0;
  std::string calibration;
  PerplexityResult perplexity;
  std::vector<CapabilityAnswers> answers;
};

nlohmann::ordered_json to_json(const RungResult& result);
/// Fails on anything that to_json would not have written.
Result<RungResult> rung_result_from_json(const nlohmann::ordered_json& json);

}  // namespace rung
