// Search for 256-value formats with a minimum: block b of a super-block decodes with scale d * scale[b] and minimum
// dmin * min[b], both integers from 0 to kMost; d and dmin are halves. One lane a super-block.
#pragma once

#include "codec/affine_lanes.h"

namespace rung {

/// How much to search.
struct SuperLineSearch {
  StartRanges blocks;  ///< of each block's free line
  int scales;          ///< candidates for d, judged by the rounding of the free scales
  int mins;            ///< candidates for dmin
  int starts;          ///< best pairs (d, dmin) to polish, at most kMostStarts
  int rounds;          ///< of polishing
  static constexpr int kMostStarts = 4;
};

template <int kTop, int kBlocks, int kMost, int kLanes>
class SuperLineLanes {
 public:
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  static constexpr int kValues = 256 / kBlocks;

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
      values_[b] = sum_values<kLanes, kValues>(x(b), w(b));
      free_[b] = fit_free_line<kTop, false, kLanes, kValues>(x(b), w(b), values_[b], how.blocks);
    }
  }

  RUNG_INLINE Result search() const {
    Start starts[SuperLineSearch::kMostStarts];
    choose_scales(starts);
    Result best;
    for (int start = 0; start < how_.starts; ++start) {
      Result now;
      start_from(starts[start].d, now);
      polish(now, best);
    }
    return best;
  }

 private:
  static constexpr float kInfinity = __builtin_inff();

  struct Start {
    F d{};
    F cost = L::splat(kInfinity);
  };

  RUNG_INLINE const F* x(int b) const { return block_.x + b * kValues; }
  RUNG_INLINE const F* w(int b) const { return block_.w + b * kValues; }

  static RUNG_INLINE F nearest_multiple(F value, F inverse) {
    return L::round(L::clamp(value * inverse, F{}, L::splat(kMost)));
  }

  /// As stored; too small for a half becomes the smallest one, since the integers can make up for it.
  RUNG_INLINE F store(F d) const {
    return L::select(d > F{}, L::max(block_.through_half(d), block_.smallest_half()), F{});
  }

  /// The best d for the free scales, best first, by the error that rounding these to multiples of d adds.
  RUNG_INLINE void choose_scales(Start* starts) const {
    F largest{};
    F curvature[kBlocks];
    for (int b = 0; b < kBlocks; ++b) {
      largest = L::max(largest, free_[b].line.scale);
      // With the best minimum for each scale, the error rises with this (a Schur complement).
      const CodeLanes<kLanes>& codes = free_[b].codes;
      curvature[b] = L::max(F{}, codes.qq - codes.q * codes.q / values_[b].w);
    }
    for (int step = 0; step < how_.scales; ++step) {
      const float share = 1.02f - 0.4f * static_cast<float>(step) / static_cast<float>(how_.scales - 1);
      Start now;
      now.d = store(largest * (1.0f / (share * kMost)));
      now.cost = F{};
      const F inverse = L::safe_inverse(now.d);
      for (int b = 0; b < kBlocks; ++b) {
        const F miss = free_[b].line.scale - now.d * nearest_multiple(free_[b].line.scale, inverse);
        now.cost += curvature[b] * miss * miss;
      }
      for (int at = 0; at < how_.starts; ++at) {  // insert, pushing worse ones down
        const I better = now.cost < starts[at].cost;
        const Start pushed = {L::select(better, starts[at].d, now.d), L::select(better, starts[at].cost, now.cost)};
        starts[at] = {L::select(better, now.d, starts[at].d), L::select(better, now.cost, starts[at].cost)};
        now = pushed;
      }
    }
  }

  /// Rounds the free scales to multiples of d, then chooses dmin for the minima that these want.
  RUNG_INLINE void start_from(F d, Result& start) const {
    start.d = d;
    const F inverse = L::safe_inverse(d);
    F wanted[kBlocks];
    F largest{};
    for (int b = 0; b < kBlocks; ++b) {
      start.scale[b] = nearest_multiple(free_[b].line.scale, inverse);
      wanted[b] = L::max(F{}, values_[b].min_given_scale(free_[b].codes, d * start.scale[b]));
      largest = L::max(largest, wanted[b]);
    }
    F least = L::splat(kInfinity);
    for (int step = 0; step < how_.mins; ++step) {
      const float share = 1.02f - 0.3f * static_cast<float>(step) / static_cast<float>(how_.mins - 1);
      const F dmin = store(largest * (1.0f / (share * kMost)));
      const F inverse_min = L::safe_inverse(dmin);
      F cost{};
      for (int b = 0; b < kBlocks; ++b) {
        const F miss = wanted[b] - dmin * nearest_multiple(wanted[b], inverse_min);
        cost += values_[b].w * miss * miss;
      }
      const I better = cost < least;
      least = L::select(better, cost, least);
      start.dmin = L::select(better, dmin, start.dmin);
    }
    const F inverse_min = L::safe_inverse(start.dmin);
    for (int b = 0; b < kBlocks; ++b) start.min[b] = nearest_multiple(wanted[b], inverse_min);
  }

  /// Alternates the best integers near the present ones (codes re-rounded, true error) and least-squares d and dmin.
  RUNG_INLINE void polish(Result now, Result& best) const {
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
      const I better = now.error < best.error;
      if (!L::any(better)) return;
      take(better, now, best);
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
        const auto codes = sum_codes<kTop, kLanes, kValues>(x(b), w(b), line);
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
  LineFitLanes<kLanes> free_[kBlocks];
};

}  // namespace rung
