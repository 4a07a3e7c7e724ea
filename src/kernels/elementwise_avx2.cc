#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/elementwise_table.h"
#include "kernels/lanes_avx2.h"

namespace rung {
namespace {

/// All ones in the first `count` lanes (count <= 8).
__m256i first_lanes(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// x[index..] for the lanes below n, zero in the others.
__m256 load_up_to(const float* x, size_t index, size_t n) {
  if (index + 8 <= n) return _mm256_loadu_ps(x + index);
  return _mm256_maskload_ps(x + index, first_lanes(n - index));
}

void store_up_to(float* x, size_t index, size_t n, __m256 value) {
  if (index + 8 <= n) return _mm256_storeu_ps(x + index, value);
  _mm256_maskstore_ps(x + index, first_lanes(n - index), value);
}

float dot_f32_avx2(const float* a, const float* b, size_t n) {
  __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  size_t at = 0;
  for (; at + 32 <= n; at += 32) {
    sum0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at), _mm256_loadu_ps(b + at), sum0);
    sum1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 8), _mm256_loadu_ps(b + at + 8), sum1);
    sum2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 16), _mm256_loadu_ps(b + at + 16), sum2);
    sum3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + at + 24), _mm256_loadu_ps(b + at + 24), sum3);
  }
  for (; at < n; at += 8) sum0 = _mm256_fmadd_ps(load_up_to(a, at, n), load_up_to(b, at, n), sum0);
  return sum_lanes(_mm256_add_ps(_mm256_add_ps(sum0, sum1), _mm256_add_ps(sum2, sum3)));
}

void dot_rows_f32_avx2(const float* q, const float* k, size_t rows, size_t dim, float scale, float* out) {
  for (size_t row = 0; row < rows; ++row) out[row] = scale * dot_f32_avx2(q, k + row * dim, dim);
}

/// Four rows a pass, so that out is read and written a quarter as often.
void weighted_sum_f32_avx2(const float* w, const float* v, size_t rows, size_t dim, float* out) {
  size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    const __m256 w0 = _mm256_set1_ps(w[row]), w1 = _mm256_set1_ps(w[row + 1]);
    const __m256 w2 = _mm256_set1_ps(w[row + 2]), w3 = _mm256_set1_ps(w[row + 3]);
    const float* const v0 = v + row * dim;
    for (size_t at = 0; at < dim; at += 8) {
      __m256 sum = load_up_to(out, at, dim);
      sum = _mm256_fmadd_ps(w0, load_up_to(v0, at, dim), sum);
      sum = _mm256_fmadd_ps(w1, load_up_to(v0 + dim, at, dim), sum);
      sum = _mm256_fmadd_ps(w2, load_up_to(v0 + 2 * dim, at, dim), sum);
      sum = _mm256_fmadd_ps(w3, load_up_to(v0 + 3 * dim, at, dim), sum);
      store_up_to(out, at, dim, sum);
    }
  }
  for (; row < rows; ++row) {
    const __m256 weight = _mm256_set1_ps(w[row]);
    for (size_t at = 0; at < dim; at += 8)
      store_up_to(out, at, dim, _mm256_fmadd_ps(weight, load_up_to(v + row * dim, at, dim), load_up_to(out, at, dim)));
  }
}

/// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2 with ln 2 in two parts (Cody and Waite), exp(r) by its
/// Taylor series to r^7/7! (remainder below 2^-27 of the value there). 2^n is applied in two factors so that results
/// may be subnormal, 0 or infinite. NaN stays NaN: max and min return their second operand.
__m256 exp_avx2(__m256 x) {
  x = _mm256_min_ps(_mm256_set1_ps(89.0f), _mm256_max_ps(_mm256_set1_ps(-105.0f), x));
  const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(0x1.715476p+0f)), _MM_FROUND_TO_NEAREST_INT | 8);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.62e4p-1f), x);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0x1.7f7d1cp-20f), r);
  __m256 p = _mm256_set1_ps(1.0f / 5040);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 720));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 120));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 24));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f / 6));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0.5f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
  const __m256i whole = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256i rest = _mm256_sub_epi32(whole, half);
  const __m256 factor0 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const __m256 factor1 = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(p, factor0), factor1);
}

float exp_sum_f32_avx2(float* x, size_t n, float shift) {
  const __m256 shifts = _mm256_set1_ps(shift);
  __m256d low = _mm256_setzero_pd(), high = low;
  for (size_t at = 0; at < n; at += 8) {
    __m256 value = exp_avx2(_mm256_sub_ps(load_up_to(x, at, n), shifts));
    store_up_to(x, at, n, value);
    if (at + 8 > n) value = _mm256_and_ps(value, _mm256_castsi256_ps(first_lanes(n - at)));
    low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(value)));
    high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(value, 1)));
  }
  return static_cast<float>(sum_lanes(_mm256_add_pd(low, high)));
}

float max_f32_avx2(const float* x, size_t n) {
  const __m256 least = _mm256_set1_ps(-__builtin_inff());
  __m256 best = least;
  for (size_t at = 0; at < n; at += 8) {
    __m256 value = load_up_to(x, at, n);
    if (at + 8 > n) value = _mm256_blendv_ps(least, value, _mm256_castsi256_ps(first_lanes(n - at)));
    best = _mm256_max_ps(value, best);
  }
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(best), _mm256_extractf128_ps(best, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

void rms_norm_f32_avx2(const float* x, const float* weight, size_t n, float epsilon, float* out) {
  __m256d low = _mm256_setzero_pd(), high = low;
  for (size_t at = 0; at < n; at += 8) {
    const __m256 value = load_up_to(x, at, n);
    const __m256d first = _mm256_cvtps_pd(_mm256_castps256_ps128(value));
    const __m256d second = _mm256_cvtps_pd(_mm256_extractf128_ps(value, 1));
    low = _mm256_fmadd_pd(first, first, low);
    high = _mm256_fmadd_pd(second, second, high);
  }
  const double mean = sum_lanes(_mm256_add_pd(low, high)) / static_cast<double>(n);
  const __m128d root = _mm_sqrt_sd(_mm_setzero_pd(), _mm_set_sd(mean + static_cast<double>(epsilon)));
  const __m256 scale = _mm256_set1_ps(static_cast<float>(1.0 / _mm_cvtsd_f64(root)));
  for (size_t at = 0; at < n; at += 8)
    store_up_to(out, at, n, _mm256_mul_ps(_mm256_mul_ps(load_up_to(x, at, n), scale), load_up_to(weight, at, n)));
}

void swiglu_f32_avx2(float* gate, const float* up, size_t n) {
  const __m256 one = _mm256_set1_ps(1.0f);
  for (size_t at = 0; at < n; at += 8) {
    const __m256 value = load_up_to(gate, at, n);
    const __m256 decay = exp_avx2(_mm256_sub_ps(_mm256_setzero_ps(), value));
    const __m256 silu = _mm256_div_ps(value, _mm256_add_ps(one, decay));
    store_up_to(gate, at, n, _mm256_mul_ps(silu, load_up_to(up, at, n)));
  }
}

void axpy_f32_avx2(float scale, const float* x, size_t n, float* out) {
  const __m256 factor = _mm256_set1_ps(scale);
  for (size_t at = 0; at < n; at += 8)
    store_up_to(out, at, n, _mm256_fmadd_ps(factor, load_up_to(x, at, n), load_up_to(out, at, n)));
}

void scale_f32_avx2(float scale, size_t n, float* x) {
  const __m256 factor = _mm256_set1_ps(scale);
  for (size_t at = 0; at < n; at += 8) store_up_to(x, at, n, _mm256_mul_ps(factor, load_up_to(x, at, n)));
}

void rope_halves_avx2(float* head, const float* cosine, const float* sine, size_t pairs) {
  for (size_t at = 0; at < pairs; at += 8) {
    const __m256 first = load_up_to(head, at, pairs), second = load_up_to(head + pairs, at, pairs);
    const __m256 c = load_up_to(cosine, at, pairs), s = load_up_to(sine, at, pairs);
    store_up_to(head, at, pairs, _mm256_fmsub_ps(first, c, _mm256_mul_ps(second, s)));
    store_up_to(head + pairs, at, pairs, _mm256_fmadd_ps(first, s, _mm256_mul_ps(second, c)));
  }
}

void rope_adjacent_avx2(float* head, const float* cosine, const float* sine, size_t pairs) {
  const __m256i spread = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  size_t pair = 0;
  for (; pair + 4 <= pairs; pair += 4) {
    const __m256 value = _mm256_loadu_ps(head + 2 * pair);
    const __m256 c = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(cosine + pair)), spread);
    const __m256 s = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(sine + pair)), spread);
    const __m256 swapped = _mm256_permute_ps(value, 0xb1);
    _mm256_storeu_ps(head + 2 * pair, _mm256_fmaddsub_ps(value, c, _mm256_mul_ps(swapped, s)));
  }
  for (; pair < pairs; ++pair) {
    const float first = head[2 * pair], second = head[2 * pair + 1];
    head[2 * pair] = first * cosine[pair] - second * sine[pair];
    head[2 * pair + 1] = first * sine[pair] + second * cosine[pair];
  }
}

void rope_f32_avx2(float* head, const float* cosine, const float* sine, size_t pairs, bool adjacent) {
  if (adjacent) return rope_adjacent_avx2(head, cosine, sine, pairs);
  rope_halves_avx2(head, cosine, sine, pairs);
}

void half_to_float_avx2(const uint16_t* in, size_t n, float* out) {
  size_t at = 0;
  for (; at + 8 <= n; at += 8)
    _mm256_storeu_ps(out + at, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at))));
  for (; at < n; ++at) out[at] = _cvtsh_ss(in[at]);
}

void float_to_half_avx2(const float* in, size_t n, uint16_t* out) {
  size_t at = 0;
  for (; at + 8 <= n; at += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at),
                     _mm256_cvtps_ph(_mm256_loadu_ps(in + at), _MM_FROUND_TO_NEAREST_INT));
  for (; at < n; ++at) out[at] = _cvtss_sh(in[at], _MM_FROUND_TO_NEAREST_INT);
}

void bfloat16_to_float_avx2(const uint16_t* in, size_t n, float* out) {
  size_t at = 0;
  for (; at + 8 <= n; at += 8) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + at)));
    _mm256_storeu_ps(out + at, _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16)));
  }
  for (; at < n; ++at) {
    const __m128i one = _mm_slli_epi32(_mm_cvtsi32_si128(in[at]), 16);
    _mm_store_ss(out + at, _mm_castsi128_ps(one));
  }
}

}  // namespace

const ElementwiseTable kElementwiseAvx2 = {
    .dot = dot_f32_avx2,
    .dot_rows = dot_rows_f32_avx2,
    .weighted_sum = weighted_sum_f32_avx2,
    .exp_sum = exp_sum_f32_avx2,
    .max = max_f32_avx2,
    .rms_norm = rms_norm_f32_avx2,
    .swiglu = swiglu_f32_avx2,
    .axpy = axpy_f32_avx2,
    .scale = scale_f32_avx2,
    .rope = rope_f32_avx2,
    .half_to_float = half_to_float_avx2,
    .float_to_half = float_to_half_avx2,
    .bfloat16_to_float = bfloat16_to_float_avx2,
};

}  // namespace rung
