// Signed bytes times signed bytes where the CPU has only unsigned times signed (maddubs): |w| times a with the sign of
// w. No step saturates: |w| <= 128 and |a| <= 127 make a pair of products at most 32512.
#include "kernels/kernels_avx2.h"

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/lanes_avx2.h"

namespace rung {
namespace {

constexpr size_t kTileRows = 8;

/// Sums of four products each, in 32-bit lanes; size and sign are |w| and w.
__m256i multiply_s8(__m256i size, __m256i sign, __m256i a) {
  return _mm256_madd_epi16(_mm256_maddubs_epi16(size, _mm256_sign_epi8(a, sign)), _mm256_set1_epi16(1));
}

/// The largest absolute value of 32 floats as bits, so that infinities and NaN are seen too.
uint32_t largest_bits(const __m256* in) {
  const __m256i absolute = _mm256_set1_epi32(0x7fffffff);
  __m256i best = _mm256_and_si256(_mm256_castps_si256(in[0]), absolute);
  for (int part = 1; part < 4; ++part)
    best = _mm256_max_epu32(best, _mm256_and_si256(_mm256_castps_si256(in[part]), absolute));
  __m128i four = _mm_max_epu32(_mm256_castsi256_si128(best), _mm256_extracti128_si256(best, 1));
  four = _mm_max_epu32(four, _mm_unpackhi_epi64(four, four));
  four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x55));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(four));
}

/// 32 codes in order from four registers of eight floats.
__m256i round_to_codes(const __m256* in, __m256 inverse) {
  __m256i whole[4];
  for (int part = 0; part < 4; ++part) whole[part] = _mm256_cvtps_epi32(_mm256_mul_ps(in[part], inverse));
  const __m256i mixed =
      _mm256_packs_epi16(_mm256_packs_epi32(whole[0], whole[1]), _mm256_packs_epi32(whole[2], whole[3]));
  return _mm256_permutevar8x32_epi32(mixed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// One load of 32 codes times 32 activations; factors holds scale products, pick the one each lane takes.
__m256 add_products(const int8_t* codes, const int8_t* x, __m256 factors, __m256i pick, __m256 sum) {
  const __m256i w = load32(codes);
  const __m256i products = multiply_s8(_mm256_abs_epi8(w), w, load32(x));
  return _mm256_fmadd_ps(_mm256_permutevar8x32_ps(factors, pick), _mm256_cvtepi32_ps(products), sum);
}

/// Eight groups of 32 at a time, then one at a time.
float dot_s8_g32_avx2(const CodeBlock& row, const QuantizedRows& x) {
  const size_t groups = row.values / 32;
  __m256 even = _mm256_setzero_ps(), odd = even, mins = even;
  size_t group = 0;
  for (; group + 8 <= groups; group += 8) {
    const __m256 factors = _mm256_mul_ps(_mm256_loadu_ps(row.scale + group), _mm256_loadu_ps(x.scales + group));
    if (row.min != nullptr)
      mins = _mm256_fmadd_ps(_mm256_loadu_ps(row.min + group), _mm256_loadu_ps(x.sums32 + group), mins);
    for (int pair = 0; pair < 8; pair += 2) {
      const size_t at = 32 * (group + static_cast<size_t>(pair));
      even = add_products(row.codes + at, x.codes + at, factors, _mm256_set1_epi32(pair), even);
      odd = add_products(row.codes + at + 32, x.codes + at + 32, factors, _mm256_set1_epi32(pair + 1), odd);
    }
  }
  float tail = 0;
  for (; group < groups; ++group) {
    const __m256 factor = _mm256_set1_ps(row.scale[group] * x.scales[group]);
    const size_t at = 32 * group;
    even = add_products(row.codes + at, x.codes + at, factor, _mm256_setzero_si256(), even);
    if (row.min != nullptr) tail += row.min[group] * x.sums32[group];
  }
  return sum_lanes(_mm256_sub_ps(_mm256_add_ps(even, odd), mins)) - tail;
}

/// Eight groups of 16, four activation scales, at a time; then two groups at a time.
float dot_s8_g16_avx2(const CodeBlock& row, const QuantizedRows& x) {
  const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
  const __m256i first_two = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
  const size_t groups = row.values / 16;
  __m256 even = _mm256_setzero_ps(), odd = even, mins = even;
  size_t group = 0;
  for (; group + 8 <= groups; group += 8) {
    const __m256 scales = _mm256_castps128_ps256(_mm_loadu_ps(x.scales + group / 2));
    const __m256 factors = _mm256_mul_ps(_mm256_loadu_ps(row.scale + group), _mm256_permutevar8x32_ps(scales, twice));
    if (row.min != nullptr)
      mins = _mm256_fmadd_ps(_mm256_loadu_ps(row.min + group), _mm256_loadu_ps(x.sums16 + group), mins);
    for (int pair = 0; pair < 8; pair += 4) {
      const size_t at = 16 * (group + static_cast<size_t>(pair));
      const __m256i pick = _mm256_add_epi32(first_two, _mm256_set1_epi32(pair));
      const __m256i next = _mm256_add_epi32(first_two, _mm256_set1_epi32(pair + 2));
      even = add_products(row.codes + at, x.codes + at, factors, pick, even);
      odd = add_products(row.codes + at + 32, x.codes + at + 32, factors, next, odd);
    }
  }
  float tail = 0;
  for (; group < groups; group += 2) {
    const float scale = x.scales[group / 2];
    const __m256 factors = _mm256_setr_ps(row.scale[group] * scale, row.scale[group + 1] * scale, 0, 0, 0, 0, 0, 0);
    const size_t at = 16 * group;
    even = add_products(row.codes + at, x.codes + at, factors, first_two, even);
    if (row.min != nullptr) tail += row.min[group] * x.sums16[group] + row.min[group + 1] * x.sums16[group + 1];
  }
  return sum_lanes(_mm256_sub_ps(_mm256_add_ps(even, odd), mins)) - tail;
}

float dot_s8_avx2(const CodeBlock& row, const QuantizedRows& x) {
  return row.group_values == 16 ? dot_s8_g16_avx2(row, x) : dot_s8_g32_avx2(row, x);
}

__m256i broadcast4(const int8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return _mm256_set1_epi32(four);
}

/// Eight rows by kTokens tokens over all groups of the tile.
template <size_t kTokens, size_t kGroup, bool kMins>
void gemm_s8_8xn(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, float* sums) {
  const float* const code_sums = (kGroup == 16 ? x.sums16 : x.sums32) + first_col / kGroup;
  const size_t sums_stride = x.cols / kGroup;
  const int8_t* weights = tile.codes;
  __m256 total[kTokens];
  for (size_t token = 0; token < kTokens; ++token) total[token] = _mm256_loadu_ps(sums + token * kTileRows);
  for (size_t group = 0; group < tile.values / kGroup; ++group) {
    const size_t first = first_col + group * kGroup;
    __m256i product[kTokens];
    for (size_t token = 0; token < kTokens; ++token) product[token] = _mm256_setzero_si256();
    for (size_t value = 0; value < kGroup; value += 4, weights += 4 * kTileRows) {
      const __m256i w = load32(weights);
      const __m256i size = _mm256_abs_epi8(w);
      for (size_t token = 0; token < kTokens; ++token) {
        const __m256i a = broadcast4(x.codes + token * x.cols + first + value);
        product[token] = _mm256_add_epi32(product[token], multiply_s8(size, w, a));
      }
    }
    const __m256 scale = _mm256_loadu_ps(tile.scale + group * kTileRows);
    for (size_t token = 0; token < kTokens; ++token) {
      const __m256 factor = _mm256_mul_ps(scale, _mm256_set1_ps(x.scales[token * (x.cols / 32) + first / 32]));
      total[token] = _mm256_fmadd_ps(factor, _mm256_cvtepi32_ps(product[token]), total[token]);
      if constexpr (kMins) {
        const __m256 min = _mm256_loadu_ps(tile.min + group * kTileRows);
        total[token] = _mm256_fnmadd_ps(min, _mm256_set1_ps(code_sums[token * sums_stride + group]), total[token]);
      }
    }
  }
  for (size_t token = 0; token < kTokens; ++token) _mm256_storeu_ps(sums + token * kTileRows, total[token]);
}

template <size_t kGroup, bool kMins>
void gemm_s8_8x4(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums) {
  size_t token = 0;
  for (; token + 4 <= tokens; token += 4)
    gemm_s8_8xn<4, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
  for (; token + 2 <= tokens; token += 2)
    gemm_s8_8xn<2, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
  if (token < tokens) gemm_s8_8xn<1, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
}

void gemm_s8_8x4_avx2(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums) {
  if (tile.group_values == 16) {
    if (tile.min != nullptr) return gemm_s8_8x4<16, true>(tile, x, first_col, tokens, sums);
    return gemm_s8_8x4<16, false>(tile, x, first_col, tokens, sums);
  }
  if (tile.min != nullptr) return gemm_s8_8x4<32, true>(tile, x, first_col, tokens, sums);
  gemm_s8_8x4<32, false>(tile, x, first_col, tokens, sums);
}

template <size_t kTokens>
void gemm_f32_8xn(const float* tile, size_t values, const float* x, size_t x_stride, float* sums) {
  __m256 total[kTokens];
  for (size_t token = 0; token < kTokens; ++token) total[token] = _mm256_setzero_ps();
  for (size_t value = 0; value < values; ++value) {
    const __m256 w = _mm256_loadu_ps(tile + value * kTileRows);
    for (size_t token = 0; token < kTokens; ++token)
      total[token] = _mm256_fmadd_ps(w, _mm256_set1_ps(x[token * x_stride + value]), total[token]);
  }
  for (size_t token = 0; token < kTokens; ++token) {
    float* const out = sums + token * kTileRows;
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), total[token]));
  }
}

void gemm_f32_8x8_avx2(const float* tile, size_t values, const float* x, size_t x_stride, size_t tokens, float* sums) {
  size_t token = 0;
  for (; token + 8 <= tokens; token += 8)
    gemm_f32_8xn<8>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
  for (; token + 4 <= tokens; token += 4)
    gemm_f32_8xn<4>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
  for (; token < tokens; ++token)
    gemm_f32_8xn<1>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
}

/// Eight by eight: 128-bit quarters land in place on loading, so that unpacking needs no lane crossing.
void interleave8(const uint32_t* in, size_t in_stride, uint32_t* out, size_t out_stride) {
  __m256i quarter[8];  // quarter[4 * half + row]: columns 4 * half .. of rows row and row + 4
  for (size_t half = 0; half < 2; ++half) {
    for (size_t row = 0; row < 4; ++row) {
      const auto* const low = reinterpret_cast<const __m128i*>(in + row * in_stride + 4 * half);
      const auto* const high = reinterpret_cast<const __m128i*>(in + (row + 4) * in_stride + 4 * half);
      quarter[4 * half + row] =
          _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(low)), _mm_loadu_si128(high), 1);
    }
  }
  for (size_t half = 0; half < 2; ++half) {
    const __m256i* const q = quarter + 4 * half;
    const __m256i low01 = _mm256_unpacklo_epi32(q[0], q[1]), high01 = _mm256_unpackhi_epi32(q[0], q[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(q[2], q[3]), high23 = _mm256_unpackhi_epi32(q[2], q[3]);
    const __m256i column[4] = {_mm256_unpacklo_epi64(low01, low23), _mm256_unpackhi_epi64(low01, low23),
                               _mm256_unpacklo_epi64(high01, high23), _mm256_unpackhi_epi64(high01, high23)};
    for (size_t index = 0; index < 4; ++index)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + (4 * half + index) * out_stride), column[index]);
  }
}

void interleave_tile_avx2(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out) {
  interleave_8_avx2(in, in_stride, count, out, kTileRows);
}

}  // namespace

QuantizedRows skip_tokens(const QuantizedRows& x, size_t token) {
  return {x.codes + token * x.cols,         x.scales + token * (x.cols / 32), x.offsets + token * (x.cols / 16),
          x.sums16 + token * (x.cols / 16), x.sums32 + token * (x.cols / 32), x.cols};
}

void quantize_row_avx2(const float* x, size_t values, const QuantizedRowOut& out) {
  for (size_t group = 0; group < values / 32; ++group) {
    __m256 in[4];
    for (size_t part = 0; part < 4; ++part) in[part] = _mm256_loadu_ps(x + 32 * group + 8 * part);
    const uint32_t largest = largest_bits(in);
    float amax;
    std::memcpy(&amax, &largest, sizeof amax);
    const bool finite = largest < 0x7f800000u;
    const bool some = finite && amax >= 0x1p-118f;  // as in the scalar version
    const float scale = some ? amax / 127.0f : finite ? 0.0f : __builtin_nanf("");
    const __m256i codes = some ? round_to_codes(in, _mm256_set1_ps(127.0f / amax)) : _mm256_setzero_si256();
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.codes + 32 * group), codes);
    const __m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), codes), _mm256_set1_epi16(1));
    const int32_t sum0 = sum_lanes(_mm256_castsi256_si128(fours));
    const int32_t sum1 = sum_lanes(_mm256_extracti128_si256(fours, 1));
    out.scales[group] = scale;
    out.offsets[2 * group] = -128 * sum0;
    out.offsets[2 * group + 1] = -128 * sum1;
    out.sums16[2 * group] = scale * static_cast<float>(sum0);
    out.sums16[2 * group + 1] = scale * static_cast<float>(sum1);
    out.sums32[group] = scale * static_cast<float>(sum0 + sum1);
  }
}

void dequantize_avx2(const CodeBlock& row, float* out) {
  for (size_t value = 0; value < row.values; value += 8) {
    const size_t group = value / row.group_values;
    const __m128i codes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(row.codes + value));
    const __m256 whole = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
    __m256 result = _mm256_mul_ps(_mm256_set1_ps(row.scale[group]), whole);
    if (row.min != nullptr) result = _mm256_sub_ps(result, _mm256_set1_ps(row.min[group]));
    _mm256_storeu_ps(out + value, result);
  }
}

void interleave_8_avx2(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out, size_t out_stride) {
  size_t index = 0;
  for (; index + 8 <= count; index += 8) interleave8(in + index, in_stride, out + index * out_stride, out_stride);
  for (; index < count; ++index)
    for (size_t row = 0; row < 8; ++row) out[index * out_stride + row] = in[row * in_stride + index];
}

const KernelTable kKernelsAvx2 = {
    .tile_rows = kTileRows,
    .gemm_s8_from = 4,
    .gemm_f32_from = 8,
    .quantize_row = quantize_row_avx2,
    .dot_s8 = dot_s8_avx2,
    .gemm_s8 = gemm_s8_8x4_avx2,
    .gemm_f32 = gemm_f32_8x8_avx2,
    .interleave = interleave_tile_avx2,
    .dequantize = dequantize_avx2,
};

}  // namespace rung
