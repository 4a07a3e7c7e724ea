#include "measure/statistics_paired.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace rung {
namespace {

constexpr double kZ95 = 1.959963984540054, kZ90 = 1.6448536269514722;

/// Difference rung - reference; the papers' tables are (both, first only, second only, neither), theirs first - second.
Interval paper_difference(uint64_t both, uint64_t first, uint64_t second, uint64_t neither, double z) {
  return difference_interval({both, second, first, neither}, z);
}
Interval paper_ratio(uint64_t both, uint64_t first, uint64_t second, uint64_t neither, double z) {
  return kept_interval({both, second, first, neither}, 0, z);
}
void expect_interval(const Interval& found, double low, double high, double tolerance) {
  EXPECT_NEAR(found.low, low, tolerance);
  EXPECT_NEAR(found.high, high, tolerance);
}

TEST(PairedIntervals, QuantilesOfTheNormal) {
  EXPECT_NEAR(two_sided_z(0.05), kZ95, 1e-12);
  EXPECT_NEAR(two_sided_z(0.10), kZ90, 1e-12);
  EXPECT_NEAR(two_sided_z(0.001), 3.290526731491926, 1e-12);  // Abramowitz and Stegun, table 26.5
}

TEST(PairedIntervals, TangosExamples) {
  // Tango 1998, section 5: 32 pairs 4/9/3/16 at 95 %, and 44 pairs of contact lenses 43/0/1/0 at 90 %.
  expect_interval(paper_difference(4, 9, 3, 16, kZ95), -0.027, 0.390, 5e-4);
  expect_interval(paper_difference(43, 0, 1, 0, kZ90), -0.096, 0.037, 5e-4);
}

TEST(PairedIntervals, ExamplesOfLaterPapers) {
  // Agresti and Min, Statistics in Medicine 24 (2005) 729: 53/16/8/9.
  expect_interval(paper_difference(53, 16, 8, 9, kZ95), -0.020, 0.207, 5e-4);
  // Fagerland, Lydersen, Laake, Statistics in Medicine 33 (2014) 2850, airway reactivity 1/1/7/12; and Statistical
  // Analysis of Contingency Tables (2017), chapter 8, complete response 59/6/16/80.
  expect_interval(paper_difference(1, 1, 7, 12, kZ95), -0.517, -0.026, 5e-4);
  expect_interval(paper_difference(59, 6, 16, 80, kZ95), -0.1240, -0.0054, 5e-5);
  expect_interval(paper_ratio(1, 1, 7, 12, kZ95), 0.065, 0.907, 5e-4);
  expect_interval(paper_ratio(59, 6, 16, 80, kZ95), 0.7476, 0.9876, 5e-5);
  // Tang, Tang and Chan 2003, 446/5/16/690 and 43/0/1/0 at 90 %.
  expect_interval(paper_ratio(446, 5, 16, 690, kZ90), 0.958, 0.992, 1e-3);
  expect_interval(paper_ratio(43, 0, 1, 0, kZ90), 0.904, 1.039, 1e-3);
}

TEST(PairedIntervals, AtTheEnds) {
  // Nothing changed in n items: Tango's limits are +-z^2 / (n + z^2) (his equation with b = c = 0).
  const double limit = kZ95 * kZ95 / (50 + kZ95 * kZ95);
  expect_interval(difference_interval({50, 0, 0, 0}, kZ95), -limit, limit, 1e-9);
  expect_interval(difference_interval({20, 0, 0, 30}, kZ95), -limit, limit, 1e-9);
  // All right before and all wrong now: Wilson's interval for 50 of 50.
  EXPECT_NEAR(difference_interval({0, 50, 0, 0}, kZ95).low, -1, 1e-9);
  EXPECT_EQ(kept_interval({0, 50, 0, 0}, 0, kZ95).low, 0);
  // With every reference answer right the share kept is a single proportion: Wilson's interval for 81 of 263.
  expect_interval(kept_interval({81, 182, 0, 0}, 0, kZ95), 0.2553, 0.3662, 5e-5);
  expect_interval(difference_interval({}, kZ95), -1, 1, 0);
  EXPECT_EQ(kept_interval({0, 0, 3, 4}, 0, kZ95).high, kMostKept);
}

TEST(PairedIntervals, ChanceStretchesTheLoss) {
  // 100 items, 90 right before, 70 of them now; by guessing half: (0.7 - 0.5) / (0.9 - 0.5) = 0.5 is kept.
  const PairedCounts counts{70, 20, 0, 10};
  const Interval plain = kept_interval(counts, 0, kZ95), corrected = kept_interval(counts, 0.5, kZ95);
  EXPECT_LT(corrected.low, 0.5);
  EXPECT_GT(corrected.high, 0.5);
  EXPECT_LT(corrected.high, plain.low);
  // All reference answers right and no chance left over: (share - chance) / (1 - chance) of Wilson's limits.
  const Interval wilson = wilson_interval(81, 263);
  expect_interval(kept_interval({81, 182, 0, 0}, 0.25, kZ95), (wilson.low - 0.25) / 0.75, (wilson.high - 0.25) / 0.75,
                  1e-9);
}

TEST(PairedIntervals, TheLikeliestCellsAgreeWithTangosClosedForm) {
  // Tango's equation (12): q of the lost cell solves 2n q^2 + B q - C = 0; the limit's statistic is then z.
  const PairedCounts counts{60, 13, 4, 23};
  const double n = 100, b = 4, c = 13;  // b: gained, c: lost
  const Interval interval = difference_interval(counts, kZ95);
  for (const double difference : {interval.low, interval.high}) {
    const double big_b = -b - c + (2 * n - b + c) * difference, big_c = -c * difference * (1 - difference);
    const double q = (std::sqrt(big_b * big_b - 8 * n * big_c) - big_b) / (4 * n);
    const double statistic = (b - c - n * difference) / std::sqrt(n * (2 * q + difference * (1 - difference)));
    EXPECT_NEAR(std::abs(statistic), kZ95, 1e-9);
  }
}

TEST(PairedIntervals, TheLikeliestCellsAgreeWithTangsClosedForm) {
  // Tang, Tang and Chan 2003: q of the lost cell solves n (1 + d) q^2 + B q + C = 0.
  for (const PairedCounts& counts :
       {PairedCounts{60, 13, 4, 23}, PairedCounts{0, 50, 0, 0}, PairedCounts{49, 1, 0, 0}}) {
    const auto a = static_cast<double>(counts.both), b = static_cast<double>(counts.gained),
               c = static_cast<double>(counts.lost), n = static_cast<double>(counts.items());
    const Interval interval = kept_interval(counts, 0, kZ95);
    for (const double d : {interval.low, interval.high}) {
      if (d == 0) continue;
      const double big_a = n * (1 + d), big_b = (a + c) * d * d - (a + b + 2 * c),
                   big_c = c * (1 - d) * (a + b + c) / n;
      const double q = (std::sqrt(big_b * big_b - 4 * big_a * big_c) - big_b) / (2 * big_a);
      const double statistic = (a + b - (a + c) * d) / std::sqrt(n * ((1 + d) * q + (a + b + c) * (d - 1) / n));
      EXPECT_NEAR(std::abs(statistic), kZ95, 1e-6);
    }
  }
}

TEST(PairedIntervals, CountsPairs) {
  const PairedCounts counts = count_pairs("11010", "10011", 4);
  EXPECT_EQ(counts.both, 2u);
  EXPECT_EQ(counts.gained, 1u);
  EXPECT_EQ(counts.neither, 1u);
  EXPECT_EQ(counts.lost, 0u);
  EXPECT_EQ(count_pairs("11010", "10011", 5).lost, 1u);
  EXPECT_DOUBLE_EQ(counts.discordant(), 0.25);
}

}  // namespace
}  // namespace rung
