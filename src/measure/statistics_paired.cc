#include "measure/statistics_paired.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rung {
namespace {

constexpr int kHalvings = 44;  // of a bracket: to 1e-13 of its width

constexpr size_t kCells = 4;
using Cells = std::array<double, kCells>;

Cells cells_of(const PairedCounts& counts) {
  return {static_cast<double>(counts.both), static_cast<double>(counts.lost), static_cast<double>(counts.gained),
          static_cast<double>(counts.neither)};
}

/// The probabilities of the cells that are likeliest for the counts among those with sum p * excess = 0. With a
/// Lagrange multiplier m they are n / (N (1 + m * excess)); a cell without counts gets the rest where m is held back by
/// 1 + m * excess >= 0 there (Owen, Empirical Likelihood, 2001, section 2.9 for the dual).
Cells likeliest_under(const Cells& counts, double items, const Cells& excess) {
  const auto [low, high] = std::minmax_element(excess.begin(), excess.end());
  Cells likeliest{};
  if (*low >= 0 || *high <= 0) {  // only cells of excess 0 are possible
    for (size_t cell = 0; cell < kCells; ++cell) likeliest[cell] = excess[cell] == 0 ? counts[cell] / items : 0;
    return likeliest;
  }
  double left = -1 / *high, right = -1 / *low;  // the balance falls between them
  double m = 0;
  for (int step = 0; step < kHalvings; ++step) {
    double sum = 0, slope = 0;
    for (size_t cell = 0; cell < kCells; ++cell) {
      if (counts[cell] == 0) continue;
      const double pull = excess[cell] / (1 + m * excess[cell]);
      sum += counts[cell] * pull;
      slope += counts[cell] * pull * pull;
    }
    (sum > 0 ? left : right) = m;
    const double newton = m + sum / slope;
    const double next = newton > left && newton < right ? newton : (left + right) / 2;
    if (std::abs(next - m) < 1e-14 * (right - left + std::abs(m))) break;
    m = next;
  }
  double given = 0;
  for (size_t cell = 0; cell < kCells; ++cell) {
    if (counts[cell] == 0) continue;
    likeliest[cell] = counts[cell] / (items * (1 + m * excess[cell]));
    given += likeliest[cell];
  }
  const auto outer = static_cast<size_t>((m < 0 ? high : low) - excess.begin());
  if (counts[outer] == 0) likeliest[outer] = std::max(0.0, 1 - given);
  return likeliest;
}

/// The score statistic of the hypothesis "the mean of `weights` over the cells is `mean`".
double score_statistic(const PairedCounts& counts, const Cells& weights, double mean) {
  const Cells observed = cells_of(counts);
  const auto items = static_cast<double>(counts.items());
  Cells excess{};
  for (size_t cell = 0; cell < kCells; ++cell) excess[cell] = weights[cell] - mean;
  const Cells likeliest = likeliest_under(observed, items, excess);
  double sum = 0, variance = 0;
  for (size_t cell = 0; cell < kCells; ++cell) {
    sum += observed[cell] * excess[cell] / items;
    variance += likeliest[cell] * excess[cell] * excess[cell] / items;
  }
  if (std::abs(sum) < 1e-14) return 0;
  if (variance <= 0) return std::copysign(std::numeric_limits<double>::infinity(), sum);
  return sum / std::sqrt(variance);
}

/// Where a falling statistic crosses `level` between two values: regula falsi, an end that stays halved (Dowell and
/// Jarratt, BIT 11 (1971) 168), and halving where an end has no finite value.
template <typename Statistic>
double crossing(double low, double high, double level, Statistic statistic) {
  double above = statistic(low) - level, below = statistic(high) - level;
  int last = 0;
  for (int step = 0; step < 2 * kHalvings && high - low > 1e-13; ++step) {
    const bool finite = std::isfinite(above) && std::isfinite(below) && above > 0 && below < 0;
    const double middle = finite ? low + (high - low) * above / (above - below) : (low + high) / 2;
    const double value = statistic(middle) - level;
    const int side = value > 0 ? 1 : -1;
    if (side > 0) {
      low = middle;
      above = value;
      if (last == side) below /= 2;
    } else {
      high = middle;
      below = value;
      if (last == side) above /= 2;
    }
    if (std::abs(value) < 1e-12) return middle;
    last = side;
  }
  return (low + high) / 2;
}

}  // namespace

double PairedCounts::discordant() const {
  return items() == 0 ? 0 : static_cast<double>(lost + gained) / static_cast<double>(items());
}

PairedCounts count_pairs(std::string_view rung, std::string_view reference, size_t items) {
  PairedCounts counts;
  for (size_t item = 0; item < items; ++item) {
    const bool now = rung[item] == '1', before = reference[item] == '1';
    ++(now ? before ? counts.both : counts.gained : before ? counts.lost : counts.neither);
  }
  return counts;
}

double two_sided_z(double alpha) {
  double low = 0, high = 40;  // erfc is too steep for crossing(): halving is as good and always ends
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (std::erfc(middle / std::sqrt(2.0)) > alpha ? low : high) = middle;
  }
  return (low + high) / 2;
}

Interval difference_interval(const PairedCounts& counts, double z) {
  if (counts.items() == 0) return {-1, 1};
  const auto statistic = [&](double difference) { return score_statistic(counts, {0, -1, 1, 0}, difference); };
  const double estimate =
      (static_cast<double>(counts.gained) - static_cast<double>(counts.lost)) / static_cast<double>(counts.items());
  return {crossing(-1, estimate, z, statistic), crossing(estimate, 1, -z, statistic)};
}

Interval kept_interval(const PairedCounts& counts, double chance, double z) {
  const auto items = static_cast<double>(counts.items());
  const double above = static_cast<double>(counts.reference_right()) - chance * items;
  if (counts.items() == 0 || above <= 0) return {0, kMostKept};
  // kept = k is the hypothesis that score(rung) - k score(reference) = chance (1 - k).
  const auto statistic = [&](double kept) {
    return score_statistic(counts, {1 - kept, -kept, 1, 0}, chance * (1 - kept));
  };
  const double estimate = std::max(0.0, (static_cast<double>(counts.right()) - chance * items) / above);
  const double low = statistic(0) <= z ? 0 : crossing(0, estimate, z, statistic);
  const double high = statistic(kMostKept) >= -z ? kMostKept : crossing(estimate, kMostKept, -z, statistic);
  return {low, high};
}

}  // namespace rung
