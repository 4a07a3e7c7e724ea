// Search for formats without a minimum: decoded = scale * level, the level from a small grid (level_grids.h); one
// half-precision scale a block. Everything works in a block's unit and is judged by the error after rounding the scale
// to what is stored.
#pragma once

#include "codec/encode_block_lanes.h"
#include "codec/exact_lanes.h"
#include "codec/level_grids.h"

namespace rung {

/// For the levels nearest to x * inverse[n] of kCount candidates n at once: they share loads, and none waits for its
/// own sums only. w: null where all weights are one. kInside: no target lies beyond the grid's ends.
template <class Grid, int kLanes, int kValues, int kCount, bool kInside = false>
RUNG_INLINE void sum_levels(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                            const typename Lanes<kLanes>::F* inverse, LevelLanes<kLanes>* sums) {
  for (int n = 0; n < kCount; ++n) sums[n] = {};
#pragma GCC unroll 1  // all values at once are more than the registers hold
  for (int k = 0; k < kValues; ++k) {
    for (int n = 0; n < kCount; ++n) {
      const auto target = x[k] * inverse[n];
      const auto level = kInside ? Grid::nearest_inside(target) : Grid::nearest(target);
      const auto weighted = w == nullptr ? level : w[k] * level;
      sums[n].xl += weighted * x[k];
      sums[n].ll += weighted * level;
    }
  }
}

/// The scales that a block's search starts from send its largest value to levels from `first` to `last` times the
/// grid's reach: below 1 wastes range for finer rounding of that value, above 1 clips it. In even steps of the scale.
struct StartShares {
  float first;
  float last;
  int count;
};

/// The levels that the starts send the largest value to, in the order in which they are judged: with both signs where
/// that makes a difference.
template <class Grid>
struct StartTargets {
  static constexpr int kMost = 80;
  float target[kMost];
  int count = 0;
  int inside = 0;  ///< the first so many send no value beyond the grid's ends

  RUNG_INLINE explicit StartTargets(const StartShares& starts) {
    const float widest = 1.0f / starts.first, narrowest = 1.0f / starts.last;
    const float step = starts.count > 1 ? (narrowest - widest) / static_cast<float>(starts.count - 1) : 0.0f;
    for (int start = 0; start < starts.count; ++start) {
      const float reach = Grid::kReach / (widest + step * static_cast<float>(start));
      if (reach <= Grid::kInside && inside == count) ++inside;
      target[count++] = reach;
      if (reach > Grid::kMirrored) target[count++] = -reach;
    }
  }
};

/// The best free (unrounded) scale: candidates are judged with their least-squares scales.
template <int kLanes>
struct FreeScale {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F scale{};
  F ll = L::splat(1.0f);  ///< of its levels
  F gain{};               ///< xl^2 of its levels: divided by ll, how much less error than scale 0

  template <class Grid, int kValues, int kCount, bool kInside>
  RUNG_INLINE void consider(const F* x, const F* w, F inverse, const float* targets) {
    F starts[kCount];
    LevelLanes<kLanes> sums[kCount];
    for (int n = 0; n < kCount; ++n) starts[n] = inverse * targets[n];
    sum_levels<Grid, kLanes, kValues, kCount, kInside>(x, w, starts, sums);
    for (int n = 0; n < kCount; ++n) {
      // xl^2 / ll compared without dividing; neither is negative.
      const F square = sums[n].xl * sums[n].xl;
      const auto better = L::less_by_bits(gain * sums[n].ll, square * ll);
      gain = L::select(better, square, gain);
      ll = L::select(better, sums[n].ll, ll);
      scale = L::select(better, sums[n].xl, scale);
    }
  }
};

template <class Grid, int kLanes, int kValues>
RUNG_INLINE FreeScale<kLanes> best_free_scale(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                              const StartTargets<Grid>& starts) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::max(largest, L::abs(x[k]));
  const F inverse = L::safe_inverse(largest);
  FreeScale<kLanes> best;
  int at = 0;
  for (; at + 2 <= starts.inside; at += 2)
    best.template consider<Grid, kValues, 2, true>(x, w, inverse, starts.target + at);
  for (; at + 2 <= starts.count; at += 2)
    best.template consider<Grid, kValues, 2, false>(x, w, inverse, starts.target + at);
  if (at < starts.count) best.template consider<Grid, kValues, 1, false>(x, w, inverse, starts.target + at);
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
    const F inverse = L::safe_inverse(scale);
    LevelLanes<kLanes> sums;
    sum_levels<Grid, kLanes, kValues, 1>(block.x, w, &inverse, &sums);
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
  const auto free = best_free_scale<Grid, kLanes, kValues>(block.x, w, StartTargets<Grid>(starts));
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
