// Search for formats without a minimum: decoded = scale * level, the level from a small grid. Two shapes: one
// half-precision scale a block (BlockScale), or a super-block whose blocks have integer scales times one half
// (SuperScale). Templates over the grid, so integer grids and the IQ4 table share all of it. Everything here works in
// an EncodeBlock's unit and judges by the error after rounding every scale to what the format stores.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codec/codebooks.h"
#include "codec/encode_block.h"
#include "codec/encode_lanes.h"

namespace rung {

/// Consecutive integers; a code is the distance from the lowest.
template <int kLow, int kHigh>
struct IntegerLevels {
  static constexpr float kReach = kHigh > -kLow ? kHigh : -kLow;
  static F4 nearest(F4 target) { return round_lanes(clamp_lanes(target, kLow, kHigh)); }
  static uint8_t code(float level) { return static_cast<uint8_t>(static_cast<int>(level) - kLow); }
};

/// kIq4Levels. Midpoints between its levels are multiples of one half, so a table with that step finds the nearest.
struct Iq4Levels {
  static constexpr float kReach = 127;
  struct Cell {
    float level;
    uint8_t code;
  };
  static const std::array<Cell, 512>& cells();
  static F4 nearest(F4 target) {
    const I4 cell = __builtin_convertvector((clamp_lanes(target, -128.0f, 127.5f) + splat(128.0f)) * splat(2.0f), I4);
    const auto& table = cells();
    return F4{table[static_cast<size_t>(cell[0])].level, table[static_cast<size_t>(cell[1])].level,
              table[static_cast<size_t>(cell[2])].level, table[static_cast<size_t>(cell[3])].level};
  }
  static uint8_t code(float level) { return cells()[static_cast<size_t>((level + 128.0f) * 2.0f)].code; }
};

/// Sums over a block for one choice of levels; ll and xl give the least-squares scale xl / ll.
struct LevelSums {
  float error = 0;  ///< sum w (x - scale * level)^2
  float xl = 0;     ///< sum w x level
  float ll = 0;     ///< sum w level^2
};

/// 1 / scale, and 0 where that would overflow: such a scale decodes everything to about zero anyway.
inline float safe_inverse(float scale) { return std::fabs(scale) > 1e-36f ? 1.0f / scale : 0.0f; }

template <class Levels, size_t kValues>
LevelSums measure_levels(const float* x, const float* w, float scale) {
  const F4 step = splat(scale);
  const F4 inverse = splat(safe_inverse(scale));
  F4 error{}, xl{}, ll{};
  for (size_t k = 0; k < kValues; k += kLanes) {
    const F4 value = load_lanes(x + k);
    const F4 weight = load_lanes(w + k);
    const F4 level = Levels::nearest(value * inverse);
    const F4 miss = value - step * level;
    const F4 weighted = weight * level;
    error += weight * miss * miss;
    xl += weighted * value;
    ll += weighted * level;
  }
  return {sum_lanes(error), sum_lanes(xl), sum_lanes(ll)};
}

template <class Levels, size_t kValues>
void choose_codes(const float* x, float scale, uint8_t* codes) {
  const F4 inverse = splat(safe_inverse(scale));
  for (size_t k = 0; k < kValues; k += kLanes) {
    const F4 level = Levels::nearest(load_lanes(x + k) * inverse);
    for (size_t lane = 0; lane < kLanes; ++lane) codes[k + lane] = Levels::code(level[lane]);
  }
}

/// The scales that a block's search starts from send its largest value to levels from `first` to `last` times the
/// grid's reach: below 1 wastes range for finer rounding of that value, above 1 clips it.
struct StartScales {
  float first;
  float last;
  int count;
};

struct ScaleFit {
  float scale = 0;
  LevelSums sums;
};

/// The best free (unrounded) scale, of either sign: candidates with least-squares scales, the best one iterated.
template <class Levels, size_t kValues>
ScaleFit fit_free_scale(const float* x, const float* w, const StartScales& starts) {
  float largest = 0.0f;
  for (size_t k = 0; k < kValues; ++k) largest = std::max(largest, std::fabs(x[k]));
  ScaleFit best;
  float best_gain = 0.0f;
  for (int start = 0; start < starts.count; ++start) {
    const float share = starts.first + (starts.last - starts.first) * static_cast<float>(start) /
                                           static_cast<float>(std::max(1, starts.count - 1));
    for (const float sign : {-1.0f, 1.0f}) {
      const LevelSums sums = measure_levels<Levels, kValues>(x, w, sign * largest / (share * Levels::kReach));
      if (sums.xl * sums.xl <= best_gain * sums.ll) continue;
      best_gain = sums.xl * sums.xl / sums.ll;
      best.scale = sums.xl / sums.ll;
    }
  }
  best.sums = measure_levels<Levels, kValues>(x, w, best.scale);
  for (int round = 0; round < 3 && best.sums.ll > 0.0f; ++round) {
    const float scale = best.sums.xl / best.sums.ll;
    const LevelSums sums = measure_levels<Levels, kValues>(x, w, scale);
    if (!(sums.error < best.sums.error)) break;
    best = {scale, sums};
  }
  return best;
}

/// One half-precision scale for kValues values: returns the scale as stored.
template <class Levels, size_t kValues>
float fit_half_scale(const EncodeBlock& block, const StartScales& starts) {
  ScaleFit fit = fit_free_scale<Levels, kValues>(block.x, block.w, starts);
  float best_scale = 0.0f;
  float best_error = measure_levels<Levels, kValues>(block.x, block.w, 0.0f).error;
  for (int round = 0; round < 3; ++round) {
    const float scale = block.through_half(fit.scale);
    const LevelSums sums = measure_levels<Levels, kValues>(block.x, block.w, scale);
    if (!(sums.error < best_error)) break;
    best_scale = scale;
    best_error = sums.error;
    if (sums.ll > 0.0f) fit.scale = sums.xl / sums.ll;
  }
  return best_scale;
}

/// 256 values in kBlocks blocks; block b decodes with scale d * scale[b], an integer from kLow to kHigh.
template <class Levels, size_t kBlocks, int kLow, int kHigh>
class SuperScale {
 public:
  static constexpr size_t kValues = EncodeBlock::kMaxValues / kBlocks;

  struct Result {
    float d = 0;
    std::array<int, kBlocks> scale{};
    float error = std::numeric_limits<float>::infinity();
  };

  SuperScale(const EncodeBlock& block, const StartScales& starts) : block_(block) {
    for (size_t b = 0; b < kBlocks; ++b) {
      free_[b] = fit_free_scale<Levels, kValues>(block.x + b * kValues, block.w + b * kValues, starts);
    }
  }

  Result search() const {
    Result best;
    for (const float d : promising_starts()) {
      const Result result = polish(d);
      if (result.error < best.error) best = result;
    }
    return best;
  }

 private:
  static constexpr size_t kStarts = 2;

  static int nearest_scale(float scale, float inverse) {
    return std::clamp(static_cast<int>(std::lrintf(std::clamp(scale * inverse, -1e6f, 1e6f))), kLow, kHigh);
  }

  /// Error added by rounding the free scales to multiples of d, with each block's levels kept: cheap, and close.
  float rounding_cost(float d) const {
    const float inverse = safe_inverse(d);
    float cost = 0.0f;
    for (const ScaleFit& fit : free_) {
      const float miss = fit.scale - d * static_cast<float>(nearest_scale(fit.scale, inverse));
      cost += fit.sums.ll * miss * miss;
    }
    return cost;
  }

  /// The kStarts values of d with the least rounding cost among those that bring the largest scale near either end.
  std::array<float, kStarts> promising_starts() const {
    float largest = 0.0f;
    for (const ScaleFit& fit : free_) {
      if (std::fabs(fit.scale) > std::fabs(largest)) largest = fit.scale;
    }
    std::array<float, kStarts> starts{};
    std::array<float, kStarts> costs;
    costs.fill(std::numeric_limits<float>::infinity());
    constexpr int kSteps = 12;
    for (int step = 0; step <= kSteps; ++step) {
      const float share = 1.02f - 0.25f * static_cast<float>(step) / kSteps;
      for (const int end : {kLow, kHigh}) {
        const float d = store(largest / (share * static_cast<float>(end)));
        const float cost = rounding_cost(d);
        size_t at = kStarts;
        while (at > 0 && cost < costs[at - 1]) --at;
        if (at == kStarts || std::find(starts.begin(), starts.end(), d) != starts.end()) continue;
        std::copy_backward(starts.begin() + at, starts.end() - 1, starts.end());
        std::copy_backward(costs.begin() + at, costs.end() - 1, costs.end());
        starts[at] = d;
        costs[at] = cost;
      }
    }
    return starts;
  }

  /// As stored; a scale too small for a half becomes the smallest one, since the integer scales can make up for it.
  float store(float d) const {
    const float stored = block_.through_half(d);
    return stored == 0.0f && d != 0.0f ? std::copysign(block_.smallest_half(), d) : stored;
  }

  /// Alternates the best integer scales near the present ones (levels re-rounded, true error) and the least-squares d.
  Result polish(float d) const {
    Result best;
    std::array<int, kBlocks> scale;
    const float inverse = safe_inverse(d);
    for (size_t b = 0; b < kBlocks; ++b) scale[b] = nearest_scale(free_[b].scale, inverse);
    for (int round = 0; round < 4; ++round) {
      float total = 0.0f, above = 0.0f, below = 0.0f;
      for (size_t b = 0; b < kBlocks; ++b) {
        const LevelSums sums = best_neighbour(b, d, round == 0 ? 2 : 1, scale[b]);
        const float factor = static_cast<float>(scale[b]);
        total += sums.error;
        above += factor * sums.xl;
        below += factor * factor * sums.ll;
      }
      if (!(total < best.error)) break;
      best = {d, scale, total};
      const float refit = below > 0.0f ? store(above / below) : d;
      if (refit == d) break;
      d = refit;
    }
    return best;
  }

  LevelSums best_neighbour(size_t b, float d, int window, int& scale) const {
    const int centre = scale;
    LevelSums best;
    best.error = std::numeric_limits<float>::infinity();
    for (int near = std::max(kLow, centre - window); near <= std::min(kHigh, centre + window); ++near) {
      const LevelSums sums =
          measure_levels<Levels, kValues>(block_.x + b * kValues, block_.w + b * kValues, d * static_cast<float>(near));
      if (!(sums.error < best.error)) continue;
      best = sums;
      scale = near;
    }
    return best;
  }

  const EncodeBlock& block_;
  std::array<ScaleFit, kBlocks> free_;
};

}  // namespace rung
