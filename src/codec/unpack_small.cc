// Formats of 32 or 64 values: one scale per block or per 16 values, 4, 5 or 8 bits a value.
#include <cstring>

#include "base/half.h"
#include "codec/codebooks.h"
#include "codec/unpack.h"

namespace rung {
namespace {

/// Nibbles of `count` bytes: the low ones become the first `count` codes, the high ones the next.
template <size_t kCount>
void unpack_nibbles(const uint8_t* __restrict qs, int offset, int8_t* __restrict codes) {
  for (size_t byte = 0; byte < kCount; ++byte) {
    codes[byte] = static_cast<int8_t>((qs[byte] & 15) - offset);
    codes[byte + kCount] = static_cast<int8_t>((qs[byte] >> 4) - offset);
  }
}

/// The same through a table of 16 levels.
template <size_t kCount>
void unpack_levels(const uint8_t* __restrict qs, const int8_t* levels, int8_t* __restrict codes) {
  for (size_t byte = 0; byte < kCount; ++byte) {
    codes[byte] = levels[qs[byte] & 15];
    codes[byte + kCount] = levels[qs[byte] >> 4];
  }
}

/// As unpack_nibbles<16>, with bit n of `high` the fifth bit of value n.
void unpack_five_bits(const uint8_t* __restrict qs, uint32_t high, int offset, int8_t* __restrict codes) {
  for (unsigned byte = 0; byte < 16; ++byte) {
    const unsigned first = (high >> byte & 1u) << 4;
    const unsigned second = (high >> (byte + 16) & 1u) << 4;
    codes[byte] = static_cast<int8_t>(static_cast<int>((qs[byte] & 15u) | first) - offset);
    codes[byte + 16] = static_cast<int8_t>(static_cast<int>((qs[byte] >> 4) | second) - offset);
  }
}

}  // namespace

void unpack_block(const BlockQ8_0& block, int8_t* codes, float* scale) {
  *scale = half_to_float(block.d);
  std::memcpy(codes, block.qs, sizeof block.qs);
}

void unpack_block(const BlockQ5_1& block, int8_t* codes, float* scale, float* min) {
  *scale = half_to_float(block.d);
  *min = -half_to_float(block.m);
  unpack_five_bits(block.qs, block.qh, 0, codes);
}

void unpack_block(const BlockQ5_0& block, int8_t* codes, float* scale) {
  *scale = half_to_float(block.d);
  unpack_five_bits(block.qs, block.qh, 16, codes);
}

void unpack_block(const BlockQ4_1& block, int8_t* codes, float* scale, float* min) {
  *scale = half_to_float(block.d);
  *min = -half_to_float(block.m);
  unpack_nibbles<16>(block.qs, 0, codes);
}

void unpack_block(const BlockQ4_0& block, int8_t* codes, float* scale) {
  *scale = half_to_float(block.d);
  unpack_nibbles<16>(block.qs, 8, codes);
}

void unpack_block(const BlockIQ4_NL& block, int8_t* codes, float* scale) {
  *scale = half_to_float(block.d);
  unpack_levels<16>(block.qs, kIq4Levels.data(), codes);
}

void unpack_block(const BlockMXFP4& block, int8_t* codes, float* scale) {
  *scale = e8m0_half(block.e);
  unpack_levels<16>(block.qs, kFp4Doubled.data(), codes);
}

void unpack_block(const BlockNVFP4& block, int8_t* codes, float* scale) {
  for (size_t group = 0; group < 4; ++group) {
    scale[group] = ue4m3_half(block.d[group]);
    unpack_levels<8>(block.qs + 8 * group, kFp4Doubled.data(), codes + 16 * group);
  }
}

}  // namespace rung
