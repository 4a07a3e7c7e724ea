// How sure a model is of its answers, and whether it may be: calibration error, and what a rung's confidence has become
// on right and on wrong answers. Pure and deterministic; intervals are 95 % percentile intervals of the paired
// bootstrap over items (Efron 1979), so that a rung and its reference are always drawn together.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "measure/item_score.h"
#include "measure/statistics.h"

namespace rung {

/// Answers whose confidence lies in [low, high), the last bin [low, 1].
struct CalibrationBin {
  double low = 0, high = 1;
  size_t items = 0;
  double confidence = 0;  ///< mean
  double right = 0;       ///< share
};
constexpr size_t kCalibrationBins = 10;

/// Bins of equal width.
std::vector<CalibrationBin> calibration_bins(std::span<const ItemScore> items);

/// A value with its interval.
struct Ranged {
  double value = 0;
  Interval interval;
};

/// Expected calibration error (Naeini et al., AAAI 2015; Guo et al., arXiv 1706.04599): the gap between confidence and
/// share right, taken without its sign in each of the ten bins and averaged by their items. With few items it is above
/// 0 even for a perfect model.
Ranged calibration_error(std::span<const ItemScore> items);

/// Mean confidence less share right: above 0 is overconfident. Needs no bins and has no such bias.
Ranged overconfidence(std::span<const ItemScore> items);

/// Means over the right or over the wrong answers.
struct Sureness {
  size_t items = 0;
  double confidence = 0, entropy = 0, max_probability = 0;
};
Sureness sureness(std::span<const ItemScore> items, bool right);

/// The rung's means over its own right (or wrong) answers less the reference's over its own; empty where either has
/// none. Both draw the same items, which are right or wrong as each model had them.
struct SurenessChange {
  Ranged confidence, entropy, max_probability;
};
std::optional<SurenessChange> sureness_change(std::span<const ItemScore> rung, std::span<const ItemScore> reference,
                                              bool right);

}  // namespace rung
