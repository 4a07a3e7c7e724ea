#include "measure/confidence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "measure/resampling.h"

namespace rung {
namespace {

constexpr uint64_t kSeed = 20260301;

/// Sums of the bins, before they are divided.
struct Bins {
  std::array<double, kCalibrationBins> confidence{}, right{};
  std::array<size_t, kCalibrationBins> items{};

  void add(const ItemScore& item) {
    const auto bin =
        std::min(kCalibrationBins - 1, static_cast<size_t>(item.confidence * static_cast<double>(kCalibrationBins)));
    confidence[bin] += item.confidence;
    right[bin] += item.right ? 1 : 0;
    ++items[bin];
  }
};

std::vector<size_t> all_indices(size_t items) {
  std::vector<size_t> indices(items);
  std::iota(indices.begin(), indices.end(), size_t{0});
  return indices;
}

double error_of(std::span<const ItemScore> items, std::span<const size_t> drawn) {
  Bins bins;
  for (const size_t index : drawn) bins.add(items[index]);
  double gaps = 0;
  for (size_t bin = 0; bin < kCalibrationBins; ++bin) gaps += std::abs(bins.confidence[bin] - bins.right[bin]);
  return gaps / static_cast<double>(drawn.size());
}

double gap_of(std::span<const ItemScore> items, std::span<const size_t> drawn) {
  double gap = 0;
  for (const size_t index : drawn) gap += items[index].confidence - (items[index].right ? 1 : 0);
  return gap / static_cast<double>(drawn.size());
}

using Statistic = double (*)(std::span<const ItemScore>, std::span<const size_t>);

Ranged ranged(std::span<const ItemScore> items, Statistic statistic) {
  if (items.empty()) return {};
  return {
      statistic(items, all_indices(items.size())),
      bootstrap_interval(items.size(), kSeed, [&](std::span<const size_t> drawn) { return statistic(items, drawn); })};
}

using Part = double ItemScore::*;

/// Not a number where none of them is right (or wrong).
double mean_where(std::span<const ItemScore> items, std::span<const size_t> drawn, bool right, Part part) {
  double sum = 0;
  size_t count = 0;
  for (const size_t index : drawn)
    if (items[index].right == right) sum += items[index].*part, ++count;
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

Ranged change(std::span<const ItemScore> rung, std::span<const ItemScore> reference, bool right, Part part) {
  const auto difference = [&](std::span<const size_t> drawn) {
    return mean_where(rung, drawn, right, part) - mean_where(reference, drawn, right, part);
  };
  return {difference(all_indices(rung.size())), bootstrap_interval(rung.size(), kSeed, difference)};
}

}  // namespace

std::vector<CalibrationBin> calibration_bins(std::span<const ItemScore> items) {
  Bins sums;
  for (const ItemScore& item : items) sums.add(item);
  std::vector<CalibrationBin> bins;
  for (size_t bin = 0; bin < kCalibrationBins; ++bin) {
    const auto edge = [](size_t at) { return static_cast<double>(at) / static_cast<double>(kCalibrationBins); };
    const auto count = static_cast<double>(std::max<size_t>(1, sums.items[bin]));
    bins.push_back({edge(bin), edge(bin + 1), sums.items[bin], sums.confidence[bin] / count, sums.right[bin] / count});
  }
  return bins;
}

Ranged calibration_error(std::span<const ItemScore> items) { return ranged(items, error_of); }

Ranged overconfidence(std::span<const ItemScore> items) { return ranged(items, gap_of); }

Sureness sureness(std::span<const ItemScore> items, bool right) {
  const std::vector<size_t> all = all_indices(items.size());
  const auto count = static_cast<size_t>(
      std::count_if(items.begin(), items.end(), [&](const ItemScore& item) { return item.right == right; }));
  if (count == 0) return {};
  return {count, mean_where(items, all, right, &ItemScore::confidence),
          mean_where(items, all, right, &ItemScore::entropy),
          mean_where(items, all, right, &ItemScore::max_probability)};
}

std::optional<SurenessChange> sureness_change(std::span<const ItemScore> rung, std::span<const ItemScore> reference,
                                              bool right) {
  const size_t items = std::min(rung.size(), reference.size());
  rung = rung.first(items);
  reference = reference.first(items);
  if (sureness(rung, right).items == 0 || sureness(reference, right).items == 0) return std::nullopt;
  return SurenessChange{change(rung, reference, right, &ItemScore::confidence),
                        change(rung, reference, right, &ItemScore::entropy),
                        change(rung, reference, right, &ItemScore::max_probability)};
}

}  // namespace rung
