// Search for formats with a minimum: decoded = scale * code - min, codes from 0 to kTop; one lane a block. Scale and
// minimum are always fitted together: their errors are correlated.
#pragma once

#include "codec/encode_block_lanes.h"

namespace rung {

template <int kLanes>
struct LineLanes {
  using F = typename Lanes<kLanes>::F;
  F scale{};
  F min{};
};

/// Sums over a block for one choice of codes q.
template <int kLanes>
struct CodeLanes {
  using F = typename Lanes<kLanes>::F;
  F q{};   ///< sum w q
  F qq{};  ///< sum w q^2
  F xq{};  ///< sum w x q

  RUNG_INLINE void take(typename Lanes<kLanes>::I where, const CodeLanes& from) {
    q = Lanes<kLanes>::select(where, from.q, q);
    qq = Lanes<kLanes>::select(where, from.qq, qq);
    xq = Lanes<kLanes>::select(where, from.xq, xq);
  }
};

/// What does not depend on the codes.
template <int kLanes>
struct ValueLanes {
  using F = typename Lanes<kLanes>::F;
  F w{};    ///< sum w, positive
  F x{};    ///< sum w x
  F low{};  ///< smallest and largest value
  F high{};

  /// sum w (x - scale q + min)^2, less the constant sum w x^2
  RUNG_INLINE F error(const CodeLanes<kLanes>& codes, const LineLanes<kLanes>& line) const {
    return line.scale * (line.scale * codes.qq - 2.0f * (codes.xq + line.min * codes.q)) +
           line.min * (line.min * w + 2.0f * x);
  }
  /// The least-squares minimum for these codes and a given scale.
  RUNG_INLINE F min_given_scale(const CodeLanes<kLanes>& codes, F scale) const { return (scale * codes.q - x) / w; }
};

template <int kLanes, int kValues>
RUNG_INLINE ValueLanes<kLanes> sum_values(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w) {
  using L = Lanes<kLanes>;
  ValueLanes<kLanes> sums;
  sums.low = sums.high = x[0];
  for (int k = 0; k < kValues; ++k) {
    sums.w += w[k];
    sums.x += w[k] * x[k];
    sums.low = L::min(sums.low, x[k]);
    sums.high = L::max(sums.high, x[k]);
  }
  return sums;
}

/// Values as codes: x times inverse plus shift, rounded.
template <int kLanes, int kTop>
struct CodeRule {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F inverse;
  F shift;

  RUNG_INLINE explicit CodeRule(const LineLanes<kLanes>& line)
      : inverse(L::safe_inverse(line.scale)), shift(line.min * inverse) {}
  RUNG_INLINE F code(F x) const { return L::round(L::clamp(x * inverse + shift, F{}, L::splat(kTop))); }
};

template <int kTop, int kLanes, int kValues>
RUNG_INLINE CodeLanes<kLanes> sum_codes(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                        const LineLanes<kLanes>& line) {
  const CodeRule<kLanes, kTop> rule(line);
  CodeLanes<kLanes> sums;
  for (int k = 0; k < kValues; ++k) {
    const auto code = rule.code(x[k]);
    const auto weighted = w[k] * code;
    sums.q += weighted;
    sums.qq += weighted * code;
    sums.xq += weighted * x[k];
  }
  return sums;
}

/// The part of sum w x^2 that the least-squares line of a choice of codes explains beyond a constant, times sum w, as a
/// fraction: so comparing needs no division. kSignedMin: false keeps the minimum from going below zero (K-quants).
template <int kLanes, bool kSignedMin>
struct Explained {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F above = L::splat(-1.0f);
  F below{};

  RUNG_INLINE Explained() = default;
  RUNG_INLINE Explained(const CodeLanes<kLanes>& codes, const ValueLanes<kLanes>& values) {
    const F determinant = values.w * codes.qq - codes.q * codes.q;
    const F slope = values.w * codes.xq - values.x * codes.q;
    const auto with_min = usable(codes, values, determinant, slope);
    above = L::select(with_min, slope * slope, values.w * codes.xq * codes.xq - values.x * values.x * codes.qq);
    below = L::select(with_min, determinant, codes.qq);
  }
  /// Equal codes leave one direction free: the determinant is then rounding noise.
  static RUNG_INLINE typename L::I usable(const CodeLanes<kLanes>& codes, const ValueLanes<kLanes>& values,
                                          F determinant, F slope) {
    const auto regular = determinant > 1e-6f * values.w * codes.qq;
    return kSignedMin ? regular : regular & (slope * codes.q >= values.x * determinant);
  }
  RUNG_INLINE typename L::I operator>(const Explained& other) const {
    return above * other.below > other.above * below;
  }
  RUNG_INLINE void take(typename L::I where, const Explained& from) {
    above = L::select(where, from.above, above);
    below = L::select(where, from.below, below);
  }
};

/// Least squares for given codes.
template <bool kSignedMin, int kLanes>
RUNG_INLINE LineLanes<kLanes> solve_line(const CodeLanes<kLanes>& codes, const ValueLanes<kLanes>& values) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  const F one = L::splat(1.0f), zero{};
  const F determinant = values.w * codes.qq - codes.q * codes.q;
  const F slope = values.w * codes.xq - values.x * codes.q;
  const auto with_min = Explained<kLanes, kSignedMin>::usable(codes, values, determinant, slope);
  const auto any_code = codes.qq > zero;
  const F divisor = L::select(with_min, determinant, L::select(any_code, codes.qq, one));
  const F scale = L::select(with_min, slope, L::select(any_code, codes.xq, zero)) / divisor;
  const F weight = L::select(values.w > zero, values.w, one);
  F min = (scale * codes.q - values.x) / weight;
  if constexpr (!kSignedMin) min = L::max(min, zero);
  return {scale, L::select(with_min | (codes.qq <= zero), min, zero)};
}

/// The range of values that a search starts from is the block's own with each end, independently, drawn in by `first`
/// to `last` times `step` code steps; negative draws it out. Drawing out shifts the phase of the codes over the bulk of
/// the values, which pays more than a finer search inside the range.
struct StartRanges {
  float step;
  int first;
  int last;
  int rounds;  ///< of refitting the best one
};

template <int kLanes>
struct LineFitLanes {
  CodeLanes<kLanes> codes;
  LineLanes<kLanes> line;  ///< least squares for them
};

/// The best free (unrounded) line: candidates judged with their least-squares lines, the best one iterated.
template <int kTop, bool kSignedMin, int kLanes, int kValues>
RUNG_INLINE LineFitLanes<kLanes> fit_free_line(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                               const ValueLanes<kLanes>& values, const StartRanges& starts) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  const F low = kSignedMin ? values.low : L::min(values.low, F{});
  const F draw = (values.high - low) * (starts.step / kTop);
  Explained<kLanes, kSignedMin> most;
  LineFitLanes<kLanes> best;
  const auto consider = [&](const LineLanes<kLanes>& line) {
    const auto codes = sum_codes<kTop, kLanes, kValues>(x, w, line);
    const Explained<kLanes, kSignedMin> explained(codes, values);
    const auto better = explained > most;
    most.take(better, explained);
    best.codes.take(better, codes);
    return better;
  };
  for (int from_low = starts.first; from_low <= starts.last; ++from_low) {
    const F bottom = low + draw * static_cast<float>(from_low);
    for (int from_high = starts.first; from_high <= starts.last; ++from_high) {
      const F top = values.high - draw * static_cast<float>(from_high);
      consider({(top - bottom) * (1.0f / kTop), -bottom});
    }
  }
  best.line = solve_line<kSignedMin>(best.codes, values);
  for (int round = 0; round < starts.rounds; ++round) {
    if (!L::any(consider(best.line))) break;
    best.line = solve_line<kSignedMin>(best.codes, values);
  }
  return best;
}

}  // namespace rung
