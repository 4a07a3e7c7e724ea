#include "panel/level_tuning.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace rung {
namespace {

/// Asks, and adds up what was answered of each level.
class Scores {
 public:
  explicit Scores(const AskLevel& ask) : ask_(ask) {}

  Result<double> ask_more(size_t level) {
    RUNG_TRY(const LevelScore score, ask_(level));
    LevelScore& sum = scores_.try_emplace(level, LevelScore{level, 0, 0}).first->second;
    sum.right += score.right;
    sum.items += score.items;
    return sum.share();
  }
  /// Asks once if it never was.
  Result<double> share(size_t level) {
    const auto found = scores_.find(level);
    if (found != scores_.end()) return found->second.share();
    return ask_more(level);
  }
  std::vector<LevelScore> all() const {
    std::vector<LevelScore> list;
    for (const auto& [level, score] : scores_) list.push_back(score);
    return list;
  }

 private:
  const AskLevel& ask_;
  std::map<size_t, LevelScore> scores_;
};

/// The hardest level that is answered as often as aimed at; 0 if none is.
Result<size_t> hardest_within_reach(const TuningOptions& options, Scores& scores) {
  size_t within = 0, beyond = options.levels + 1;
  while (within + 1 < beyond) {
    const size_t middle = within + (beyond - within) / 2;
    RUNG_TRY(const double share, scores.share(middle));
    (share >= options.aim ? within : beyond) = middle;
  }
  return within;
}

LevelVerdict verdict_of(double share, const TuningOptions& options) {
  if (share < options.low) return LevelVerdict::kTooHard;
  return share > options.high ? LevelVerdict::kTooEasy : LevelVerdict::kTuned;
}

}  // namespace

size_t TunedLevels::level_of(size_t index) const {
  const auto harder_before = [this](size_t count) { return std::floor(static_cast<double>(count) * harder_share); };
  return level + (harder_before(index + 1) > harder_before(index) ? 1 : 0);
}

Result<TunedLevels> tune_levels(const TuningOptions& options, const AskLevel& ask) {
  Scores scores(ask);
  RUNG_TRY(const size_t within, hardest_within_reach(options, scores));
  TunedLevels tuned;
  tuned.level = std::max<size_t>(1, within);
  const size_t harder = within == 0 ? 0 : std::min(within + 1, options.levels);
  RUNG_TRY(double expected, scores.ask_more(tuned.level));
  if (harder > tuned.level) {
    // Items of both levels, in the shares that bring the expected score to the aim.
    RUNG_TRY(const double harder_score, scores.ask_more(harder));
    if (expected > harder_score)
      tuned.harder_share = std::clamp((expected - options.aim) / (expected - harder_score), 0.0, 1.0);
    expected += tuned.harder_share * (harder_score - expected);
  }
  tuned.verdict = verdict_of(expected, options);
  tuned.tried = scores.all();
  return tuned;
}

}  // namespace rung
