// Search for 256-value formats with a minimum: block b of a super-block decodes with scale d * scale[b] and minimum
// dmin * min[b], both integers from 0 to kMost; d and dmin are halves. One lane a super-block.
#pragma once

#include "codec/affine_lanes.h"
#include "codec/exact_line.h"

namespace rung {

/// How much to search.
struct SuperLineSearch {
  int ranges;               ///< that each block's free lines start from
  int scales;               ///< candidates for d, judged by the rounding of the free scales
  int starts;               ///< best of them to choose a dmin for, at most kMostStarts
  int mins;                 ///< candidates for dmin
  int polished;             ///< best pairs (d, dmin) to polish, at most starts
  int rounds;               ///< of polishing
  float given_back = 0.0f;  ///< see Objective
  static constexpr int kMostStarts = 8;
};

template <int kTop, int kBlocks, int kMost, int kLanes>
class SuperLineLanes {
 public:
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  static constexpr int kValues = 256 / kBlocks;
  static constexpr int kKept = 2;  ///< free lines a block: which of them suits d and dmin best is not known before

  struct Result {
    F d{};
    F dmin{};
    F scale[kBlocks];  ///< integers
    F min[kBlocks];
    F error = L::splat(kInfinity);
    RUNG_INLINE LineLanes<kLanes> line(int b) const { return {d * scale[b], dmin * min[b]}; }
  };

  RUNG_INLINE SuperLineLanes(const BlockLanes<kLanes, 256>& block, const SuperLineSearch& how)
      : block_(block), how_(how) {
    for (int b = 0; b < kBlocks; ++b) {
      values_[b] = sum_values<true, kLanes, kValues>(x(b), w(b));
      LineFitLanes<kLanes> fits[kKept];
      FreeLines<kTop, false, true, kKept, kLanes, kValues>(x(b), w(b), values_[b]).search({how.ranges, 0}, fits);
      for (int kept = 0; kept < kKept; ++kept) free_[b][kept] = Free(fits[kept], values_[b]);
    }
  }

  /// The best integers and halves; where the values lie on a grid, those that give exactly them.
  RUNG_INLINE Result search() const {
    Result best = approximate();
    if (how_.given_back > 0.0f) {
      const F factor = inflation<kLanes>(block_, best.error, how_.given_back);
      best.d = store(best.d * factor);
      best.dmin = store(best.dmin * factor);
    }
    const I maybe = maybe_on_line<kTop, kProbes, kLanes>(block_.x, values_[0]);
    if (L::any(maybe)) take_exact(maybe, best);
    return best;
  }

 private:
  static constexpr float kInfinity = __builtin_inff();
  static constexpr int kProbes = kTop == 3 ? 6 : 4;  // fewer codes are hit more often by chance

  RUNG_INLINE Result approximate() const {
    Start starts[SuperLineSearch::kMostStarts];
    choose_scales(starts);
    Start pairs[SuperLineSearch::kMostStarts];
    for (int start = 0; start < how_.starts; ++start) choose_min(starts[start].d, pairs);
    Result best;
    for (int start = 0; start < how_.polished; ++start) {
      Result now;
      round_integers(pairs[start], now);
      polish(now, best);
    }
    return best;
  }

  struct Start {
    F d{};
    F dmin{};
    F cost = L::splat(kInfinity);
    RUNG_INLINE void take(I where, const Start& from) {
      d = L::select(where, from.d, d);
      dmin = L::select(where, from.dmin, dmin);
      cost = L::select(where, from.cost, cost);
    }
  };

  /// A free line and what deviating from it costs.
  struct Free {
    LineFitLanes<kLanes> fit;
    F error;      ///< its own, less the constant sum w x^2
    F curvature;  ///< of the error along the scale, each scale with its best minimum (a Schur complement)
    RUNG_INLINE Free() = default;
    RUNG_INLINE Free(const LineFitLanes<kLanes>& from, const ValueLanes<kLanes>& values)
        : fit(from),
          error(values.error(from.codes, from.line)),
          curvature(L::max(F{}, from.codes.qq - from.codes.q * from.codes.q / values.w)) {}
  };

  __attribute__((noinline)) void take_exact(I maybe, Result& best) const {
    for (int lane = 0; lane < kLanes; ++lane) {
      if (maybe[lane] == 0) continue;
      float values[256];
      for (int k = 0; k < 256; ++k) values[k] = block_.x[k][lane];
      ExactSuperLine exact;
      if (!find_exact_super_line(values, kBlocks, kTop, kMost, block_.unit[lane], &exact)) continue;
      best.d[lane] = exact.d;
      best.dmin[lane] = exact.dmin;
      for (int b = 0; b < kBlocks; ++b) {
        best.scale[b][lane] = static_cast<float>(exact.scale[b]);
        best.min[b][lane] = static_cast<float>(exact.min[b]);
      }
    }
  }

  RUNG_INLINE const F* x(int b) const { return block_.x + b * kValues; }
  RUNG_INLINE const F* w(int b) const { return block_.w + b * kValues; }

  static RUNG_INLINE F nearest_multiple(F value, F inverse) { return L::round_between(value * inverse, 0, kMost); }

  /// As stored; too small for a half becomes the smallest one, since the integers can make up for it.
  RUNG_INLINE F store(F d) const {
    return L::select(d > F{}, L::max(block_.through_half(d), block_.smallest_half()), F{});
  }

  /// The best d for the free scales, best first, by the error that rounding these to multiples of d adds.
  RUNG_INLINE void choose_scales(Start* starts) const {
    F largest{};
    for (int b = 0; b < kBlocks; ++b) largest = L::max(largest, free_[b][0].fit.line.scale);
    for (int step = 0; step < how_.scales; ++step) {
      const float share = 1.02f - 0.4f * static_cast<float>(step) / static_cast<float>(how_.scales - 1);
      Start now;
      now.d = store(largest * (1.0f / (share * kMost)));
      now.cost = F{};
      const F inverse = L::safe_inverse(now.d);
      for (int b = 0; b < kBlocks; ++b) {
        F least = L::splat(kInfinity);
        for (const Free& free : free_[b]) {
          const F miss = free.fit.line.scale - now.d * nearest_multiple(free.fit.line.scale, inverse);
          least = L::min(free.error + free.curvature * miss * miss, least);
        }
        now.cost += least;
      }
      insert_ranked(now, starts, how_.starts);
    }
  }

  /// What each free line of each block costs and which minimum it wants once its scale is rounded.
  struct Rounded {
    F scale[kBlocks][kKept];
    F wanted[kBlocks][kKept];
    F cost[kBlocks][kKept];
  };
  RUNG_INLINE void round_scales(F d, Rounded& rounded) const {
    const F inverse = L::safe_inverse(d);
    for (int b = 0; b < kBlocks; ++b) {
      for (int kept = 0; kept < kKept; ++kept) {
        const Free& free = free_[b][kept];
        const F scale = nearest_multiple(free.fit.line.scale, inverse);
        const F miss = free.fit.line.scale - d * scale;
        rounded.scale[b][kept] = scale;
        rounded.wanted[b][kept] = L::max(F{}, values_[b].min_given_scale(free.fit.codes, d * scale));
        rounded.cost[b][kept] = free.error + free.curvature * miss * miss;
      }
    }
  }

  /// Adds the best dmin for a d to the best pairs.
  RUNG_INLINE void choose_min(F d, Start* pairs) const {
    Rounded rounded;
    round_scales(d, rounded);
    F largest{};
    for (int b = 0; b < kBlocks; ++b) largest = L::max(largest, rounded.wanted[b][0]);
    Start best;
    best.d = d;
    for (int step = 0; step < how_.mins; ++step) {
      const float share = 1.02f - 0.3f * static_cast<float>(step) / static_cast<float>(how_.mins - 1);
      const F dmin = store(largest * (1.0f / (share * kMost)));
      const F inverse = L::safe_inverse(dmin);
      F cost{};
      for (int b = 0; b < kBlocks; ++b) {
        F least = L::splat(kInfinity);
        for (int kept = 0; kept < kKept; ++kept) {
          const F miss = rounded.wanted[b][kept] - dmin * nearest_multiple(rounded.wanted[b][kept], inverse);
          least = L::min(rounded.cost[b][kept] + values_[b].w * miss * miss, least);
        }
        cost += least;
      }
      const I better = cost < best.cost;
      best.cost = L::select(better, cost, best.cost);
      best.dmin = L::select(better, dmin, best.dmin);
    }
    insert_ranked(best, pairs, how_.polished);
  }

  /// The integers that suit a pair (d, dmin) best.
  RUNG_INLINE void round_integers(const Start& pair, Result& start) const {
    Rounded rounded;
    round_scales(pair.d, rounded);
    start.d = pair.d;
    start.dmin = pair.dmin;
    const F inverse = L::safe_inverse(pair.dmin);
    for (int b = 0; b < kBlocks; ++b) {
      F least = L::splat(kInfinity);
      for (int kept = 0; kept < kKept; ++kept) {
        const F min = nearest_multiple(rounded.wanted[b][kept], inverse);
        const F miss = rounded.wanted[b][kept] - pair.dmin * min;
        const F cost = rounded.cost[b][kept] + values_[b].w * miss * miss;
        const I better = cost < least;
        least = L::select(better, cost, least);
        start.scale[b] = L::select(better, rounded.scale[b][kept], start.scale[b]);
        start.min[b] = L::select(better, min, start.min[b]);
      }
    }
  }

  /// Alternates the best integers near the present ones (codes re-rounded, true error) and least-squares d and dmin.
  RUNG_INLINE void polish(Result now, Result& best) const {
    F least = L::splat(kInfinity);
    I going = L::splat_int(-1);  // a lane that stops gaining is done, whatever its neighbours do
    for (int round = 0; round < how_.rounds; ++round) {
      now.error = F{};
      CodeLanes<kLanes> codes;
      ValueLanes<kLanes> values;
      for (int b = 0; b < kBlocks; ++b) {
        const auto part = best_neighbour(b, now);
        codes.qq += now.scale[b] * now.scale[b] * part.qq;
        codes.q += now.scale[b] * now.min[b] * part.q;
        codes.xq += now.scale[b] * part.xq;
        values.w += now.min[b] * now.min[b] * values_[b].w;
        values.x += now.min[b] * values_[b].x;
      }
      going &= now.error < least;
      if (!L::any(going)) return;
      least = L::select(going, now.error, least);
      take(going & (now.error < best.error), now, best);
      const auto refit = solve_line<false>(codes, values);
      now.d = L::select(refit.scale > F{}, store(refit.scale), now.d);
      now.dmin = L::select(refit.min > F{}, store(refit.min), now.dmin);
    }
  }

  static RUNG_INLINE void take(I where, const Result& from, Result& to) {
    to.d = L::select(where, from.d, to.d);
    to.dmin = L::select(where, from.dmin, to.dmin);
    to.error = L::select(where, from.error, to.error);
    for (int b = 0; b < kBlocks; ++b) {
      to.scale[b] = L::select(where, from.scale[b], to.scale[b]);
      to.min[b] = L::select(where, from.min[b], to.min[b]);
    }
  }

  /// Scales near the present one, each with the minimum that fits its codes best, found by re-rounding. Replaces the
  /// integers, adds to the error.
  RUNG_INLINE CodeLanes<kLanes> best_neighbour(int b, Result& now) const {
    const F centre = now.scale[b];
    const F inverse_min = L::safe_inverse(now.dmin);
    F least = L::splat(kInfinity);
    F best_scale = centre, best_min = now.min[b];
    CodeLanes<kLanes> best;
    F min = now.min[b];
    for (const float offset : {0.0f, -1.0f, 1.0f}) {
      const F scale = L::clamp(centre + offset, F{}, L::splat(kMost));
      if (offset != 0.0f) min = nearest_multiple(values_[b].min_given_scale(best, now.d * scale), inverse_min);
      for (int round = 0; round < 2; ++round) {
        const LineLanes<kLanes> line = {now.d * scale, now.dmin * min};
        const auto codes = sum_codes<kTop, true, kLanes, kValues>(x(b), w(b), line);
        const F error = values_[b].error(codes, line);
        const I better = error < least;
        least = L::select(better, error, least);
        best_scale = L::select(better, scale, best_scale);
        best_min = L::select(better, min, best_min);
        best.take(better, codes);
        const F next = nearest_multiple(values_[b].min_given_scale(codes, line.scale), inverse_min);
        if (!L::any(next != min)) break;
        min = next;
      }
    }
    now.scale[b] = best_scale;
    now.min[b] = best_min;
    now.error += least;
    return best;
  }

  const BlockLanes<kLanes, 256>& block_;
  const SuperLineSearch& how_;
  ValueLanes<kLanes> values_[kBlocks];
  Free free_[kBlocks][kKept];
};

}  // namespace rung
