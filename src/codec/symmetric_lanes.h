// Search for formats without a minimum: decoded = scale * level, the level from a small grid; one half-precision scale
// a block. Everything works in a block's unit and is judged by the error after rounding the scale to what is stored.
#pragma once

#include "codec/encode_block_lanes.h"

namespace rung {

/// Consecutive integers; a code is the distance from the lowest.
template <int kLanes, int kLow, int kHigh>
struct IntegerGrid {
  using L = Lanes<kLanes>;
  static constexpr float kReach = kHigh > -kLow ? kHigh : -kLow;
  static RUNG_INLINE typename L::F nearest(typename L::F target) {
    return L::round(L::clamp(target, L::splat(kLow), L::splat(kHigh)));
  }
  static RUNG_INLINE typename L::I code(typename L::F level) { return L::to_int(level) - kLow; }
};

/// Sums over a block for one choice of levels; ll and xl give the least-squares scale xl / ll.
template <int kLanes>
struct LevelLanes {
  using F = typename Lanes<kLanes>::F;
  F xl{};  ///< sum w x level
  F ll{};  ///< sum w level^2
  /// sum w (x - scale * level)^2, less the constant sum w x^2
  RUNG_INLINE F error(F scale) const { return scale * (scale * ll - 2.0f * xl); }
};

template <class Grid, int kLanes, int kValues>
RUNG_INLINE LevelLanes<kLanes> sum_levels(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                          typename Lanes<kLanes>::F scale) {
  const auto inverse = Lanes<kLanes>::safe_inverse(scale);
  LevelLanes<kLanes> sums;
  for (int k = 0; k < kValues; ++k) {
    const auto level = Grid::nearest(x[k] * inverse);
    const auto weighted = w[k] * level;
    sums.xl += weighted * x[k];
    sums.ll += weighted * level;
  }
  return sums;
}

/// The scales that a block's search starts from send its largest value to levels from `first` to `last` times the
/// grid's reach: below 1 wastes range for finer rounding of that value, above 1 clips it.
struct StartShares {
  float first;
  float last;
  int count;
};

/// The best free (unrounded) scale, of either sign: candidates judged with their least-squares scales.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::F best_free_scale(const typename Lanes<kLanes>::F* x,
                                                      const typename Lanes<kLanes>::F* w, const StartShares& starts) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::max(largest, L::abs(x[k]));
  F best{}, best_gain{};
  for (int start = 0; start < starts.count; ++start) {
    const float share =
        starts.first + (starts.last - starts.first) * static_cast<float>(start) / static_cast<float>(starts.count - 1);
    for (const float sign : {-1.0f, 1.0f}) {
      const auto sums = sum_levels<Grid, kLanes, kValues>(x, w, largest * (sign / (share * Grid::kReach)));
      const auto better = sums.xl * sums.xl > best_gain * sums.ll;
      const F refit = sums.xl / L::select(better, sums.ll, L::splat(1.0f));
      best = L::select(better, refit, best);
      best_gain = L::select(better, refit * sums.xl, best_gain);
    }
  }
  return best;
}

/// One half-precision scale: least squares and rounding to a half alternate while the error falls. Returns its bits.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I fit_half_scale(const BlockLanes<kLanes, kValues>& block,
                                                     const StartShares& starts, int rounds) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F wanted = best_free_scale<Grid, kLanes, kValues>(block.x, block.w, starts);
  typename L::I best{};
  F best_error{};  // of scale 0
  for (int round = 0; round < rounds; ++round) {
    const auto half = block.to_half(wanted);
    const F scale = block.from_half(half);
    const auto sums = sum_levels<Grid, kLanes, kValues>(block.x, block.w, scale);
    const F error = sums.error(scale);
    const auto better = error < best_error;
    if (!L::any(better)) break;
    best = L::select(better, half, best);
    best_error = L::select(better, error, best_error);
    const auto usable = sums.ll > L::splat(0.0f);
    wanted = L::select(usable, sums.xl / L::select(usable, sums.ll, L::splat(1.0f)), wanted);
  }
  return best;
}

}  // namespace rung
