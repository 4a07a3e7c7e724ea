// Search for formats without a minimum: decoded = scale * level, the level from a small grid (level_grids.h); one
// half-precision scale a block. Everything works in a block's unit and is judged by the error after rounding the scale
// to what is stored.
#pragma once

#include "codec/encode_block_lanes.h"
#include "codec/exact_lanes.h"
#include "codec/level_grids.h"

namespace rung {

/// For the levels nearest to x * inverse. w: null where all weights are one.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE LevelLanes<kLanes> sum_levels(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                          typename Lanes<kLanes>::F inverse) {
  LevelLanes<kLanes> sums;
  for (int k = 0; k < kValues; ++k) {
    const auto level = Grid::nearest(x[k] * inverse);
    const auto weighted = w == nullptr ? level : w[k] * level;
    sums.xl += weighted * x[k];
    sums.ll += weighted * level;
  }
  return sums;
}

/// The scales that a block's search starts from send its largest value to levels from `first` to `last` times the
/// grid's reach: below 1 wastes range for finer rounding of that value, above 1 clips it. In even steps of the scale.
struct StartShares {
  float first;
  float last;
  int count;
};

/// The best free (unrounded) scale: candidates of either sign are judged with their least-squares scales.
template <int kLanes>
struct FreeScale {
  using F = typename Lanes<kLanes>::F;
  F scale{};
  F ll{};    ///< of its levels
  F gain{};  ///< xl^2 of its levels: divided by ll, how much less error than scale 0
};

template <class Grid, int kLanes, int kValues>
RUNG_INLINE FreeScale<kLanes> best_free_scale(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                              const StartShares& starts) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::max(largest, L::abs(x[k]));
  const F inverse = L::safe_inverse(largest);
  FreeScale<kLanes> best;
  best.ll = L::splat(1.0f);
  const auto consider = [&](F start) {
    const auto sums = sum_levels<Grid, kLanes, kValues>(x, w, start);
    // xl^2 / ll compared without dividing.
    const F square = sums.xl * sums.xl;
    const auto better = square * best.ll > best.gain * sums.ll;
    best.gain = L::select(better, square, best.gain);
    best.ll = L::select(better, sums.ll, best.ll);
    best.scale = L::select(better, sums.xl, best.scale);
  };
  const float widest = 1.0f / starts.first, narrowest = 1.0f / starts.last;
  const float step = starts.count > 1 ? (narrowest - widest) / static_cast<float>(starts.count - 1) : 0.0f;
  for (int start = 0; start < starts.count; ++start) {
    const float reach = Grid::kReach / (widest + step * static_cast<float>(start));
    consider(inverse * reach);
    if (reach > Grid::kMirrored) consider(inverse * -reach);
  }
  best.scale /= best.ll;
  return best;
}

/// One half-precision scale, from `wanted`: least squares and rounding to a half alternate while the error falls.
/// Returns its bits.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I refine_half_scale(const BlockLanes<kLanes, kValues>& block,
                                                        const typename Lanes<kLanes>::F* w,
                                                        typename Lanes<kLanes>::F wanted, int rounds) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  typename L::I best{};
  F best_error{};  // of scale 0
  auto going = best == best;
  for (int round = 0; round < rounds; ++round) {
    const auto half = block.to_half(wanted);
    const F scale = block.from_half(half);
    const auto sums = sum_levels<Grid, kLanes, kValues>(block.x, w, L::safe_inverse(scale));
    const F error = sums.error(scale);
    going &= error < best_error;
    if (!L::any(going)) break;
    best = L::select(going, half, best);
    best_error = L::select(going, error, best_error);
    const auto usable = sums.ll > L::splat(0.0f);
    wanted = L::select(usable, sums.xl / L::select(usable, sums.ll, L::splat(1.0f)), wanted);
  }
  return best;
}

/// The best of the starts refined, or what is exact. w: null where all weights are one.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I fit_half_scale(const BlockLanes<kLanes, kValues>& block,
                                                     const typename Lanes<kLanes>::F* w, const StartShares& starts,
                                                     int rounds) {
  const auto free = best_free_scale<Grid, kLanes, kValues>(block.x, w, starts);
  auto half = refine_half_scale<Grid, kLanes, kValues>(block, w, free.scale, rounds);
  prefer_exact_half<Grid, kLanes, kValues>(block, half);
  return half;
}

template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I fit_half_scale(const BlockLanes<kLanes, kValues>& block,
                                                     const StartShares& starts, int rounds) {
  return fit_half_scale<Grid, kLanes, kValues>(block, block.w, starts, rounds);
}

}  // namespace rung
