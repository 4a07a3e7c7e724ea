#include "measure/statistics_boundary.h"

#include <gtest/gtest.h>

#include <vector>

namespace rung {
namespace {

TEST(Boundary, ASingleLookHasTheUsualLimit) {
  EXPECT_NEAR(spending_limits(std::vector<double>{1}, 0.05)[0], 1.959963984540054, 1e-9);
  EXPECT_NEAR(spending_limits(std::vector<double>{1}, 0.10)[0], 1.644853626951473, 1e-9);
}

TEST(Boundary, LimitsArePublished) {
  // Five equal looks, two-sided 0.05, Lan and DeMets' function like Pocock's: Reboussin, DeMets, Kim and Lan,
  // "Computations for group sequential boundaries using the Lan-DeMets spending function method", Controlled Clinical
  // Trials 21 (2000) 190.
  const std::vector<double> published = {2.4380, 2.4268, 2.4101, 2.3966, 2.3859};
  const std::vector<double> limits = spending_limits(std::vector<double>{0.2, 0.4, 0.6, 0.8, 1}, 0.05);
  ASSERT_EQ(limits.size(), published.size());
  for (size_t look = 0; look < published.size(); ++look) EXPECT_NEAR(limits[look], published[look], 2e-4) << look;
}

}  // namespace
}  // namespace rung
