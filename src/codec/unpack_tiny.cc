// Ternary and binary formats: one scale for the whole block, repeated for each group.
#include <algorithm>

#include "base/half.h"
#include "codec/unpack.h"

namespace rung {
namespace {

constexpr unsigned kPowersOfThree[5] = {1, 3, 9, 27, 81};

/// A byte holds five trits as ceil(256 v / 243), v in base 3: times 3^n modulo 256 the n-th trit becomes the leading
/// one, and three times that, in units of 256, is its value. Writes trit n of byte m to codes[kBytes * n + m].
template <size_t kBytes>
void unpack_trits(const uint8_t* __restrict qs, unsigned trits, int8_t* __restrict codes) {
  for (unsigned trit = 0; trit < trits; ++trit) {
    for (size_t byte = 0; byte < kBytes; ++byte) {
      const unsigned rest = qs[byte] * kPowersOfThree[trit] & 255u;
      codes[kBytes * trit + byte] = static_cast<int8_t>(static_cast<int>(rest * 3u >> 8) - 1);
    }
  }
}

}  // namespace

void unpack_block(const BlockTQ2_0& block, int8_t* __restrict codes, float* scale) {
  std::fill_n(scale, 8, half_to_float(block.d));
  for (unsigned run = 0; run < 8; ++run) {
    const uint8_t* qs = block.qs + 32 * (run / 4);
    const unsigned shift = 2 * (run % 4);
    int8_t* out = codes + 32 * run;
    for (size_t lane = 0; lane < 32; ++lane) {
      out[lane] = static_cast<int8_t>(static_cast<int>(static_cast<unsigned>(qs[lane]) >> shift & 3u) - 1);
    }
  }
}

void unpack_block(const BlockTQ1_0& block, int8_t* codes, float* scale) {
  std::fill_n(scale, 8, half_to_float(block.d));
  unpack_trits<32>(block.qs, 5, codes);
  unpack_trits<16>(block.qs + 32, 5, codes + 160);
  unpack_trits<4>(block.qh, 4, codes + 240);
}

void unpack_block(const BlockQ2_0& block, int8_t* __restrict codes, float* scale) {
  std::fill_n(scale, 2, half_to_float(block.d));
  for (size_t byte = 0; byte < 16; ++byte) {
    const unsigned four = block.qs[byte];
    for (unsigned lane = 0; lane < 4; ++lane) {
      codes[4 * byte + lane] = static_cast<int8_t>(static_cast<int>(four >> (2 * lane) & 3u) - 1);
    }
  }
}

void unpack_block(const BlockQ1_0& block, int8_t* __restrict codes, float* scale) {
  std::fill_n(scale, 4, half_to_float(block.d));
  for (size_t byte = 0; byte < 16; ++byte) {
    const unsigned eight = block.qs[byte];
    for (unsigned lane = 0; lane < 8; ++lane) {
      codes[8 * byte + lane] = static_cast<int8_t>(2 * static_cast<int>(eight >> lane & 1u) - 1);
    }
  }
}

}  // namespace rung
