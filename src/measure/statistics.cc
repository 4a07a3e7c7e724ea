#include "measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"

namespace rung {

Estimate mean_of(std::span<const double> samples) {
  if (samples.empty()) return {};
  const auto count = static_cast<double>(samples.size());
  double sum = 0;
  for (const double sample : samples) sum += sample;
  const double mean = sum / count;
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  return {mean, samples.size() > 1 ? std::sqrt(squares / count / (count - 1)) : 0};
}

double quantile_of_sorted(std::span<const double> sorted, double q) {
  if (sorted.empty()) return 0;
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double fraction = place - static_cast<double>(below);
  return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

Interval wilson_interval(uint64_t right, uint64_t items, double z) {
  if (items == 0) return {0, 1};
  const auto n = static_cast<double>(items);
  const double share = static_cast<double>(right) / n;
  const double centre = share + z * z / (2 * n);
  const double spread = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  return {std::max(0.0, (centre - spread) / scale), std::min(1.0, (centre + spread) / scale)};
}

double mcnemar_exact(uint64_t lost, uint64_t gained) {
  const uint64_t n = lost + gained, fewer = std::min(lost, gained);
  if (n == 0) return 1;
  double tail = 0;
  for (uint64_t k = 0; k <= fewer; ++k) {
    const double log_ways = std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
                            std::lgamma(static_cast<double>(n - k) + 1);
    tail += std::exp(log_ways - static_cast<double>(n) * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

std::vector<double> holm_correction(std::span<const double> p_values) {
  std::vector<size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> corrected(p_values.size());
  double highest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const double scaled = p_values[order[rank]] * static_cast<double>(order.size() - rank);
    highest = std::max(highest, std::min(1.0, scaled));
    corrected[order[rank]] = highest;
  }
  return corrected;
}

Interval bootstrap_ratio(std::span<const double> numerator, std::span<const double> denominator, uint64_t seed,
                         size_t draws) {
  Rng rng(seed);
  std::vector<double> ratios(draws);
  for (double& ratio : ratios) {
    double above = 0, below = 0;
    for (size_t item = 0; item < numerator.size(); ++item) {
      const size_t drawn = rng.below(numerator.size());
      above += numerator[drawn];
      below += denominator[drawn];
    }
    ratio = below > 0 ? above / below : 0;
  }
  std::sort(ratios.begin(), ratios.end());
  return {quantile_of_sorted(ratios, 0.025), quantile_of_sorted(ratios, 0.975)};
}

}  // namespace rung
