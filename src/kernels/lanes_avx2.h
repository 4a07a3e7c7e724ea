// Small vector helpers of the AVX2 leaf files. Only *_avx2.cc may include this: static, so that no copy compiled for
// AVX2 is ever shared with other code.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace rung {

[[maybe_unused]] static inline __m256i load32(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

[[maybe_unused]] static inline float sum_lanes(__m256 v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

[[maybe_unused]] static inline int32_t sum_lanes(__m128i v) {
  const __m128i two = _mm_add_epi32(v, _mm_unpackhi_epi64(v, v));
  return _mm_cvtsi128_si32(two) + _mm_extract_epi32(two, 1);
}

[[maybe_unused]] static inline double sum_lanes(__m256d v) {
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

}  // namespace rung
