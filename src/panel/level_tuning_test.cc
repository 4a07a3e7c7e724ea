// Level tuning on simulated models, whose success falls with the level by a known rule.
#include "panel/level_tuning.h"

#include <gtest/gtest.h>

#include <cmath>

#include "panel/draw.h"

namespace rung {
namespace {

constexpr size_t kLevelCount = 8;

using Success = std::function<double(double level)>;

/// A model that is right with the given chance.
struct SimulatedModel {
  Success success;
  Draw draw;
  size_t asked = 0;

  AskLevel ask(size_t items) {
    return [this, items](size_t level) -> Result<LevelScore> {
      LevelScore score{level, 0, items};
      for (size_t item = 0; item < items; ++item) score.right += draw.chance(success(static_cast<double>(level)));
      asked += items;
      return score;
    };
  }
};

double expected_score(const TunedLevels& tuned, const Success& success) {
  double sum = 0;
  for (size_t item = 0; item < 1000; ++item) sum += success(static_cast<double>(tuned.level_of(item)));
  return sum / 1000;
}

Success logistic(double middle, double slope) {
  return [=](double level) { return 1 / (1 + std::exp(slope * (level - middle))); };
}

TEST(LevelTuning, BringsModelsOfEveryStrengthToWhereDamageShows) {
  Draw choose(1);
  size_t runs = 0, within = 0;
  for (size_t run = 0; run < 2000; ++run) {
    // From models that fall off at once to those that hardly do, the cliff anywhere between the levels.
    const Success success = logistic(2.5 + 5 * choose.uniform(), 0.4 + 3 * choose.uniform());
    if (success(1) < 0.75 || success(kLevelCount) > 0.75) continue;
    SimulatedModel model{success, Draw(run)};
    const auto tuned = tune_levels({kLevelCount}, model.ask(32));
    ASSERT_TRUE(tuned);
    EXPECT_LE(model.asked, 32 * 6u);
    const double score = expected_score(*tuned, success);
    within += score >= 0.6 && score <= 0.9;
    ++runs;
  }
  EXPECT_GT(runs, 1000u);
  EXPECT_GE(within * 100, runs * 95);
}

TEST(LevelTuning, StepsAreMixed) {
  // Right at every item up to a level and wrong after it: only a mixture of both levels scores between.
  for (size_t last = 1; last < kLevelCount; ++last) {
    const Success success = [last](double level) { return level <= static_cast<double>(last) ? 1.0 : 0.0; };
    SimulatedModel model{success, Draw(last)};
    const auto tuned = tune_levels({kLevelCount}, model.ask(32));
    ASSERT_TRUE(tuned);
    EXPECT_EQ(tuned->verdict, LevelVerdict::kTuned);
    EXPECT_EQ(tuned->level, last);
    EXPECT_NEAR(tuned->harder_share, 0.25, 1e-12);
    EXPECT_NEAR(expected_score(*tuned, success), 0.75, 1e-12);
  }
}

TEST(LevelTuning, TooHardAndTooEasyAreAnswers) {
  SimulatedModel weak{logistic(-2, 1), Draw(1)}, strong{logistic(15, 1), Draw(2)};
  const auto hard = tune_levels({kLevelCount}, weak.ask(32)), easy = tune_levels({kLevelCount}, strong.ask(32));
  EXPECT_EQ(hard->verdict, LevelVerdict::kTooHard);
  EXPECT_EQ(hard->level, 1u);
  EXPECT_EQ(hard->harder_share, 0);
  EXPECT_EQ(easy->verdict, LevelVerdict::kTooEasy);
  EXPECT_EQ(easy->level, kLevelCount);
  EXPECT_EQ(easy->level_of(0), kLevelCount);
}

TEST(LevelTuning, OneLevelOnlyIsJudgedToo) {
  for (const auto& [chance, verdict] : {std::pair<double, LevelVerdict>{0.1, LevelVerdict::kTooHard},
                                        {0.78, LevelVerdict::kTuned},
                                        {1.0, LevelVerdict::kTooEasy}}) {
    SimulatedModel model{[chance = chance](double) { return chance; }, Draw(3)};
    const auto tuned = tune_levels({1}, model.ask(100));
    EXPECT_EQ(tuned->verdict, verdict);
    EXPECT_EQ(tuned->level, 1u);
    EXPECT_EQ(tuned->tried.size(), 1u);
  }
}

TEST(LevelTuning, SharesHoldForEveryFirstPart) {
  TunedLevels tuned;
  tuned.level = 3;
  tuned.harder_share = 0.3;
  size_t harder = 0;
  for (size_t index = 0; index < 200; ++index) {
    harder += tuned.level_of(index) == 4;
    EXPECT_NEAR(static_cast<double>(harder), 0.3 * static_cast<double>(index + 1), 1.0);
  }
}

TEST(LevelTuning, ErrorsOfAskingAreReturned) {
  const auto tuned = tune_levels({kLevelCount}, [](size_t) -> Result<LevelScore> { return cancelled_error(); });
  ASSERT_FALSE(tuned);
  EXPECT_EQ(tuned.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace rung
