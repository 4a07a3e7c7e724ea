// Finds the level at which a model answers about three of four items: there a loss shows, where at nearly all or
// nearly none right there is little to lose or nothing to see. Pure but for the question it asks.
#pragma once

#include <functional>
#include <vector>

#include "base/status.h"

namespace rung {

struct LevelScore {
  size_t level = 1;
  size_t right = 0, items = 0;

  double share() const { return items == 0 ? 0 : static_cast<double>(right) / static_cast<double>(items); }
};

enum class LevelVerdict {
  kTuned,
  kTooHard,  ///< even the first level is answered less often than wanted
  kTooEasy,  ///< even the last level is answered more often than wanted
};

struct TuningOptions {
  size_t levels = 1;  ///< 1 to this
  size_t items = 32;  ///< asked at a time
  double low = 0.6, aim = 0.75, high = 0.9;
};

struct TunedLevels {
  LevelVerdict verdict = LevelVerdict::kTuned;
  size_t level = 1;               ///< most items are of this one
  double harder_share = 0;        ///< of the items are of the next
  std::vector<LevelScore> tried;  ///< by level

  /// The level of an item by its number: any first part of the items has about the same share of harder ones.
  size_t level_of(size_t index) const;
};

/// Of how many items of a level, fresh each time it is asked, how many are right.
using AskLevel = std::function<Result<LevelScore>(size_t level)>;

/// Success is taken to fall with the level. Asks about log2(levels) + 2 times. Errors are those of `ask`.
Result<TunedLevels> tune_levels(const TuningOptions& options, const AskLevel& ask);

}  // namespace rung
