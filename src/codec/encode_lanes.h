// Four floats at a time for the encoders' inner sums, in the compilers' portable vector types: the same arithmetic in
// the same order on every machine, so encoded bytes never depend on the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rung {

using F4 = float __attribute__((vector_size(16)));
using I4 = int32_t __attribute__((vector_size(16)));
inline constexpr size_t kLanes = 4;

inline F4 splat(float value) { return F4{value, value, value, value}; }

inline F4 load_lanes(const float* from) {
  F4 lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

inline void store_lanes(F4 lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }

inline float sum_lanes(F4 lanes) { return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]); }

inline F4 min_lanes(F4 left, F4 right) { return left < right ? left : right; }
inline F4 max_lanes(F4 left, F4 right) { return left > right ? left : right; }

inline F4 clamp_lanes(F4 lanes, float low, float high) { return min_lanes(max_lanes(lanes, splat(low)), splat(high)); }

/// To the nearest integer, ties to even, for magnitudes below 2^22: adding 1.5 * 2^23 leaves no fraction bits.
inline F4 round_lanes(F4 lanes) {
  const F4 shift = splat(0x1.8p23f);
  return (lanes + shift) - shift;
}

}  // namespace rung
