// vpdpbusd multiplies unsigned by signed bytes: weights enter as code + 128 (a flipped top bit) and 128 times the sum
// of the activations is taken away again, exactly, in integers.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/kernels_avx2.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // gcc bug 105593: its own intrinsics look uninitialised to it
#endif

namespace rung {
namespace {

constexpr size_t kTileRows = 16;

__m512i load64(const void* from) { return _mm512_loadu_si512(from); }

__m512i add_128(__m512i codes) { return _mm512_xor_si512(codes, _mm512_set1_epi8(-128)); }

/// 64 codes times 64 activations: sums of four products in 32-bit lanes, as floats.
__m512 multiply_s8(__m512i codes, __m512i x) {
  const __m512i zero = _mm512_setzero_si512();
  const __m512i excess = _mm512_dpbusd_epi32(zero, _mm512_set1_epi8(-128), x);
  return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_dpbusd_epi32(zero, add_128(codes), x), excess));
}

/// Lane indices that spread the scales of 64 values from `first` on over the lanes of their products.
template <size_t kGroup>
__m512i spread_from(int first) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_add_epi32(_mm512_srli_epi32(lane, kGroup == 32 ? 3 : 2), _mm512_set1_epi32(first));
}

/// scale_w * scale_a of the groups of up to 256 values, a group a lane; `groups` has a bit for each that exists.
template <size_t kGroup>
__m512 scale_products(const float* scale, const float* x_scale, __mmask16 groups) {
  if constexpr (kGroup == 32)
    return _mm512_mul_ps(_mm512_maskz_loadu_ps(groups, scale), _mm512_maskz_loadu_ps(groups, x_scale));
  const __mmask16 pairs = static_cast<__mmask16>(_pext_u32(groups, 0x5555u));
  const __m512 wide = _mm512_permutexvar_ps(_mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7),
                                            _mm512_maskz_loadu_ps(pairs, x_scale));
  return _mm512_mul_ps(_mm512_maskz_loadu_ps(groups, scale), wide);
}

/// 256 values at a time, then what is left under masks.
template <size_t kGroup>
float dot_s8(const CodeBlock& row, const QuantizedRows& x) {
  constexpr size_t kStep = 256 / kGroup;
  constexpr int kGroupsOfLoad = 64 / kGroup;
  const float* const code_sums = kGroup == 16 ? x.sums16 : x.sums32;
  __m512 sum[4] = {};
  __m512 mins = _mm512_setzero_ps();
  for (size_t first = 0; first < row.values; first += 256) {
    const size_t left = row.values - first < 256 ? row.values - first : 256;
    const size_t group = first / kGroup;
    const __mmask16 groups = static_cast<__mmask16>(_bzhi_u32((1u << kStep) - 1, static_cast<unsigned>(left / kGroup)));
    const __m512 factors = scale_products<kGroup>(row.scale + group, x.scales + first / 32, groups);
    if (row.min != nullptr)
      mins = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(groups, row.min + group),
                             _mm512_maskz_loadu_ps(groups, code_sums + group), mins);
    for (size_t part = 0; part < 4 && 64 * part < left; ++part) {
      const __mmask64 bytes = left - 64 * part < 64 ? 0xffffffffu : ~__mmask64{0};
      const __m512 products = multiply_s8(_mm512_maskz_loadu_epi8(bytes, row.codes + first + 64 * part),
                                          _mm512_maskz_loadu_epi8(bytes, x.codes + first + 64 * part));
      const __m512i spread = spread_from<kGroup>(static_cast<int>(part) * kGroupsOfLoad);
      sum[part] = _mm512_fmadd_ps(_mm512_permutexvar_ps(spread, factors), products, sum[part]);
    }
  }
  const __m512 total = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
  return _mm512_reduce_add_ps(_mm512_sub_ps(total, mins));
}

float dot_s8_avx512(const CodeBlock& row, const QuantizedRows& x) {
  return row.group_values == 16 ? dot_s8<16>(row, x) : dot_s8<32>(row, x);
}

__m512i broadcast4(const int8_t* from) {
  int32_t four;
  std::memcpy(&four, from, sizeof four);
  return _mm512_set1_epi32(four);
}

/// 16 values of 16 rows against one token, exact: w holds code + 128.
__m512i multiply16(const __m512i* w, const int8_t* codes, int32_t offset) {
  __m512i product = _mm512_set1_epi32(offset);
  for (size_t quad = 0; quad < 4; ++quad) product = _mm512_dpbusd_epi32(product, w[quad], broadcast4(codes + 4 * quad));
  return product;
}

/// Sixteen rows by kTokens tokens over all groups of the tile, 32 values a step.
template <size_t kTokens, size_t kGroup, bool kMins>
void gemm_s8_16xn(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, float* sums) {
  const size_t scale_stride = x.cols / 32;
  __m512 total[kTokens];
  for (size_t token = 0; token < kTokens; ++token) total[token] = _mm512_loadu_ps(sums + token * kTileRows);
  for (size_t step = 0; step < tile.values / 32; ++step) {
    const size_t at = first_col / 32 + step;
    __m512i w[8];
    for (size_t quad = 0; quad < 8; ++quad) w[quad] = add_128(load64(tile.codes + (8 * step + quad) * 4 * kTileRows));
    const size_t group = step * (32 / kGroup) * kTileRows;
    const __m512 scale = _mm512_loadu_ps(tile.scale + group);
    for (size_t token = 0; token < kTokens; ++token) {
      const int8_t* const codes = x.codes + token * x.cols + 32 * at;
      const int32_t* const offsets = x.offsets + 2 * (token * scale_stride + at);
      const __m512i first = multiply16(w, codes, offsets[0]);
      const __m512i second = multiply16(w + 4, codes + 16, offsets[1]);
      const __m512 x_scale = _mm512_set1_ps(x.scales[token * scale_stride + at]);
      if constexpr (kGroup == 32) {
        const __m512 product = _mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
        total[token] = _mm512_fmadd_ps(product, _mm512_mul_ps(scale, x_scale), total[token]);
      } else {
        const __m512 scale2 = _mm512_loadu_ps(tile.scale + group + kTileRows);
        const __m512 scaled = _mm512_mul_ps(scale2, _mm512_cvtepi32_ps(second));
        total[token] =
            _mm512_fmadd_ps(_mm512_fmadd_ps(_mm512_cvtepi32_ps(first), scale, scaled), x_scale, total[token]);
      }
      if constexpr (kMins) {
        const float* const code_sums =
            kGroup == 16 ? x.sums16 + 2 * (token * scale_stride + at) : x.sums32 + token * scale_stride + at;
        for (size_t part = 0; part < 32 / kGroup; ++part)
          total[token] = _mm512_fnmadd_ps(_mm512_loadu_ps(tile.min + group + part * kTileRows),
                                          _mm512_set1_ps(code_sums[part]), total[token]);
      }
    }
  }
  for (size_t token = 0; token < kTokens; ++token) _mm512_storeu_ps(sums + token * kTileRows, total[token]);
}

template <size_t kGroup, bool kMins>
void gemm_s8_16x8(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums) {
  size_t token = 0;
  for (; token + 8 <= tokens; token += 8)
    gemm_s8_16xn<8, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
  for (; token + 4 <= tokens; token += 4)
    gemm_s8_16xn<4, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
  for (; token + 2 <= tokens; token += 2)
    gemm_s8_16xn<2, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
  if (token < tokens) gemm_s8_16xn<1, kGroup, kMins>(tile, skip_tokens(x, token), first_col, sums + token * kTileRows);
}

void gemm_s8_16x8_avx512(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums) {
  if (tile.group_values == 16) {
    if (tile.min != nullptr) return gemm_s8_16x8<16, true>(tile, x, first_col, tokens, sums);
    return gemm_s8_16x8<16, false>(tile, x, first_col, tokens, sums);
  }
  if (tile.min != nullptr) return gemm_s8_16x8<32, true>(tile, x, first_col, tokens, sums);
  gemm_s8_16x8<32, false>(tile, x, first_col, tokens, sums);
}

template <size_t kTokens>
void gemm_f32_16xn(const float* tile, size_t values, const float* x, size_t x_stride, float* sums) {
  __m512 total[kTokens];
  for (size_t token = 0; token < kTokens; ++token) total[token] = _mm512_setzero_ps();
  for (size_t value = 0; value < values; ++value) {
    const __m512 w = _mm512_loadu_ps(tile + value * kTileRows);
    for (size_t token = 0; token < kTokens; ++token)
      total[token] = _mm512_fmadd_ps(w, _mm512_set1_ps(x[token * x_stride + value]), total[token]);
  }
  for (size_t token = 0; token < kTokens; ++token) {
    float* const out = sums + token * kTileRows;
    _mm512_storeu_ps(out, _mm512_add_ps(_mm512_loadu_ps(out), total[token]));
  }
}

void gemm_f32_16x12_avx512(const float* tile, size_t values, const float* x, size_t x_stride, size_t tokens,
                           float* sums) {
  size_t token = 0;
  for (; token + 12 <= tokens; token += 12)
    gemm_f32_16xn<12>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
  for (; token + 4 <= tokens; token += 4)
    gemm_f32_16xn<4>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
  for (; token < tokens; ++token)
    gemm_f32_16xn<1>(tile, values, x + token * x_stride, x_stride, sums + token * kTileRows);
}

void interleave_tile_avx512(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out) {
  interleave_8_avx2(in, in_stride, count, out, kTileRows);
  interleave_8_avx2(in + 8 * in_stride, in_stride, count, out + 8, kTileRows);
}

}  // namespace

const KernelTable kKernelsAvx512 = {
    .tile_rows = kTileRows,
    .gemm_s8_from = 3,
    .gemm_f32_from = 6,
    .quantize_row = quantize_row_avx2,
    .dot_s8 = dot_s8_avx512,
    .gemm_s8 = gemm_s8_16x8_avx512,
    .gemm_f32 = gemm_f32_16x12_avx512,
    .interleave = interleave_tile_avx512,
    .dequantize = dequantize_avx2,
};

}  // namespace rung
