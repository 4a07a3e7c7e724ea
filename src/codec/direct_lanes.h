// Plain rounding of 32-value blocks at the speed of memory, for formats whose scale follows from the block's largest
// value: a block's values lie along a vector instead of across, so that nothing is transposed; only the scales of
// kLanes blocks are computed side by side. The largest of values is the same in any order and no sums are formed, so
// here too the lane count never shows.
#pragma once

#include "codec/exact_lanes.h"
#include "codec/level_grids.h"

namespace rung {

/// The larger of elements n, n + 4, n + 8, ... in to[n], n from 0 to 3.
template <int kLanes>
RUNG_INLINE void largest_of_four(typename Lanes<kLanes>::F lanes, float* to) {
  if constexpr (kLanes == 4) {
    Lanes<4>::store(lanes, to);
  } else if constexpr (kLanes == 8) {
    largest_of_four<4>(Lanes<4>::max(__builtin_shufflevector(lanes, lanes, 0, 1, 2, 3),
                                     __builtin_shufflevector(lanes, lanes, 4, 5, 6, 7)),
                       to);
  } else {
    largest_of_four<8>(Lanes<8>::max(__builtin_shufflevector(lanes, lanes, 0, 1, 2, 3, 4, 5, 6, 7),
                                     __builtin_shufflevector(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15)),
                       to);
  }
}

/// The low bytes of sixteen elements that follow each other in 16 / kLanes vectors.
template <int kLanes>
RUNG_INLINE void store_sixteen(const typename Lanes<kLanes>::I* parts, uint8_t* to) {
#ifdef __AVX2__
  if constexpr (kLanes == 8) {
    const __m256i pairs = _mm256_packs_epi32((__m256i)(parts[0] & 255), (__m256i)(parts[1] & 255));
    const __m256i ordered = _mm256_permute4x64_epi64(pairs, 0xd8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1)));
    return;
  }
#endif
#ifdef __SSE2__
  if constexpr (kLanes == 4) {
    const __m128i low = _mm_packs_epi32((__m128i)(parts[0] & 255), (__m128i)(parts[1] & 255));
    const __m128i high = _mm_packs_epi32((__m128i)(parts[2] & 255), (__m128i)(parts[3] & 255));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(low, high));
    return;
  }
#endif
  for (int part = 0; part < 16 / kLanes; ++part) Lanes<kLanes>::store_bytes(parts[part], to + part * kLanes);
}

/// What is known of kLanes blocks after reading them once.
template <int kLanes>
struct BlockExtremes {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  float above[kLanes][4];  ///< the maximum is the largest of a row's four
  float below[kLanes][4];  ///< the same for the negated values
  bool few_bits = false;   ///< in some block, all values have few significant bits: see has_few_bits

  RUNG_INLINE void read(const float* values, int lane) {
    F high = L::load(values), low = -high;
    auto used = L::bits(high);
    for (int k = kLanes; k < 32; k += kLanes) {
      const F part = L::load(values + k);
      used |= L::bits(part);
      high = L::max(high, part);
      low = L::max(low, -part);
    }
    few_bits |= !L::any(used & kLowBits);
    largest_of_four<kLanes>(high, above[lane]);
    largest_of_four<kLanes>(low, below[lane]);
  }
  static RUNG_INLINE F largest(const float (&fours)[kLanes][4]) {
    const float* rows[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) rows[lane] = fours[lane];
    F of_rows[4];
    load_four<kLanes>(rows, 0, of_rows);
    return L::max(L::max(of_rows[0], of_rows[1]), L::max(of_rows[2], of_rows[3]));
  }
};

/// scale_of(maximum, minimum) gives the wanted scales of kLanes blocks; store_block(values, half, 1 / scale, block)
/// rounds and writes one. Blocks that lie on the format's grid keep their exact scale.
template <class Grid, int kLanes, class Block, class ScaleOf, class StoreBlock>
RUNG_INLINE void round_blocks(const EncodeInput& input, uint8_t* blocks, ScaleOf scale_of, StoreBlock store_block) {
  using L = Lanes<kLanes>;
  const size_t count = input.rows * input.columns / 32;
  Block* out = reinterpret_cast<Block*>(blocks);
  for (size_t first = 0; first < count; first += kLanes) {
    const int real = count - first < kLanes ? static_cast<int>(count - first) : kLanes;
    const float* values[kLanes];
    BlockExtremes<kLanes> extremes;
    for (int lane = 0; lane < kLanes; ++lane) {
      values[lane] = input.values + (first + static_cast<size_t>(lane < real ? lane : real - 1)) * 32;
      extremes.read(values[lane], lane);
    }
    auto half = L::to_half(scale_of(extremes.largest(extremes.above), -extremes.largest(extremes.below)));
    if (extremes.few_bits) {
      BlockLanes<kLanes, 32> loaded;
      load_values<kLanes, 32>(values, loaded);
      prefer_exact_half<Grid, kLanes, 32>(loaded, half);
    }
    float inverse[kLanes];
    int32_t halves[kLanes];
    L::store(L::safe_inverse(L::from_half(half)), inverse);
    L::store(half, halves);
    for (int lane = 0; lane < real; ++lane)
      store_block(values[lane], static_cast<uint16_t>(halves[lane]), inverse[lane],
                  out[first + static_cast<size_t>(lane)]);
  }
}

}  // namespace rung
