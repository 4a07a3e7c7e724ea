// Between memory, where a block's values follow each other, and lanes, where value k of all blocks stands side by side:
// four 32-bit elements of every block at a time, in pieces of 128 bits. Only moves bits, so every lane count gives the
// same ones.
#pragma once

#include "codec/lanes.h"

namespace rung {

/// Every 4 x 4 tile of 32-bit elements transposed; a tile is one 128-bit piece of all four vectors.
template <class V>
RUNG_INLINE void transpose_tiles(V* rows) {
  constexpr int kCount = sizeof(V) / 4;
  // The unpack instructions, which compilers recognise in these shuffles.
  if constexpr (kCount == 4) {
    const V a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
    const V b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
    const V c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    const V d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    rows[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    rows[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    rows[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    rows[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
  }
#ifdef __AVX2__
  if constexpr (kCount == 8) {
    const __m256 a = _mm256_unpacklo_ps((__m256)rows[0], (__m256)rows[1]);
    const __m256 b = _mm256_unpackhi_ps((__m256)rows[0], (__m256)rows[1]);
    const __m256 c = _mm256_unpacklo_ps((__m256)rows[2], (__m256)rows[3]);
    const __m256 d = _mm256_unpackhi_ps((__m256)rows[2], (__m256)rows[3]);
    rows[0] = (V)_mm256_unpacklo_pd((__m256d)a, (__m256d)c);
    rows[1] = (V)_mm256_unpackhi_pd((__m256d)a, (__m256d)c);
    rows[2] = (V)_mm256_unpacklo_pd((__m256d)b, (__m256d)d);
    rows[3] = (V)_mm256_unpackhi_pd((__m256d)b, (__m256d)d);
  }
#endif
#ifdef __AVX512F__
  if constexpr (kCount == 16) {
    const __m512 a = _mm512_unpacklo_ps((__m512)rows[0], (__m512)rows[1]);
    const __m512 b = _mm512_unpackhi_ps((__m512)rows[0], (__m512)rows[1]);
    const __m512 c = _mm512_unpacklo_ps((__m512)rows[2], (__m512)rows[3]);
    const __m512 d = _mm512_unpackhi_ps((__m512)rows[2], (__m512)rows[3]);
    rows[0] = (V)_mm512_unpacklo_pd((__m512d)a, (__m512d)c);
    rows[1] = (V)_mm512_unpackhi_pd((__m512d)a, (__m512d)c);
    rows[2] = (V)_mm512_unpacklo_pd((__m512d)b, (__m512d)d);
    rows[3] = (V)_mm512_unpackhi_pd((__m512d)b, (__m512d)d);
  }
#endif
}

/// Elements k to k + 3 of kLanes runs, into to[0] to to[3].
template <int kLanes>
RUNG_INLINE void load_four(const float* const* from, int k, typename Lanes<kLanes>::F* to) {
  for (int row = 0; row < 4; ++row) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) {
      __m512 quads = _mm512_castps128_ps512(_mm_loadu_ps(from[row] + k));
      quads = _mm512_insertf32x4(quads, _mm_loadu_ps(from[row + 4] + k), 1);
      quads = _mm512_insertf32x4(quads, _mm_loadu_ps(from[row + 8] + k), 2);
      to[row] = (typename Lanes<kLanes>::F)_mm512_insertf32x4(quads, _mm_loadu_ps(from[row + 12] + k), 3);
    }
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) {
      const __m256 quads = _mm256_castps128_ps256(_mm_loadu_ps(from[row] + k));
      to[row] = (typename Lanes<kLanes>::F)_mm256_insertf128_ps(quads, _mm_loadu_ps(from[row + 4] + k), 1);
    }
#endif
    if constexpr (kLanes == 4) to[row] = Lanes<4>::load(from[row] + k);
  }
  transpose_tiles(to);
}

/// Sixteen bytes to each of kLanes addresses: word n of lane b is words[n][b], low byte first.
template <int kLanes>
RUNG_INLINE void store_words(const typename Lanes<kLanes>::I* words, uint8_t* const* to, size_t offset) {
  typename Lanes<kLanes>::I rows[4] = {words[0], words[1], words[2], words[3]};
  transpose_tiles(rows);
  for (int row = 0; row < 4; ++row) {
#ifdef __AVX512F__
    if constexpr (kLanes == 16) {
      const __m512i quads = (__m512i)rows[row];
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row] + offset), _mm512_castsi512_si128(quads));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row + 4] + offset), _mm512_extracti32x4_epi32(quads, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row + 8] + offset), _mm512_extracti32x4_epi32(quads, 2));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row + 12] + offset), _mm512_extracti32x4_epi32(quads, 3));
    }
#endif
#ifdef __AVX2__
    if constexpr (kLanes == 8) {
      const __m256i quads = (__m256i)rows[row];
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row] + offset), _mm256_castsi256_si128(quads));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to[row + 4] + offset), _mm256_extracti128_si256(quads, 1));
    }
#endif
    if constexpr (kLanes == 4) std::memcpy(to[row] + offset, &rows[row], 16);
  }
}

/// The low 16 bits of every lane, little endian.
template <int kLanes>
RUNG_INLINE void store_halves(typename Lanes<kLanes>::I halves, uint8_t* const* to, size_t offset) {
  int32_t all[kLanes];
  Lanes<kLanes>::store(halves, all);
  for (int lane = 0; lane < kLanes; ++lane) {
    const auto half = static_cast<uint16_t>(all[lane]);
    std::memcpy(to[lane] + offset, &half, sizeof half);
  }
}

/// Where each lane's block lies: its fields are written at byte offsets.
template <int kLanes>
struct BlockBytes {
  uint8_t* at[kLanes];
  template <class Block>
  RUNG_INLINE explicit BlockBytes(Block* const* out) {
    for (int lane = 0; lane < kLanes; ++lane) at[lane] = reinterpret_cast<uint8_t*>(out[lane]);
  }
};

/// kCount bytes, a multiple of 16, of every block; byte_of(n) gives byte n of all lanes, from 0 to 255.
template <int kLanes, int kCount, class ByteOf>
RUNG_INLINE void store_bytes(const BlockBytes<kLanes>& out, size_t offset, ByteOf byte_of) {
  for (int first = 0; first < kCount; first += 16) {
    typename Lanes<kLanes>::I words[4];
    for (int word = 0; word < 4; ++word) {
      const int n = first + word * 4;
      words[word] = byte_of(n) | (byte_of(n + 1) << 8) | (byte_of(n + 2) << 16) | (byte_of(n + 3) << 24);
    }
    store_words<kLanes>(words, out.at, offset + static_cast<size_t>(first));
  }
}

}  // namespace rung
