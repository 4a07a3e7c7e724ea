#include "measure/statistics_power.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "measure/statistics.h"

namespace rung {
namespace {

TEST(Power, OfFewItemsByHand) {
  // Six items, all of them lost: p = 2/64 < 0.05. Five cannot be told: p = 2/32.
  EXPECT_NEAR(mcnemar_power(6, 1, 0, 0.05), 1, 1e-12);
  EXPECT_NEAR(mcnemar_power(5, 1, 0, 0.05), 0, 1e-12);
  EXPECT_NEAR(mcnemar_power(6, 0.9, 0.1, 0.05), 0.531441, 1e-9);  // 0.9^6
  EXPECT_NEAR(mcnemar_power(6, 0.9, 0, 0.05), 0.531441, 1e-9);
  EXPECT_EQ(smallest_drop(5, 0.1, 0.05), 1);
}

TEST(Power, AgreesWithDrawnPanels) {
  // 150 items, 14 % lost and 5 % gained: the share of 4,000 drawn panels that the test calls a loss, within four
  // standard errors of it.
  constexpr int kPanels = 4000;
  Rng rng(7);
  int found = 0;
  for (int panel = 0; panel < kPanels; ++panel) {
    uint64_t lost = 0, gained = 0;
    for (int item = 0; item < 150; ++item) {
      const double draw = rng.uniform();
      lost += draw < 0.14;
      gained += draw >= 0.14 && draw < 0.19;
    }
    found += lost > gained && mcnemar_exact(lost, gained) < 0.05;
  }
  EXPECT_NEAR(mcnemar_power(150, 0.14, 0.05, 0.05), found / double{kPanels}, 4 * 0.5 / 63.2);
}

TEST(Power, TheSmallestDropIsNearConnorsForManyItems) {
  // 979 items see 2 points at 5 % discordant by the formula, (1.959964 sqrt(psi) + 0.841621 sqrt(psi - d^2))^2 / d^2
  // with psi = 0.05 and d = 0.02; the exact test is a little weaker, never stronger.
  const double drop = smallest_drop(979, 0.05, 0.05);
  EXPECT_GT(drop, 0.0199);
  EXPECT_LT(drop, 0.0225);
  EXPECT_LT(smallest_drop(979, 0.05, 0.05), smallest_drop(979, 0.05, 0.0005));
  EXPECT_LT(smallest_drop(400, 0.05, 0.05), smallest_drop(100, 0.05, 0.05));
}

}  // namespace
}  // namespace rung
