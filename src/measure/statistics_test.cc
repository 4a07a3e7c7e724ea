#include "measure/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace rung {
namespace {

TEST(Statistics, MeanAndItsError) {
  const std::vector<double> samples = {1, 2, 3, 4};
  const Estimate estimate = mean_of(samples);
  EXPECT_DOUBLE_EQ(estimate.value, 2.5);
  EXPECT_DOUBLE_EQ(estimate.error, std::sqrt(1.25 / 3));
  EXPECT_EQ(mean_of({}).value, 0);
}

TEST(Statistics, Quantiles) {
  const std::vector<double> sorted = {0, 10, 20, 30};
  EXPECT_DOUBLE_EQ(quantile_of_sorted(sorted, 0), 0);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(sorted, 0.5), 15);
  EXPECT_DOUBLE_EQ(quantile_of_sorted(sorted, 1), 30);
}

TEST(Statistics, WilsonKnownAnswers) {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29.
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 5e-5);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).low, 0.0624, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).high, 0.1605, 5e-5);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_NEAR(wilson_interval(1, 29).low, 0.0061, 5e-5);
  EXPECT_NEAR(wilson_interval(1, 29).high, 0.1718, 5e-5);
}

TEST(Statistics, McNemarAgreesWithTheBinomialByHand) {
  EXPECT_DOUBLE_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_NEAR(mcnemar_exact(5, 0), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_exact(0, 5), 2.0 / 32, 1e-12);
  EXPECT_NEAR(mcnemar_exact(8, 2), 2.0 * (1 + 10 + 45) / 1024, 1e-12);
  EXPECT_DOUBLE_EQ(mcnemar_exact(3, 3), 1);
}

TEST(Statistics, HolmByHand) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  const std::vector<double> corrected = holm_correction(p);
  EXPECT_DOUBLE_EQ(corrected[3], 0.02);
  EXPECT_DOUBLE_EQ(corrected[0], 0.03);
  EXPECT_DOUBLE_EQ(corrected[2], 0.06);
  EXPECT_DOUBLE_EQ(corrected[1], 0.06);
}

TEST(Statistics, BootstrapCoversTheTruth) {
  // 200 samples of a share of 0.8 kept: the interval should miss it in about 5 % of 200 repetitions, surely under 12 %.
  int missed = 0;
  for (uint64_t repetition = 0; repetition < 200; ++repetition) {
    Rng rng(1000 + repetition);
    std::vector<double> kept(200), before(200, 1.0);
    for (double& item : kept) item = rng.uniform() < 0.8;
    const Interval interval = bootstrap_ratio(kept, before, repetition, 400);
    missed += interval.low > 0.8 || interval.high < 0.8;
  }
  EXPECT_LT(missed, 24);
  EXPECT_GT(missed, 1);
}

}  // namespace
}  // namespace rung
