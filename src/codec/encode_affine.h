// Search for formats with a minimum: decoded = scale * code - min, codes from 0 to kTop. Two shapes, as in
// encode_symmetric.h: a scale and a minimum of their own, or integer scales and minima times the halves d and dmin of a
// super-block. Scale and minimum are always fitted together: their errors are correlated.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codec/encode_block.h"
#include "codec/encode_lanes.h"
#include "codec/encode_symmetric.h"

namespace rung {

/// Sums over a block for one choice of codes q.
struct CodeSums {
  float error = 0;  ///< sum w (x - scale * q + min)^2
  float q = 0;      ///< sum w q
  float qq = 0;     ///< sum w q^2
  float xq = 0;     ///< sum w x q
};

/// What does not depend on the codes.
struct BlockSums {
  float w = 0;
  float x = 0;  ///< sum w x
};

struct Line {
  float scale = 0;
  float min = 0;
};

template <int kTop>
F4 nearest_code(F4 value, F4 inverse, F4 min) {
  return round_lanes(clamp_lanes((value + min) * inverse, 0.0f, kTop));
}

template <int kTop, size_t kValues>
CodeSums measure_codes(const float* x, const float* w, Line line) {
  const F4 step = splat(line.scale);
  const F4 inverse = splat(safe_inverse(line.scale));
  const F4 min = splat(line.min);
  F4 error{}, q{}, qq{}, xq{};
  for (size_t k = 0; k < kValues; k += kLanes) {
    const F4 value = load_lanes(x + k);
    const F4 weight = load_lanes(w + k);
    const F4 code = nearest_code<kTop>(value, inverse, min);
    const F4 miss = value - (step * code - min);
    const F4 weighted = weight * code;
    error += weight * miss * miss;
    q += weighted;
    qq += weighted * code;
    xq += weighted * value;
  }
  return {sum_lanes(error), sum_lanes(q), sum_lanes(qq), sum_lanes(xq)};
}

template <int kTop, size_t kValues>
void choose_codes(const float* x, Line line, uint8_t* codes) {
  const F4 inverse = splat(safe_inverse(line.scale));
  for (size_t k = 0; k < kValues; k += kLanes) {
    const F4 code = nearest_code<kTop>(load_lanes(x + k), inverse, splat(line.min));
    for (size_t lane = 0; lane < kLanes; ++lane) codes[k + lane] = static_cast<uint8_t>(code[lane]);
  }
}

template <size_t kValues>
BlockSums sum_block(const float* x, const float* w) {
  F4 weight{}, value{};
  for (size_t k = 0; k < kValues; k += kLanes) {
    weight += load_lanes(w + k);
    value += load_lanes(w + k) * load_lanes(x + k);
  }
  return {sum_lanes(weight), sum_lanes(value)};
}

/// Least squares for given codes. signed_min: false keeps the minimum from going below zero (K-quants).
Line solve_line(const CodeSums& codes, const BlockSums& block, bool signed_min);

/// Part of the squared error that a least-squares line explains; the larger the better.
inline float explained(const CodeSums& codes, const BlockSums& block, Line line) {
  return line.scale * codes.xq - line.min * block.x;
}

struct LineFit {
  Line line;
  CodeSums codes;
};

/// The range of values that a search starts from is the block's own with each end, independently, drawn in by `first`
/// to `last` times `step` code steps; negative draws it out. Drawing out shifts the phase of the codes over the bulk of
/// the values, which pays more than a finer search inside the range (1 to 4 % of the error, the more the more codes).
struct StartRanges {
  float step;
  int first;
  int last;
};

/// By the number of codes.
template <int kTop>
inline constexpr StartRanges kStartRanges = {0.5f, -3, 2};
template <>
inline constexpr StartRanges kStartRanges<31> = {0.5f, -4, 1};
template <>
inline constexpr StartRanges kStartRanges<3> = {0.33f, -2, 3};

/// The best free (unrounded) line: candidates with least-squares lines, the best one iterated.
template <int kTop, size_t kValues>
LineFit fit_free_line(const float* x, const float* w, const BlockSums& block, bool signed_min) {
  float low = *std::min_element(x, x + kValues);
  const float high = *std::max_element(x, x + kValues);
  if (!signed_min) low = std::min(low, 0.0f);
  LineFit best{{0.0f, -low}, measure_codes<kTop, kValues>(x, w, {0.0f, -low})};
  Line promising = best.line;
  float best_explained = -std::numeric_limits<float>::infinity();
  constexpr StartRanges kStarts = kStartRanges<kTop>;
  const float draw = (high - low) * kStarts.step / kTop;
  for (int from_low = kStarts.first; from_low <= kStarts.last; ++from_low) {
    for (int from_high = kStarts.first; from_high <= kStarts.last; ++from_high) {
      const float bottom = low + draw * static_cast<float>(from_low);
      const float top = high - draw * static_cast<float>(from_high);
      const CodeSums codes = measure_codes<kTop, kValues>(x, w, {(top - bottom) / kTop, -bottom});
      const Line line = solve_line(codes, block, signed_min);
      const float now = explained(codes, block, line);
      if (!(now > best_explained)) continue;
      best_explained = now;
      promising = line;
    }
  }
  for (int round = 0; round < 4; ++round) {
    const CodeSums codes = measure_codes<kTop, kValues>(x, w, promising);
    if (!(codes.error < best.codes.error)) break;
    best = {promising, codes};
    promising = solve_line(codes, block, signed_min);
  }
  return best;
}

/// 256 values in kBlocks blocks: block b decodes with scale d * scale[b] and minimum dmin * min[b], both integers from
/// 0 to kMost.
template <int kTop, size_t kBlocks, int kMost>
class SuperLine {
 public:
  static constexpr size_t kValues = EncodeBlock::kMaxValues / kBlocks;
  using Integers = std::array<int, kBlocks>;

  struct Result {
    float d = 0;
    float dmin = 0;
    Integers scale{};
    Integers min{};
    float error = std::numeric_limits<float>::infinity();
    Line line(size_t b) const { return {d * static_cast<float>(scale[b]), dmin * static_cast<float>(min[b])}; }
  };

  explicit SuperLine(const EncodeBlock& block) : block_(block) {
    for (size_t b = 0; b < kBlocks; ++b) {
      sums_[b] = sum_block<kValues>(x(b), w(b));
      free_[b] = fit_free_line<kTop, kValues>(x(b), w(b), sums_[b], false);
    }
  }

  Result search() const {
    Result best;
    for (const Result& start : promising_starts()) {
      const Result result = polish(start);
      if (result.error < best.error) best = result;
    }
    return best;
  }

 private:
  static constexpr size_t kStarts = 3;

  const float* x(size_t b) const { return block_.x + b * kValues; }
  const float* w(size_t b) const { return block_.w + b * kValues; }

  static int nearest_multiple(float value, float inverse) {
    return static_cast<int>(std::lrintf(std::clamp(value * inverse, 0.0f, static_cast<float>(kMost))));
  }

  /// As stored; too small for a half becomes the smallest one, since the integers can make up for it.
  float store(float d) const {
    if (d <= 0.0f) return 0.0f;
    return std::max(block_.through_half(d), block_.smallest_half());
  }

  /// The minimum that suits block b best once its scale is rounded, with the codes of the free fit.
  float min_given_scale(size_t b, float scale) const {
    const BlockSums& sums = sums_[b];
    return std::max(0.0f, (scale * free_[b].codes.q - sums.x) / sums.w);
  }

  /// Rounds the free scales to multiples of d, then chooses dmin; error becomes the added error with the codes kept.
  Result start_from(float d) const {
    Result start;
    start.d = d;
    float cost = 0.0f, largest = 0.0f;
    std::array<float, kBlocks> wanted;
    const float inverse = safe_inverse(d);
    for (size_t b = 0; b < kBlocks; ++b) {
      const LineFit& fit = free_[b];
      start.scale[b] = nearest_multiple(fit.line.scale, inverse);
      const float scale = d * static_cast<float>(start.scale[b]);
      const float miss = fit.line.scale - scale;
      wanted[b] = min_given_scale(b, scale);
      largest = std::max(largest, wanted[b]);
      // With the best minimum for each scale, the error rises with this curvature (a Schur complement).
      cost += std::max(0.0f, fit.codes.qq - fit.codes.q * fit.codes.q / sums_[b].w) * miss * miss;
    }
    start.error = cost + choose_dmin(wanted, largest, start);
    return start;
  }

  float choose_dmin(const std::array<float, kBlocks>& wanted, float largest, Result& start) const {
    float best_cost = std::numeric_limits<float>::infinity();
    constexpr int kSteps = 10;
    for (int step = 0; step <= kSteps; ++step) {
      const float share = 1.02f - 0.3f * static_cast<float>(step) / kSteps;
      const float dmin = store(largest / (share * kMost));
      const float inverse = safe_inverse(dmin);
      float cost = 0.0f;
      Integers min;
      for (size_t b = 0; b < kBlocks; ++b) {
        min[b] = nearest_multiple(wanted[b], inverse);
        const float miss = wanted[b] - dmin * static_cast<float>(min[b]);
        cost += sums_[b].w * miss * miss;
      }
      if (!(cost < best_cost)) continue;
      best_cost = cost;
      start.dmin = dmin;
      start.min = min;
    }
    return best_cost;
  }

  std::array<Result, kStarts> promising_starts() const {
    float largest = 0.0f;
    for (const LineFit& fit : free_) largest = std::max(largest, fit.line.scale);
    std::array<Result, kStarts> starts;
    constexpr int kSteps = 12;
    for (int step = 0; step <= kSteps; ++step) {
      const float share = 1.02f - 0.4f * static_cast<float>(step) / kSteps;
      const Result start = start_from(store(largest / (share * kMost)));
      size_t at = kStarts;
      while (at > 0 && start.error < starts[at - 1].error) --at;
      if (at == kStarts) continue;
      std::copy_backward(starts.begin() + at, starts.end() - 1, starts.end());
      starts[at] = start;
    }
    return starts;
  }

  /// Alternates the best integers near the present ones (codes re-rounded, true error) and least-squares d and dmin.
  Result polish(Result now) const {
    Result best;
    for (int round = 0; round < 5; ++round) {
      now.error = 0.0f;
      Normal normal;
      for (size_t b = 0; b < kBlocks; ++b) {
        const CodeSums codes = best_neighbour(b, round == 0 ? 2 : 1, now);
        now.error += codes.error;
        normal.add(static_cast<float>(now.scale[b]), static_cast<float>(now.min[b]), codes, sums_[b]);
      }
      if (!(now.error < best.error)) break;
      best = now;
      const Line refit = normal.solve();
      now.d = refit.scale > 0.0f ? store(refit.scale) : now.d;
      now.dmin = refit.min > 0.0f ? store(refit.min) : now.dmin;
      if (now.d == best.d && now.dmin == best.dmin) break;
    }
    return best;
  }

  /// Normal equations of (d, dmin) for given integers and codes.
  struct Normal {
    CodeSums codes;
    BlockSums block;
    void add(float scale, float min, const CodeSums& part, const BlockSums& sums) {
      codes.qq += scale * scale * part.qq;
      codes.q += scale * min * part.q;
      codes.xq += scale * part.xq;
      block.w += min * min * sums.w;
      block.x += min * sums.x;
    }
    Line solve() const { return solve_line(codes, block, false); }
  };

  /// Scales near the present one, each with the minimum that fits its codes best, found by re-rounding.
  CodeSums best_neighbour(size_t b, int window, Result& now) const {
    const int centre = now.scale[b];
    const int centre_min = now.min[b];
    const float inverse_min = safe_inverse(now.dmin);
    CodeSums best;
    best.error = std::numeric_limits<float>::infinity();
    for (int scale = std::max(0, centre - window); scale <= std::min(kMost, centre + window); ++scale) {
      const float step = now.d * static_cast<float>(scale);
      int min = scale == centre ? centre_min : nearest_multiple(min_given_scale(b, step), inverse_min);
      for (int round = 0; round < 3; ++round) {
        const CodeSums codes = measure_codes<kTop, kValues>(x(b), w(b), {step, now.dmin * static_cast<float>(min)});
        if (codes.error < best.error) {
          best = codes;
          now.scale[b] = scale;
          now.min[b] = min;
        }
        const int better = nearest_multiple((step * codes.q - sums_[b].x) / sums_[b].w, inverse_min);
        if (better == min) break;
        min = better;
      }
    }
    return best;
  }

  const EncodeBlock& block_;
  std::array<BlockSums, kBlocks> sums_;
  std::array<LineFit, kBlocks> free_;
};

}  // namespace rung
