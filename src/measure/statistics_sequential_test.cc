#include "measure/statistics_sequential.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "measure/statistics_paired.h"

namespace rung {
namespace {

TEST(Sequential, LooksGrowUpToFourFifths) {
  EXPECT_EQ(planned_looks(0), (std::vector<size_t>{0}));
  EXPECT_EQ(planned_looks(39), (std::vector<size_t>{39}));
  EXPECT_EQ(planned_looks(40), (std::vector<size_t>{20, 40}));
  EXPECT_EQ(planned_looks(99), (std::vector<size_t>{20, 60, 99}));
  EXPECT_EQ(planned_looks(100), (std::vector<size_t>{20, 60, 80, 100}));
  EXPECT_EQ(planned_looks(200), (std::vector<size_t>{20, 60, 80, 120, 160, 200}));
  EXPECT_EQ(planned_looks(1000), (std::vector<size_t>{20, 60, 80, 120, 160, 240, 320, 480, 640, 1000}));
}

TEST(Sequential, TestsSpendTheWholeError) {
  for (const size_t items : {1, 40, 77, 200, 1000}) {
    const std::vector<size_t> looks = planned_looks(items);
    double spent = 0;
    for (size_t look = 0; look < looks.size(); ++look) spent += look_share(looks, look);
    EXPECT_NEAR(spent, 1, 1e-12);
  }
}

TEST(Sequential, OneLookHasTheUsualInterval) {
  EXPECT_NEAR(look_z(planned_looks(30), 0), 1.959963984540054, 1e-9);
  EXPECT_NEAR(look_z(planned_looks(0), 0), 1.959963984540054, 1e-9);
}

TEST(Sequential, LimitsHoldForDrawnWalks) {
  // 40,000 walks of unequal steps leave the limits in 5 % of the cases, within four standard errors (0.11 %).
  constexpr int kWalks = 40000;
  const std::vector<size_t> looks = planned_looks(200);
  Rng rng(5);
  int left = 0;
  for (int walk = 0; walk < kWalks; ++walk) {
    double place = 0;
    size_t before = 0;
    bool out = false;
    for (size_t look = 0; look < looks.size(); ++look) {
      for (; before < looks[look]; before += 20) {  // Box and Muller's normal number for 20 items
        const double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
        place += std::sqrt(20.0) * radius * std::cos(2 * 3.14159265358979 * rng.uniform());
      }
      out = out || std::abs(place) > look_z(looks, look) * std::sqrt(static_cast<double>(looks[look]));
    }
    left += out;
  }
  EXPECT_NEAR(left / double{kWalks}, 0.05, 0.0044);
}

TEST(Sequential, McNemarByHand) {
  SequentialMcNemar test(planned_looks(200));
  test.look(5, 0);  // 2/32 of a tenth
  EXPECT_NEAR(test.p_value(), 10 * 2.0 / 32, 1e-12);
  test.look(10, 0);  // of a fifth
  EXPECT_NEAR(test.p_value(), 5 * 2.0 / 1024, 1e-12);
  test.look(10, 9);  // what was seen before stays seen
  EXPECT_NEAR(test.p_value(), 5 * 2.0 / 1024, 1e-12);
}

// A small seeded part of bench/statistics_bench.cc: panels of 200 items, 10 % discordant, each stopped at the first
// look that finds a difference or shows that at most a tenth is lost.
TEST(Sequential, StoppingKeepsFalseAlarmsAndCoverage) {
  constexpr int kPanels = 2000;
  const std::vector<size_t> looks = planned_looks(200);
  int alarms = 0, covered = 0;
  Rng rng(42);
  for (int panel = 0; panel < kPanels; ++panel) {
    SequentialMcNemar test(looks);
    PairedCounts counts;
    for (size_t look = 0; look < looks.size(); ++look) {
      while (counts.items() < looks[look]) {
        const double draw = rng.uniform();
        ++(draw < 0.05 ? counts.lost : draw < 0.10 ? counts.gained : draw < 0.8 ? counts.both : counts.neither);
      }
      test.look(counts.lost, counts.gained);
      const double z = look_z(looks, look);
      if (test.p_value() >= 0.05 && kept_interval(counts, 0, z).low < 0.9 && look + 1 < looks.size()) continue;
      alarms += test.p_value() < 0.05;
      const Interval change = difference_interval(counts, z);
      covered += change.low <= 0 && change.high >= 0;
      break;
    }
  }
  // At most 5 % and at least 94 %, with three standard errors of 2,000 draws (0.5 %) in hand; and not vacuous.
  EXPECT_LT(alarms, 0.05 * kPanels);
  EXPECT_GT(alarms, 0);
  EXPECT_GT(covered, 0.94 * kPanels);
  EXPECT_LT(covered, kPanels);
}

}  // namespace
}  // namespace rung
