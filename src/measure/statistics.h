// The statistics of the reports: plain functions, deterministic (seeded where they resample).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rung {

struct Estimate {
  double value = 0;
  double error = 0;  ///< standard error
};
struct Interval {
  double low = 0, high = 0;
};

/// Mean with the standard error of independent samples: sqrt(variance / (n - 1)), variance with divisor n, as
/// llama-perplexity computes it.
Estimate mean_of(std::span<const double> samples);

/// The q quantile, 0 <= q <= 1, by linear interpolation between order statistics. Sorts nothing: samples must be
/// sorted.
double quantile_of_sorted(std::span<const double> sorted, double q);

/// Wilson's score interval for a share of `right` in `items` (Wilson 1927); z = 1.96 for 95 %.
Interval wilson_interval(uint64_t right, uint64_t items, double z = 1.959963984540054);

/// Two-sided exact McNemar test: the chance of a split at least as uneven as lost : gained under equal odds.
double mcnemar_exact(uint64_t lost, uint64_t gained);

/// Holm's step-down correction (Holm 1979) of a family of p-values, in the order given.
std::vector<double> holm_correction(std::span<const double> p_values);

/// The 95 % percentile interval of sum(numerator) / sum(denominator) when items are drawn again with replacement, both
/// values of an item together: the paired bootstrap (Efron 1979). A draw with denominator 0 counts as 0.
Interval bootstrap_ratio(std::span<const double> numerator, std::span<const double> denominator, uint64_t seed,
                         size_t draws = 2000);

}  // namespace rung
