// The small sets of levels that a scale multiplies, as the encoders search them: nearest level and code of a value
// already divided by the scale, any float but NaN.
#pragma once

#include "codec/codebooks.h"
#include "codec/lanes.h"

namespace rung {

/// Consecutive integers; a code is the distance from the lowest.
template <int kLanes, int kLow, int kHigh>
struct IntegerGrid {
  using L = Lanes<kLanes>;
  static constexpr float kReach = kHigh > -kLow ? kHigh : -kLow;  ///< the largest magnitude
  /// Targets up to here find the mirror image of their level when negated.
  static constexpr float kMirrored = kHigh == -kLow ? 1e30f : 0.499f + (kHigh < -kLow ? kHigh : -kLow);
  static constexpr int kLevels = kHigh - kLow + 1;
  static constexpr float level(int code) { return static_cast<float>(code + kLow); }
  /// Targets up to here, of either sign, lie between the ends.
  static constexpr float kInside = 0.499f + (kHigh < -kLow ? kHigh : -kLow);
  static RUNG_INLINE typename L::F nearest(typename L::F target) { return L::round_between(target, kLow, kHigh); }
  static RUNG_INLINE typename L::F nearest_inside(typename L::F target) { return L::round(target); }
  static RUNG_INLINE typename L::I code(typename L::F target) { return L::int_between(target, kLow, kHigh) - kLow; }
};

/// What Iq4Grid looks up. Bins of one width, the first and last unbounded, hold exactly one midpoint between
/// neighbouring levels each: bin n that between levels n and n + 1.
struct Iq4Tables {
  static constexpr float kBinWidth = 13.4f;
  static constexpr float kFirstEdge = -94.4f;
  float level[16];
  float middle[16];
};

constexpr Iq4Tables make_iq4_tables() {
  Iq4Tables tables{};
  for (size_t code = 0; code < 16; ++code) tables.level[code] = static_cast<float>(kIq4Levels[code]);
  for (size_t code = 0; code < 15; ++code) tables.middle[code] = 0.5f * (tables.level[code] + tables.level[code + 1]);
  return tables;
}

inline constexpr Iq4Tables kIq4Tables = make_iq4_tables();

constexpr bool one_middle_a_bin() {
  for (size_t bin = 0; bin < 15; ++bin) {
    const float above_edge = kIq4Tables.middle[bin] - Iq4Tables::kFirstEdge;
    const float low = Iq4Tables::kBinWidth * (static_cast<float>(bin) - 1.0f), high = low + Iq4Tables::kBinWidth;
    if ((bin > 0 && above_edge < low + 0.1f) || (bin < 14 && above_edge > high - 0.1f)) return false;
  }
  return true;
}
static_assert(one_middle_a_bin());

/// table[index], the index from 0 to 15.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F lookup_16(const float* table, typename Lanes<kLanes>::I index) {
  using F = typename Lanes<kLanes>::F;
#ifdef __AVX512F__
  if constexpr (kLanes == 16) return (F)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(table));
#endif
#ifdef __AVX2__
  if constexpr (kLanes == 8) {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i)index);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), (__m256i)index);
    // The blend looks at the sign: bit 3 of the index goes there.
    return (F)_mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32((__m256i)index, 28)));
  }
#endif
  F out{};
  for (int lane = 0; lane < kLanes; ++lane) out[lane] = table[index[lane]];
  return out;
}

/// kIq4Levels.
template <int kLanes>
struct Iq4Grid {
  using L = Lanes<kLanes>;
  static constexpr float kReach = 127;
  static constexpr float kMirrored = 0;
  static constexpr float kInside = 0;
  static constexpr int kLevels = 16;
  static constexpr float level(int code) { return kIq4Tables.level[code]; }
  static RUNG_INLINE typename L::I code(typename L::F target) {
    constexpr float kPerBin = 1.0f / Iq4Tables::kBinWidth;
    const auto place = target * kPerBin + (1.0f - Iq4Tables::kFirstEdge * kPerBin);
    const auto bin = L::to_int(L::clamp(place, L::splat(0.0f), L::splat(14.5f)));
    return bin - (target > lookup_16<kLanes>(kIq4Tables.middle, bin));  // a mask is -1
  }
  static RUNG_INLINE typename L::F nearest(typename L::F target) {
    return lookup_16<kLanes>(kIq4Tables.level, code(target));
  }
  static RUNG_INLINE typename L::F nearest_inside(typename L::F target) { return nearest(target); }
};

}  // namespace rung
