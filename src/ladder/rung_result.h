// What was measured of one rung of the ladder, as it is kept on disk between runs. Everything that compares rungs is
// derived from these by summary.h and answer_summary.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "measure/item_score.h"
#include "measure/perplexity.h"
#include "measure/richness.h"

namespace rung {

/// Changes whenever an answer may be scored otherwise, so that older kept results are not mistaken for today's.
constexpr int kScoring = 3;

struct CapabilityAnswers {
  std::string capability;
  std::string right;                   ///< one '1' or '0' an item, in the panel's order
  std::vector<ItemScore> scores = {};  ///< of the same items
  /// Of the reference: its whole answers, which the rungs are scored on. Else empty.
  std::vector<std::vector<Token>> own = {};
  /// The verdicts on answers kept within a grammar, '-' for items without one; empty where no item has one.
  std::string constrained = {};
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
  std::vector<ProseSample> prose;  ///< sampled from the same beginnings for all rungs
};

nlohmann::ordered_json to_json(const RungResult& result);
/// Fails on anything that to_json would not have written.
Result<RungResult> rung_result_from_json(const nlohmann::ordered_json& json);

}  // namespace rung
