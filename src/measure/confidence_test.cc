// Calibration error by hand and of forecasts that are calibrated by construction; changes of confidence by simulation.
#include "measure/confidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace rung {
namespace {

ItemScore item(double confidence, bool right) {
  ItemScore score;
  score.confidence = score.max_probability = confidence;
  score.right = right;
  return score;
}

TEST(Confidence, CalibrationErrorByHand) {
  // Bin [0.9, 1]: mean 0.95, 1 of 2 right; bin [0.6, 0.7): 0.65, right. (2 * 0.45 + 1 * 0.35) / 3.
  const std::vector<ItemScore> items = {item(0.9, true), item(1.0, false), item(0.65, true)};
  EXPECT_NEAR(calibration_error(items).value, (2 * 0.45 + 0.35) / 3, 1e-12);
  EXPECT_NEAR(overconfidence(items).value, (0.9 + 1.0 + 0.65 - 2) / 3, 1e-12);
  const auto bins = calibration_bins(items);
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_EQ(bins[9].items, 2u);
  EXPECT_NEAR(bins[9].confidence, 0.95, 1e-12);
  EXPECT_NEAR(bins[9].right, 0.5, 1e-12);
  EXPECT_EQ(bins[6].items, 1u);
  EXPECT_EQ(calibration_error({}).value, 0);
}

TEST(Confidence, CalibratedForecastsHaveErrorsOfTheirNoiseOnly) {
  Rng rng(3);
  std::vector<ItemScore> calibrated, sure;
  for (size_t index = 0; index < 20000; ++index) {
    const double confidence = rng.uniform();
    const bool right = rng.uniform() < confidence;
    calibrated.push_back(item(confidence, right));
    sure.push_back(item(std::min(1.0, confidence + 0.2), right));
  }
  // A bin of 2,000 items errs by sqrt(p (1 - p) / 2000) < 0.0112, times sqrt(2 / pi) on average over the sign.
  EXPECT_LT(calibration_error(calibrated).value, 0.0112);
  EXPECT_GT(calibration_error(calibrated).value, 0.0005);
  const Ranged gap = overconfidence(calibrated);
  // A forecast p errs by sqrt(p (1 - p)), 1/6 on average under the root: 0.0029 for the mean of 20,000.
  EXPECT_LT(std::abs(gap.value), 4 * 0.0029);
  EXPECT_NEAR(gap.interval.high - gap.interval.low, 2 * 1.96 * 0.0029, 0.15 * 2 * 1.96 * 0.0029);
  // 0.2 more everywhere but at the top: 0.8 * 0.2 + 0.2 * 0.1.
  EXPECT_NEAR(calibration_error(sure).value, 0.18, 0.02);
  EXPECT_NEAR(overconfidence(sure).value, 0.18, 0.02);
  EXPECT_GT(overconfidence(sure).interval.low, 0.15);
}

TEST(Confidence, ChangeOnWrongAnswersIsFoundWhereItIsAndCoveredWhereItIsNot) {
  Rng rng(4);
  size_t found = 0, false_alarms = 0;
  constexpr size_t kRounds = 60;
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<ItemScore> reference, same, surer;
    for (size_t index = 0; index < 200; ++index) {
      const double hard = rng.uniform();  // what both models share of an item
      const auto draw = [&](double shift) {
        const bool right = rng.uniform() < 0.9 - 0.4 * hard;
        return item(std::min(1.0, 0.3 + 0.3 * hard + 0.3 * rng.uniform() + (right ? 0 : shift)), right);
      };
      reference.push_back(draw(0));
      same.push_back(draw(0));
      surer.push_back(draw(0.1));
    }
    const auto none = sureness_change(same, reference, false), some = sureness_change(surer, reference, false);
    ASSERT_TRUE(none && some);
    false_alarms += none->confidence.interval.low > 0 || none->confidence.interval.high < 0;
    found += some->confidence.interval.low > 0;
    EXPECT_NEAR(some->confidence.value, 0.1, 0.12);
  }
  EXPECT_LE(false_alarms, 10u);  // 5 % of 60 is 3; 10 is four standard deviations beyond
  EXPECT_GE(found, kRounds * 8 / 10);
}

TEST(Confidence, NothingWrongIsNoComparison) {
  const std::vector<ItemScore> right = {item(0.9, true)}, wrong = {item(0.9, false)};
  EXPECT_FALSE(sureness_change(right, wrong, false));
  EXPECT_EQ(sureness(right, false).items, 0u);
  EXPECT_EQ(sureness(right, true).items, 1u);
}

}  // namespace
}  // namespace rung
