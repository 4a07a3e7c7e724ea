#include "measure/statistics_breakpoint.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace rung {
namespace {

const std::vector<double> kBits = {1.6, 1.8, 2.1, 2.3, 2.6, 3.1, 3.4, 4.3, 4.5, 5.0, 5.5, 6.6, 8.5};

/// Uniform noise of standard deviation `spread` around two lines that meet at `knee`.
std::vector<double> bent_line(double knee, double below, double above, double spread, Rng& rng) {
  std::vector<double> y;
  for (const double x : kBits)
    y.push_back((x < knee ? below : above) * (x - knee) + spread * 3.4641 * (rng.uniform() - 0.5));
  return y;
}

TEST(Breakpoint, FindsTheKneeOfExactLines) {
  Rng rng(1);
  const auto stick = fit_broken_stick(kBits, bent_line(3.4, -2, -1, 0, rng));
  ASSERT_TRUE(stick);
  // The knee is searched in steps of (6.6 - 1.8) / 80.
  EXPECT_NEAR(stick->knee, 3.4, 0.06);
  EXPECT_NEAR(stick->slope_below, -2, 0.06);
  EXPECT_NEAR(stick->slope_above, -1, 0.06);
  EXPECT_LT(stick->p_value, 0.01);
  EXPECT_EQ(stick->points, kBits.size());
}

TEST(Breakpoint, NeedsPoints) {
  const std::vector<double> few = {1, 2, 3, 4, 5};
  EXPECT_FALSE(fit_broken_stick(few, few));
  const std::vector<double> same = {1, 1, 2, 2, 3, 3};
  EXPECT_FALSE(fit_broken_stick(same, same));
}

TEST(Breakpoint, StraightLinesSeldomBreakAndIntervalsCoverTheKnee) {
  constexpr int kCurves = 40;
  int alarms = 0, covered = 0;
  Rng rng(11);
  for (int curve = 0; curve < kCurves; ++curve) {
    alarms += fit_broken_stick(kBits, bent_line(3.4, -1, -1, 0.15, rng))->p_value < 0.05;
    const auto bent = fit_broken_stick(kBits, bent_line(3.4, -2.5, -1, 0.15, rng));
    covered += bent->knee_interval.low <= 3.45 && bent->knee_interval.high >= 3.35;
  }
  // Nominal: 2 of 40 and 38 of 40; the chance of more than 7, or of fewer than 33, is below 0.5 %.
  EXPECT_LE(alarms, 7);
  EXPECT_GE(covered, 33);
}

}  // namespace
}  // namespace rung
