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

/// kWeighted: false takes every weight as 1.
template <bool kWeighted, int kLanes, int kValues>
RUNG_INLINE ValueLanes<kLanes> sum_values(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w) {
  using L = Lanes<kLanes>;
  ValueLanes<kLanes> sums;
  sums.low = sums.high = x[0];
  if constexpr (!kWeighted) sums.w = L::splat(kValues);
  for (int k = 0; k < kValues; ++k) {
    if constexpr (kWeighted) sums.w += w[k];
    sums.x += kWeighted ? w[k] * x[k] : x[k];
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

  RUNG_INLINE CodeRule(F with_inverse, F with_shift) : inverse(with_inverse), shift(with_shift) {}
  RUNG_INLINE explicit CodeRule(const LineLanes<kLanes>& line)
      : inverse(L::safe_inverse(line.scale)), shift(line.min * inverse) {}
  RUNG_INLINE F code(F x) const { return L::round_between(x * inverse + shift, 0, kTop); }
  RUNG_INLINE typename L::I whole_code(F x) const { return L::int_between(x * inverse + shift, 0, kTop); }
};

/// For kCount lines at once: they share loads, and none waits for its own sums only.
template <int kTop, bool kWeighted, int kLanes, int kValues, int kCount>
RUNG_INLINE void sum_codes(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                           const LineLanes<kLanes>* lines, CodeLanes<kLanes>* sums) {
  typename Lanes<kLanes>::F inverse[kCount], shift[kCount];
  for (int n = 0; n < kCount; ++n) {
    const CodeRule<kLanes, kTop> rule(lines[n]);
    inverse[n] = rule.inverse;
    shift[n] = rule.shift;
    sums[n] = {};
  }
#pragma GCC unroll 1  // all values at once are more than the registers hold
  for (int k = 0; k < kValues; ++k) {
    for (int n = 0; n < kCount; ++n) {
      const auto code = CodeRule<kLanes, kTop>(inverse[n], shift[n]).code(x[k]);
      const auto weighted = kWeighted ? w[k] * code : code;
      sums[n].q += weighted;
      sums[n].qq += weighted * code;
      sums[n].xq += weighted * x[k];
    }
  }
}

template <int kTop, bool kWeighted, int kLanes, int kValues>
RUNG_INLINE CodeLanes<kLanes> sum_codes(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                        const LineLanes<kLanes>& line) {
  CodeLanes<kLanes> sums;
  sum_codes<kTop, kWeighted, kLanes, kValues, 1>(x, w, &line, &sums);
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

/// A range of values that a search starts from: the block's own with each end drawn in by so many code steps; negative
/// draws it out, which shifts the phase of the codes over the bulk of the values.
struct StartRange {
  float low;
  float high;
};

/// By the number of codes; any first few are a good choice. Found greedily, each the one of a fine grid that lowers the
/// least error over all so far most, on blocks of normal and t-distributed (3.5 and 5 degrees of freedom) values with
/// log-normal importance.
template <int kTop>
inline constexpr StartRange kStartRanges[1] = {};
template <>
inline constexpr StartRange kStartRanges<31>[] = {
    {0.0f, 0.25f},   {0.25f, 0.0f},    {0.0f, -1.0f},   {-2.0f, 0.0f},   {0.5f, -0.25f},  {-1.0f, -2.25f},
    {-0.25f, 0.5f},  {-2.25f, -2.25f}, {0.25f, -1.25f}, {-1.25f, 0.25f}, {0.0f, 0.0f},    {-2.25f, 0.25f},
    {-3.5f, -2.25f}, {-3.75f, -3.75f}, {0.75f, 0.25f},  {-1.25f, -2.0f}, {0.0f, 1.0f},    {0.0f, -1.25f},
    {0.0f, -0.25f},  {-0.25f, 0.0f},   {-3.5f, -0.75f}, {-2.25f, 0.0f},  {0.25f, -2.25f}, {-3.0f, -0.25f},
    {1.0f, 0.0f},    {0.25f, 0.75f},   {-1.0f, 0.25f},  {-2.0f, -2.5f},  {0.5f, 0.5f},    {-0.25f, 0.25f},
    {-3.25f, -2.5f}, {0.5f, 0.0f}};
template <>
inline constexpr StartRange kStartRanges<15>[] = {
    {0.25f, 0.25f},  {0.5f, 0.0f},    {0.0f, 0.5f},    {0.25f, -1.0f},  {0.0f, -0.25f},   {-0.25f, 0.0f},
    {-1.0f, -1.0f},  {-1.0f, 0.25f},  {0.75f, 0.0f},   {-0.25f, 0.75f}, {-0.75f, -0.25f}, {0.25f, 0.5f},
    {1.0f, 0.0f},    {0.25f, 0.0f},   {-2.25f, -1.0f}, {-0.25f, -1.0f}, {0.0f, 0.0f},     {-2.5f, 0.25f},
    {0.75f, 0.5f},   {-0.25f, 0.25f}, {0.25f, -2.5f},  {0.0f, -0.5f},   {0.25f, 1.0f},    {-1.0f, 0.0f},
    {0.0f, 1.5f},    {1.25f, 0.0f},   {-0.25f, 0.5f},  {0.0f, 0.25f},   {0.5f, 0.75f},    {0.5f, -0.25f},
    {-2.5f, -2.75f}, {-0.25f, 1.0f}};
template <>
inline constexpr StartRange kStartRanges<3>[] = {
    {0.3f, 0.3f},  {0.6f, -0.1f}, {0.1f, 0.5f},  {0.0f, 0.1f},  {-0.9f, 0.3f}, {0.0f, 0.7f},
    {0.4f, 0.0f},  {0.2f, 0.4f},  {1.0f, 0.1f},  {0.1f, -0.2f}, {-0.3f, 0.2f}, {0.6f, 0.4f},
    {0.0f, 1.0f},  {0.8f, 0.2f},  {0.5f, 0.8f},  {0.3f, 0.1f},  {-0.2f, 0.0f}, {0.2f, 1.3f},
    {0.1f, -1.3f}, {-0.1f, 0.5f}, {0.2f, -0.3f}, {0.5f, 0.2f},  {0.2f, 0.9f},  {0.9f, -0.1f}};

/// How many of them, and rounds of refitting the best line.
struct StartCount {
  int ranges;
  int rounds;
};

/// Lanes whose values may lie on a grid: some are whole numbers of one step above the smallest value, the step being
/// the range divided by one of the upper half of the codes (any other divisor has a multiple there). Of ordinary blocks
/// about one in a thousand passes.
template <int kTop, int kProbes, int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I maybe_on_line(const typename Lanes<kLanes>::F* x,
                                                    const ValueLanes<kLanes>& values) {
  using L = Lanes<kLanes>;
  const auto inverse = L::safe_inverse(values.high - values.low);
  typename L::F share[kProbes];
  for (int probe = 0; probe < kProbes; ++probe) share[probe] = (x[probe] - values.low) * inverse;
  typename L::I maybe{};
  for (int span = (kTop + 1) / 2; span <= kTop; ++span) {
    typename L::F furthest{};
    for (int probe = 0; probe < kProbes; ++probe) {
      const auto steps = share[probe] * static_cast<float>(span);
      furthest = L::max(furthest, L::abs(steps - L::round(steps)));
    }
    maybe |= furthest < 0x1p-9f;
  }
  return maybe;
}

/// A choice of codes with the line that suits it best.
template <int kLanes>
struct LineFitLanes {
  CodeLanes<kLanes> codes;
  LineLanes<kLanes> line;
};

/// The kKept best free (unrounded) lines, different ones, best first: candidates judged with their least-squares lines,
/// the best one iterated.
template <int kTop, bool kSignedMin, bool kWeighted, int kKept, int kLanes, int kValues>
class FreeLines {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;

 public:
  RUNG_INLINE FreeLines(const F* x, const F* w, const ValueLanes<kLanes>& values) : x_(x), w_(w), values_(values) {}

  RUNG_INLINE void search(const StartCount& starts, LineFitLanes<kLanes>* fits) {
    const F low = kSignedMin ? values_.low : L::min(values_.low, F{});
    const F step = (values_.high - low) * (1.0f / kTop);
    int start = 0;
    for (; start + 2 <= starts.ranges; start += 2) {
      const LineLanes<kLanes> lines[] = {line_of(low, step, start), line_of(low, step, start + 1)};
      CodeLanes<kLanes> codes[2];
      sum_codes<kTop, kWeighted, kLanes, kValues, 2>(x_, w_, lines, codes);
      for (const auto& each : codes) consider(each);
    }
    if (start < starts.ranges) consider(codes_of(line_of(low, step, start)));
    for (int round = 0; round < starts.rounds; ++round) {
      if (!L::any(consider(codes_of(solve_line<kSignedMin>(codes_[0], values_))))) break;
    }
    for (int kept = 0; kept < kKept; ++kept) fits[kept] = {codes_[kept], solve_line<kSignedMin>(codes_[kept], values_)};
  }

 private:
  /// The line that sends the range of a start to the codes.
  static RUNG_INLINE LineLanes<kLanes> line_of(F low, F step, int start) {
    const StartRange range = kStartRanges<kTop>[start];
    return {step * ((kTop - range.low - range.high) * (1.0f / kTop)), -(low + step * range.low)};
  }

  RUNG_INLINE CodeLanes<kLanes> codes_of(const LineLanes<kLanes>& line) const {
    return sum_codes<kTop, kWeighted, kLanes, kValues>(x_, w_, line);
  }

  /// True where these codes are the best so far.
  RUNG_INLINE I consider(CodeLanes<kLanes> codes) {
    Explained<kLanes, kSignedMin> explained(codes, values_);
    const I best = explained > explained_[0];
    I known = L::splat_int(0);
    for (int kept = 0; kept < kKept; ++kept) {  // insert, pushing worse ones down
      const I better = (explained > explained_[kept]) & ~known;
      known |= codes.q == codes_[kept].q;
      const CodeLanes<kLanes> pushed = codes_[kept];
      const auto pushed_explained = explained_[kept];
      codes_[kept].take(better, codes);
      explained_[kept].take(better, explained);
      codes.take(better, pushed);
      explained.take(better, pushed_explained);
      known &= ~better;
    }
    return best;
  }

  const F* x_;
  const F* w_;
  const ValueLanes<kLanes>& values_;
  CodeLanes<kLanes> codes_[kKept];
  Explained<kLanes, kSignedMin> explained_[kKept];
};

}  // namespace rung
