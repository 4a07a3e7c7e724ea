// Bit positions are those of codec/unpack_*.cc, which explains the formats; here 16 or 32 values move at once.
#include "kernels/unpack_avx2.h"

#include <immintrin.h>

#include <cstring>

#include "codec/blocks.h"
#include "kernels/lanes_avx2.h"

namespace rung {
namespace {

void store32(int8_t* to, __m256i value) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value); }

template <typename T>
T read(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

float half(uint16_t bits) { return _cvtsh_ss(bits); }

__m256i low_nibbles(__m256i bytes) { return _mm256_and_si256(bytes, _mm256_set1_epi8(15)); }
__m256i high_nibbles(__m256i bytes) { return low_nibbles(_mm256_srli_epi16(bytes, 4)); }

/// 16 bytes to 32 nibbles: the low ones, then the high ones.
__m256i spread_nibbles(const uint8_t* qs) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(qs));
  return low_nibbles(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes));
}

__m256i levels_in_both_halves(const int8_t* levels) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(levels)));
}

/// out = factor * byte for eight bytes of a word.
void store_unsigned_scales(uint64_t bytes, float factor, float* out) {
  const __m256i wide = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(bytes)));
  _mm256_storeu_ps(out, _mm256_mul_ps(_mm256_set1_ps(factor), _mm256_cvtepi32_ps(wide)));
}

void store_signed_scales(uint64_t bytes, float factor, float* out) {
  const __m256i wide = _mm256_cvtepi8_epi32(_mm_cvtsi64_si128(static_cast<long long>(bytes)));
  _mm256_storeu_ps(out, _mm256_mul_ps(_mm256_set1_ps(factor), _mm256_cvtepi32_ps(wide)));
}

/// Six-bit fields less 32; fields hold at most 63, so no byte borrows from the next.
void store_centred_scales(uint64_t six_bits, float factor, float* out) {
  const __m128i centred = _mm_sub_epi8(_mm_cvtsi64_si128(static_cast<long long>(six_bits)), _mm_set1_epi8(32));
  store_signed_scales(static_cast<uint64_t>(_mm_cvtsi128_si64(centred)), factor, out);
}

/// The packed pairs of Q4_K and Q5_K: twelve bytes as three words of four pairs each.
void store_scales_and_mins(const uint8_t* packed, float d, float dmin, float* scale, float* min) {
  const uint32_t a = read<uint32_t>(packed), b = read<uint32_t>(packed + 4), c = read<uint32_t>(packed + 8);
  const uint64_t low_scales = a & 0x3f3f3f3fu, low_mins = b & 0x3f3f3f3fu;
  const uint64_t high_scales = (c & 0x0f0f0f0fu) | (a >> 2 & 0x30303030u);
  const uint64_t high_mins = (c >> 4 & 0x0f0f0f0fu) | (b >> 2 & 0x30303030u);
  store_unsigned_scales(low_scales | high_scales << 32, d, scale);
  store_unsigned_scales(low_mins | high_mins << 32, dmin, min);
}

/// 16 in the bytes where `bits` has any bit of `plane`, else 0.
__m256i fifth_bit(__m256i bits, int plane) {
  const __m256i mask = _mm256_set1_epi8(static_cast<char>(plane));
  return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bits, mask), mask), _mm256_set1_epi8(16));
}

/// -1 in byte n where bit n of `bits` is set.
__m256i spread_bits(uint32_t bits) {
  const __m256i pick = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i each = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(bits)), pick);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, each), each);
}

/// Four 7-bit sign indices to 32 signs, the eighth of each making the number of minus signs even.
uint32_t even_signs(uint32_t word) {
  const uint32_t seven = _pdep_u32(word, 0x7f7f7f7fu);
  uint32_t parity = seven ^ (seven >> 4 & 0x07070707u);
  parity ^= parity >> 2 & 0x03030303u;
  parity ^= parity >> 1 & 0x01010101u;
  return seven | (parity & 0x01010101u) << 7;
}

}  // namespace

void unpack_q8_0_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ8_0*>(blocks);
  for (size_t group = 0; group < values / 32; ++group, ++block) {
    scale[group] = half(block->d);
    store32(codes + 32 * group, load32(block->qs));
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

void unpack_q4_0_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ4_0*>(blocks);
  for (size_t group = 0; group < values / 32; ++group, ++block) {
    scale[group] = half(block->d);
    store32(codes + 32 * group, _mm256_sub_epi8(spread_nibbles(block->qs), _mm256_set1_epi8(8)));
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

void unpack_q6_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ6_K*>(blocks);
  const __m256i top = _mm256_set1_epi8(0x30), centre = _mm256_set1_epi8(32);
  for (size_t first = 0; first < values; first += 256, ++block) {
    const float d = half(block->d);
    store_signed_scales(read<uint64_t>(block->scales), d, scale + first / 16);
    store_signed_scales(read<uint64_t>(block->scales + 8), d, scale + first / 16 + 8);
    for (size_t part = 0; part < 2; ++part) {
      const __m256i low = load32(block->ql + 64 * part), low2 = load32(block->ql + 64 * part + 32);
      const __m256i high = load32(block->qh + 32 * part);
      const __m256i high0 = _mm256_and_si256(_mm256_slli_epi16(high, 4), top);
      const __m256i high1 = _mm256_and_si256(_mm256_slli_epi16(high, 2), top);
      const __m256i high2 = _mm256_and_si256(high, top);
      const __m256i high3 = _mm256_and_si256(_mm256_srli_epi16(high, 2), top);
      int8_t* const out = codes + first + 128 * part;
      store32(out, _mm256_sub_epi8(_mm256_or_si256(low_nibbles(low), high0), centre));
      store32(out + 32, _mm256_sub_epi8(_mm256_or_si256(low_nibbles(low2), high1), centre));
      store32(out + 64, _mm256_sub_epi8(_mm256_or_si256(high_nibbles(low), high2), centre));
      store32(out + 96, _mm256_sub_epi8(_mm256_or_si256(high_nibbles(low2), high3), centre));
    }
  }
  std::memset(min, 0, values / 16 * sizeof(float));
}

void unpack_q5_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ5_K*>(blocks);
  for (size_t first = 0; first < values; first += 256, ++block) {
    store_scales_and_mins(block->scales, half(block->d), half(block->dmin), scale + first / 32, min + first / 32);
    const __m256i high = load32(block->qh);
    for (size_t pair = 0; pair < 4; ++pair) {
      const __m256i bytes = load32(block->qs + 32 * pair);
      int8_t* const out = codes + first + 64 * pair;
      store32(out, _mm256_or_si256(low_nibbles(bytes), fifth_bit(high, 1 << (2 * pair))));
      store32(out + 32, _mm256_or_si256(high_nibbles(bytes), fifth_bit(high, 2 << (2 * pair))));
    }
  }
}

void unpack_q4_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ4_K*>(blocks);
  for (size_t first = 0; first < values; first += 256, ++block) {
    store_scales_and_mins(block->scales, half(block->d), half(block->dmin), scale + first / 32, min + first / 32);
    for (size_t pair = 0; pair < 4; ++pair) {
      const __m256i bytes = load32(block->qs + 32 * pair);
      store32(codes + first + 64 * pair, low_nibbles(bytes));
      store32(codes + first + 64 * pair + 32, high_nibbles(bytes));
    }
  }
}

void unpack_q3_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ3_K*>(blocks);
  const __m256i three = _mm256_set1_epi8(3), four = _mm256_set1_epi8(4);
  for (size_t first = 0; first < values; first += 256, ++block) {
    const float d = half(block->d);
    const uint64_t nibbles = read<uint64_t>(block->scales);
    const uint64_t top = read<uint32_t>(block->scales + 8);
    const uint64_t top0 = (top & 0x03030303u) << 4 | (top & 0x0c0c0c0cu) << 34;
    const uint64_t top1 = (top & 0x30303030u) | (top & 0xc0c0c0c0u) << 30;
    store_centred_scales((nibbles & 0x0f0f0f0f0f0f0f0fu) | top0, d, scale + first / 16);
    store_centred_scales((nibbles >> 4 & 0x0f0f0f0f0f0f0f0fu) | top1, d, scale + first / 16 + 8);
    const __m256i high = load32(block->hmask);
    for (int run = 0; run < 8; ++run) {
      const __m256i shifted = _mm256_srli_epi16(load32(block->qs + 32 * (run / 4)), 2 * (run % 4));
      const __m256i plane = _mm256_set1_epi8(static_cast<char>(1 << run));
      const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(high, plane), plane);
      store32(codes + first + 32 * run,
              _mm256_sub_epi8(_mm256_and_si256(shifted, three), _mm256_andnot_si256(set, four)));
    }
  }
  std::memset(min, 0, values / 16 * sizeof(float));
}

void unpack_q2_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const auto* block = reinterpret_cast<const BlockQ2_K*>(blocks);
  const __m256i three = _mm256_set1_epi8(3);
  for (size_t first = 0; first < values; first += 256, ++block) {
    const float d = half(block->d), dmin = half(block->dmin);
    for (size_t part = 0; part < 2; ++part) {
      const uint64_t pairs = read<uint64_t>(block->scales + 8 * part);
      store_unsigned_scales(pairs & 0x0f0f0f0f0f0f0f0fu, d, scale + first / 16 + 8 * part);
      store_unsigned_scales(pairs >> 4 & 0x0f0f0f0f0f0f0f0fu, dmin, min + first / 16 + 8 * part);
      const __m256i bytes = load32(block->qs + 32 * part);
      for (int shift = 0; shift < 4; ++shift)
        store32(codes + first + 128 * part + 32 * static_cast<size_t>(shift),
                _mm256_and_si256(_mm256_srli_epi16(bytes, 2 * shift), three));
    }
  }
}

void unpack_iq4_nl_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                        float* min) {
  const auto* block = reinterpret_cast<const BlockIQ4_NL*>(blocks);
  const __m256i table = levels_in_both_halves(levels);
  for (size_t group = 0; group < values / 32; ++group, ++block) {
    scale[group] = half(block->d);
    store32(codes + 32 * group, _mm256_shuffle_epi8(table, spread_nibbles(block->qs)));
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

void unpack_mxfp4_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                       float* min) {
  const auto* block = reinterpret_cast<const BlockMXFP4*>(blocks);
  const __m256i table = levels_in_both_halves(levels);
  for (size_t group = 0; group < values / 32; ++group, ++block) {
    const uint32_t e = block->e;  // the scale is 2^(e - 128); its two smallest are subnormal
    const uint32_t bits = e < 2 ? 0x00200000u << e : (e - 1) << 23;
    std::memcpy(scale + group, &bits, sizeof bits);
    store32(codes + 32 * group, _mm256_shuffle_epi8(table, spread_nibbles(block->qs)));
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

void unpack_iq4_xs_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                        float* min) {
  const auto* block = reinterpret_cast<const BlockIQ4_XS*>(blocks);
  const __m256i table = levels_in_both_halves(levels);
  for (size_t first = 0; first < values; first += 256, ++block) {
    const uint64_t low = _pdep_u64(read<uint32_t>(block->scales_l), 0x0f0f0f0f0f0f0f0fu);
    const uint64_t top = _pdep_u64(block->scales_h, 0x3030303030303030u);
    store_centred_scales(low | top, half(block->d), scale + first / 32);
    for (size_t group = 0; group < 8; ++group)
      store32(codes + first + 32 * group, _mm256_shuffle_epi8(table, spread_nibbles(block->qs + 16 * group)));
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

void unpack_iq2_xxs_avx2(const int8_t* grid, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                         float* min) {
  const auto* block = reinterpret_cast<const BlockIQ2_XXS*>(blocks);
  for (size_t first = 0; first < values; first += 256, ++block) {
    const float d = half(block->d);
    for (size_t group = 0; group < 8; ++group) {
      const GroupIQ2_XXS& packed = block->groups[group];
      const uint32_t word = packed.signs_scale;
      scale[first / 32 + group] = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      const __m256i sizes =
          _mm256_setr_epi64x(read<long long>(grid + 8 * packed.grid[0]), read<long long>(grid + 8 * packed.grid[1]),
                             read<long long>(grid + 8 * packed.grid[2]), read<long long>(grid + 8 * packed.grid[3]));
      const __m256i minus = spread_bits(even_signs(word));
      store32(codes + first + 32 * group, _mm256_sub_epi8(_mm256_xor_si256(sizes, minus), minus));
    }
  }
  std::memset(min, 0, values / 32 * sizeof(float));
}

}  // namespace rung
