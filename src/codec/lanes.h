// N floats at a time, one lane a block: the encoders' arithmetic. Every lane does the same IEEE operations in the same
// order whatever N is, so an encoder written once over Lanes<N> gives the same bytes with 4 lanes (the portable
// specification), 8 (AVX2) and 16 (AVX-512). Only code in leaf files may instantiate Lanes<8> and Lanes<16>; headers
// that such files include hold templates over the lane count or always-inlined functions, and call no std:: function,
// so that the linker never shares their code with other instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#ifdef __SSE2__
#include <immintrin.h>
#endif
#if defined(__AVX512F__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"  // gcc bug 105593: its own intrinsics look uninitialised to it
#endif

#define RUNG_INLINE inline __attribute__((always_inline))

namespace rung {

/// The compilers' portable vector types. Spelt out: GCC 12 loses the attribute where the size depends on a template.
template <int kLanes>
struct LaneTypes;
#define RUNG_LANE_TYPES(lanes)                                 \
  template <>                                                  \
  struct LaneTypes<lanes> {                                    \
    typedef float F __attribute__((vector_size(4 * lanes)));   \
    typedef int32_t I __attribute__((vector_size(4 * lanes))); \
    typedef uint8_t B __attribute__((vector_size(lanes)));     \
  };
RUNG_LANE_TYPES(4)
RUNG_LANE_TYPES(8)
RUNG_LANE_TYPES(16)
#undef RUNG_LANE_TYPES

template <int kLanes>
struct Lanes {
  static constexpr int kCount = kLanes;
  using F = typename LaneTypes<kLanes>::F;
  using I = typename LaneTypes<kLanes>::I;  ///< also masks: all ones where true
  using B = typename LaneTypes<kLanes>::B;

  static RUNG_INLINE F splat(float value) { return F{} + value; }
  static RUNG_INLINE I splat_int(int value) { return I{} + value; }
  static RUNG_INLINE F load(const float* from) {
    F lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  }
  static RUNG_INLINE I load(const int32_t* from) {
    I lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  }
  static RUNG_INLINE void store(F lanes, float* to) { std::memcpy(to, &lanes, sizeof lanes); }
  static RUNG_INLINE void store(I lanes, int32_t* to) { std::memcpy(to, &lanes, sizeof lanes); }
  /// The low byte of every lane.
  static RUNG_INLINE void store_bytes(I lanes, uint8_t* to) {
    const B bytes = __builtin_convertvector(lanes, B);
    std::memcpy(to, &bytes, sizeof bytes);
  }
  static RUNG_INLINE I load_bytes(const uint8_t* from) {
    B bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, I);
  }

  static RUNG_INLINE F select(I mask, F yes, F no) { return mask ? yes : no; }
  static RUNG_INLINE I select(I mask, I yes, I no) { return mask ? yes : no; }
  /// select(mask, sum + value, sum) for sums that began with 0, which are never -0.
  static RUNG_INLINE F add_where(I mask, F sum, F value) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) return select(mask, sum + value, sum);  // one instruction
#endif
    return sum + from_bits(bits(value) & mask);
  }
  static RUNG_INLINE bool any(I mask) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) return _mm256_movemask_epi8((__m256i)mask) != 0;
#endif
    int32_t all[kLanes], or_of_all = 0;
    std::memcpy(all, &mask, sizeof mask);
    for (int lane = 0; lane < kLanes; ++lane) or_of_all |= all[lane];
    return or_of_all != 0;
  }

  /// left < right ? left : right.
  static RUNG_INLINE F min(F left, F right) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) return (F)_mm512_min_ps((__m512)left, (__m512)right);
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) return (F)_mm256_min_ps((__m256)left, (__m256)right);
#endif
    return left < right ? left : right;
  }
  /// left > right ? left : right.
  static RUNG_INLINE F max(F left, F right) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) return (F)_mm512_max_ps((__m512)left, (__m512)right);
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) return (F)_mm256_max_ps((__m256)left, (__m256)right);
#endif
    return left > right ? left : right;
  }
  /// min() and < for floats that are neither negative nor NaN: their bits stand in the same order, and integers are
  /// compared at twice the rate.
  static RUNG_INLINE F min_of_bits(F left, F right) {
    if constexpr (kLanes < 8) return min(left, right);  // SSE2 has no minimum of 32-bit integers
    return from_bits(min(bits(left), bits(right)));
  }
  static RUNG_INLINE I less_by_bits(F left, F right) { return bits(left) < bits(right); }
  static RUNG_INLINE I min(I left, I right) { return left < right ? left : right; }
  static RUNG_INLINE I max(I left, I right) { return left > right ? left : right; }
  static RUNG_INLINE F clamp(F lanes, F low, F high) { return min(max(lanes, low), high); }

  static RUNG_INLINE F sqrt(F lanes) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) return (F)_mm512_sqrt_ps((__m512)lanes);
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) return (F)_mm256_sqrt_ps((__m256)lanes);
#endif
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] = __builtin_sqrtf(lanes[lane]);
    return lanes;
  }

  static RUNG_INLINE I bits(F lanes) { return (I)lanes; }
  static RUNG_INLINE F from_bits(I lanes) { return (F)lanes; }
  static RUNG_INLINE F abs(F lanes) { return from_bits(bits(lanes) & 0x7fffffff); }
  static RUNG_INLINE F copy_sign(F magnitude, F sign) {
    return from_bits((bits(magnitude) & 0x7fffffff) | (bits(sign) & splat_int(INT32_MIN)));
  }
  static RUNG_INLINE F to_float(I lanes) { return __builtin_convertvector(lanes, F); }
  /// Toward zero; magnitudes below 2^31.
  static RUNG_INLINE I to_int(F lanes) { return __builtin_convertvector(lanes, I); }
  /// To the nearest integer, ties to even, for magnitudes below 2^22: adding 1.5 * 2^23 leaves no fraction bits.
  static RUNG_INLINE F round(F lanes) { return (lanes + kRounder) - kRounder; }

  /// round(clamp(lanes, low, high)) for whole low and high of magnitudes below 2^22; any float but NaN.
  static RUNG_INLINE F round_between(F lanes, int low, int high) {
    return from_bits(rounder_bits(lanes, low, high)) - kRounder;
  }
  /// The same as an integer.
  static RUNG_INLINE I int_between(F lanes, int low, int high) { return rounder_bits(lanes, low, high) - kRounderBits; }

  /// 1 / value, and 0 where that would overflow: such a scale decodes everything to about zero anyway.
  static RUNG_INLINE F safe_inverse(F value) {
    const I large = abs(value) > splat(1e-36f);
    return from_bits(bits(1.0f / select(large, value, splat(1.0f))) & large);
  }

  /// The bits of the nearest half, ties to even; beyond its range the largest one of that sign, never infinity.
  static RUNG_INLINE I to_half(F lanes) {
    const I magnitude = bits(lanes) & 0x7fffffff;
    const I sign = (bits(lanes) >> 16) & 0x8000;
    const I odd = (magnitude >> 13) & 1;
    const I normal = (magnitude - 0x38000000 + 0xfff + odd) >> 13;
    // Below the smallest normal half: adding 0.5 lets the float unit round at 2^-24.
    const I tiny = bits(from_bits(magnitude) + 0.5f) - 0x3f000000;
    return sign | min(select(magnitude < splat_int(0x38800000), tiny, normal), splat_int(0x7bff));
  }
  /// Exact; not for infinities and NaN.
  static RUNG_INLINE F from_half(I half) {
    const I normal = ((half & 0x7fff) << 13) + 0x38000000;
    const I tiny = bits(to_float(half & 0x3ff) * 0x1p-24f);
    return from_bits(select((half & 0x7c00) == splat_int(0), tiny, normal) | ((half & 0x8000) << 16));
  }

 private:
  static constexpr float kRounder = 0x1.8p23f;
  static constexpr int32_t kRounderBits = 0x4b400000;

  /// Of kRounder plus the rounded and clamped lanes. Clamped as integers where the instruction set has their minimum:
  /// there are twice as many units for them. (The order is that of the floats; all negative ones are below low.)
  static RUNG_INLINE I rounder_bits(F lanes, int low, int high) {
    if constexpr (kLanes < 8) {
      return bits(clamp(lanes, splat(static_cast<float>(low)), splat(static_cast<float>(high))) + kRounder);
    }
    return min(max(bits(lanes + kRounder), splat_int(kRounderBits + low)), splat_int(kRounderBits + high));
  }
};

}  // namespace rung
