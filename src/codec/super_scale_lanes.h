// Search for super-blocks without minima: block b of kBlocks decodes with scale d * scale[b], the scales integers from
// kLow to kHigh, d one half; levels as in symmetric_lanes.h. One lane is one super-block. The true error (levels
// chosen again, everything as stored) decides between scales and between values of d.
#pragma once

#include "codec/symmetric_lanes.h"

namespace rung {

/// How long to search.
struct SuperEffort {
  StartShares starts;       ///< of every block's free scale
  int candidates;           ///< values of d that are refined, 1 to 4
  int rounds;               ///< refinements of each
  int first_window;         ///< neighbouring integer scales tried in the first of them; in the others one on each side
  float given_back = 0.0f;  ///< see Objective
};

template <class Grid, int kLanes, int kBlocks, int kLow, int kHigh>
class SuperScale {
 public:
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  static constexpr int kCount = kBlocks;
  static constexpr int kBlockValues = 256 / kBlocks;
  using Block = BlockLanes<kLanes, 256>;

  struct Result {
    I half;  ///< bits of d
    F d;
    F scale[kBlocks];  ///< whole numbers
    F error;           ///< less the constant sum w x^2
  };

  RUNG_INLINE SuperScale(const Block& block, const SuperEffort& effort) : block_(block), effort_(effort) {}

  RUNG_INLINE Result search() {
    const StartTargets<Grid> targets(effort_.starts);
    for (int b = 0; b < kBlocks; ++b)
      free_[b] = best_free_scale<Grid, kLanes, kBlockValues>(values(b), weights(b), targets);
    Start starts[kMostCandidates];
    choose_starts(starts);
    Result best = polish(starts[0].d);
    for (int start = 1; start < effort_.candidates; ++start) {
      const Result result = polish(starts[start].d);
      take(result.error < best.error, result, best);
    }
    if (effort_.given_back > 0.0f) {
      best.half = store(best.d * inflation<kLanes>(block_, best.error, effort_.given_back));
      best.d = block_.from_half(best.half);
    }
    prefer_exact(best);
    return best;
  }

 private:
  static constexpr int kMostCandidates = 4;
  static constexpr float kNever = 1e30f;

  struct Start {
    F d{};
    F cost = L::splat(kNever);
    RUNG_INLINE void take(I where, const Start& from) {
      d = L::select(where, from.d, d);
      cost = L::select(where, from.cost, cost);
    }
  };

  RUNG_INLINE const F* values(int b) const { return block_.x + b * kBlockValues; }
  RUNG_INLINE const F* weights(int b) const { return block_.w + b * kBlockValues; }
  static RUNG_INLINE F in_range(F scale) { return L::clamp(scale, L::splat(kLow), L::splat(kHigh)); }
  static RUNG_INLINE F nearest_scale(F ratio) { return L::round_between(ratio, kLow, kHigh); }

  static RUNG_INLINE void take(I where, const Result& from, Result& to) {
    to.half = L::select(where, from.half, to.half);
    to.d = L::select(where, from.d, to.d);
    to.error = L::select(where, from.error, to.error);
    for (int b = 0; b < kBlocks; ++b) to.scale[b] = L::select(where, from.scale[b], to.scale[b]);
  }

  /// Bits as stored; what is too small for a half becomes the smallest one, since the integer scales can make up for
  /// it.
  RUNG_INLINE I store(F d) const {
    const I half = block_.to_half(d);
    const I lost = ((half & 0x7fff) == L::splat_int(0)) & (d != L::splat(0.0f));
    return L::select(lost, half | 1, half);
  }

  /// Error added by rounding the free scales to multiples of d, with each block's levels kept: cheap, and close. For
  /// two values of d at once, as neither then waits for its own sum only.
  RUNG_INLINE void add_rounding_costs(Start* two) const {
    const F inverse[] = {L::safe_inverse(two[0].d), L::safe_inverse(two[1].d)};
    two[0].cost = two[1].cost = F{};
    for (int b = 0; b < kBlocks; ++b) {
      for (int n = 0; n < 2; ++n) {
        const F miss = free_[b].scale - two[n].d * nearest_scale(free_[b].scale * inverse[n]);
        two[n].cost += free_[b].ll * miss * miss;
      }
    }
  }

  /// The values of d with the least rounding cost among those that bring the largest scale near either end.
  RUNG_INLINE void choose_starts(Start* starts) const {
    F largest{};
    for (int b = 0; b < kBlocks; ++b)
      largest = L::select(L::abs(free_[b].scale) > L::abs(largest), free_[b].scale, largest);
    constexpr int kSteps = 13;
    for (int step = 0; step < kSteps; ++step) {
      const float share = 1.02f - 0.02f * static_cast<float>(step);
      Start ends[2];
      ends[0].d = block_.from_half(store(largest * (1.0f / (share * kLow))));
      ends[1].d = block_.from_half(store(largest * (1.0f / (share * kHigh))));
      add_rounding_costs(ends);
      for (const Start& end : ends) insert_ranked(end, starts, effort_.candidates);
    }
  }

  /// Alternates the best integer scales near the present ones (levels re-rounded, true error) and the least-squares d.
  RUNG_INLINE Result polish(F start) const {
    Result best;
    best.error = L::splat(kNever);
    Result now;
    now.half = store(start);
    now.d = block_.from_half(now.half);
    const F inverse = L::safe_inverse(now.d);
    for (int b = 0; b < kBlocks; ++b) now.scale[b] = nearest_scale(free_[b].scale * inverse);
    I going = now.half == now.half;
    for (int round = 0; round < effort_.rounds; ++round) {
      F above{}, below{};
      now.error = F{};
      for (int b = 0; b < kBlocks; ++b) {
        const auto sums = best_neighbour(b, now.d, round == 0 ? effort_.first_window : 1, now.scale[b]);
        now.error += sums.error(now.d * now.scale[b]);
        above += now.scale[b] * sums.xl;
        below += now.scale[b] * now.scale[b] * sums.ll;
      }
      going &= now.error < best.error;
      take(going, now, best);
      const I usable = below > L::splat(0.0f);
      const I refit = store(above / L::select(usable, below, L::splat(1.0f)));
      going &= usable & (refit != now.half);
      if (!L::any(going)) break;
      now.half = L::select(going, refit, now.half);
      now.d = block_.from_half(now.half);
    }
    return best;
  }

  /// Sets scale to the best of those within `window` of it.
  RUNG_INLINE LevelLanes<kLanes> best_neighbour(int b, F d, int window, F& scale) const {
    const F centre = scale;
    Neighbour best;
    if (window == 1) {
      consider<3>(b, d, centre - 1.0f, best);
    } else {
      consider<2>(b, d, centre - 2.0f, best);
      consider<3>(b, d, centre, best);
    }
    scale = best.scale;
    return best.sums;
  }

  struct Neighbour {
    F scale;
    LevelLanes<kLanes> sums;
    F error = L::splat(kNever);
  };

  /// kCount scales from `first` on.
  template <int kCount>
  RUNG_INLINE void consider(int b, F d, F first, Neighbour& best) const {
    F near[kCount], inverse[kCount];
    LevelLanes<kLanes> sums[kCount];
    for (int n = 0; n < kCount; ++n) {
      near[n] = in_range(first + static_cast<float>(n));
      inverse[n] = L::safe_inverse(d * near[n]);
    }
    sum_levels<Grid, kLanes, kBlockValues, kCount>(values(b), weights(b), inverse, sums);
    for (int n = 0; n < kCount; ++n) {
      const F error = sums[n].error(d * near[n]);
      const I better = error < best.error;
      best.error = L::select(better, error, best.error);
      best.scale = L::select(better, near[n], best.scale);
      best.sums.xl = L::select(better, sums[n].xl, best.sums.xl);
      best.sums.ll = L::select(better, sums[n].ll, best.sums.ll);
    }
  }

  /// Replaces the result of the lanes whose values are exactly d * scale * level.
  RUNG_INLINE void prefer_exact(Result& best) const {
    I open = best.half == best.half;
    for (int b = 0; b < kBlocks && L::any(open); ++b)
      open &= maybe_on_grid<kLanes, kBlockValues>(values(b), Grid::kReach);
    if (!L::any(open)) return;
    const F largest = largest_value<kLanes, 256>(block_.x);
    open &= largest != L::splat(0.0f);
    if (L::any(open)) find_exact(largest, open, best);
  }

  /// Tries every d that makes the largest value one of the level and scale products; the outermost scales first, since
  /// encoders put the largest one there.
  RUNG_INLINE void find_exact(F largest, I open, Result& best) const {
    for (int step = 0; step < kHigh - kLow && L::any(open); ++step) {
      const int scale = step % 2 == 0 ? kLow + step / 2 : kHigh - step / 2;
      for (int code = 0; code < Grid::kLevels && scale != 0; ++code) {
        const float product = Grid::level(code) * static_cast<float>(scale);
        if (product == 0.0f) continue;
        Result exact;
        exact.half = block_.to_half(largest / product);
        exact.d = block_.from_half(exact.half);
        const I found = exact_scales(open & (exact.d * product == largest), exact);
        take(found, exact, best);
        open &= ~found;
      }
    }
  }

  /// Lanes among those given where result.d allows scales, which are set, that leave no error in any block.
  RUNG_INLINE I exact_scales(I among, Result& result) const {
    const F inverse = L::safe_inverse(result.d);
    result.error = L::splat(-kNever);
    for (int b = 0; b < kBlocks && L::any(among); ++b) {
      const F largest = largest_value<kLanes, kBlockValues>(values(b)) * inverse;
      I open = among & (largest != L::splat(0.0f));
      result.scale[b] = F{};
      among &= ~open;
      for (int code = 0; code < Grid::kLevels && L::any(open); ++code) {
        if (Grid::level(code) == 0.0f) continue;
        const F scale = nearest_scale(largest / Grid::level(code));
        const I exact = is_exact<Grid, kLanes, kBlockValues>(values(b), result.d * scale, open);
        result.scale[b] = L::select(exact, scale, result.scale[b]);
        among |= exact;
        open &= ~exact;
      }
    }
    return among;
  }

  const Block& block_;
  const SuperEffort& effort_;
  FreeScale<kLanes> free_[kBlocks];
};

}  // namespace rung
