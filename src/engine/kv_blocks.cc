#include "engine/kv_blocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"

namespace rung {
namespace {

constexpr size_t kBlock = 32;

struct Extremes {
  float low, high;
  float widest;  ///< the first value of the largest magnitude, with its sign
  bool finite;
};

Extremes extremes(const float* x) {
  Extremes result{x[0], x[0], 0.0f, true};
  float largest = 0;
  for (size_t index = 0; index < kBlock; ++index) {
    const float size = std::abs(x[index]);
    result.finite &= size <= std::numeric_limits<float>::max();
    result.low = std::min(result.low, x[index]);
    result.high = std::max(result.high, x[index]);
    if (size > largest) largest = size, result.widest = x[index];
  }
  return result;
}

float half_at(const uint8_t* bytes) {
  uint16_t half;
  std::memcpy(&half, bytes, sizeof half);
  return half_to_float(half);
}

float inverse(float scale) { return scale != 0 ? 1.0f / scale : 0.0f; }

/// The integer below x, held within 0 .. largest; NaN becomes 0.
uint8_t floor_code(float x, float largest) { return x >= 0 ? static_cast<uint8_t>(std::min(x, largest)) : uint8_t{0}; }

/// Codes 0 .. 2^bits - 1 of a scale that takes the widest value to code 0: value = d * (code - 2^(bits - 1)).
uint16_t symmetric_codes(const float* x, int bits, uint8_t* codes) {
  const Extremes range = extremes(x);
  const auto half = static_cast<float>(1 << (bits - 1));
  const float scale = range.finite ? range.widest / -half : std::numeric_limits<float>::quiet_NaN();
  const float invert = range.finite ? inverse(scale) : 0.0f;
  for (size_t index = 0; index < kBlock; ++index)
    codes[index] = floor_code(x[index] * invert + (half + 0.5f), 2 * half - 1);
  return float_to_half(scale);
}

struct Affine {
  uint16_t scale, low;
};

/// value = scale * code + low.
Affine affine_codes(const float* x, int bits, uint8_t* codes) {
  const Extremes range = extremes(x);
  const auto largest = static_cast<float>((1 << bits) - 1);
  const float scale = range.finite ? (range.high - range.low) / largest : std::numeric_limits<float>::quiet_NaN();
  const float invert = range.finite ? inverse(scale) : 0.0f;
  for (size_t index = 0; index < kBlock; ++index)
    codes[index] = floor_code((x[index] - range.low) * invert + 0.5f, largest);
  return {float_to_half(scale), float_to_half(range.low)};
}

void pack_nibbles(const uint8_t* codes, uint8_t* qs) {
  for (size_t byte = 0; byte < kBlock / 2; ++byte)
    qs[byte] = static_cast<uint8_t>((codes[byte] & 15) | (codes[byte + kBlock / 2] & 15) << 4);
}

uint32_t fifth_bits(const uint8_t* codes) {
  uint32_t bits = 0;
  for (size_t index = 0; index < kBlock; ++index) bits |= static_cast<uint32_t>(codes[index] >> 4 & 1) << index;
  return bits;
}

void encode_block(const float* x, BlockQ8_0& block) {
  const Extremes range = extremes(x);
  const float scale = range.finite ? std::abs(range.widest) / 127.0f : std::numeric_limits<float>::quiet_NaN();
  const float invert = range.finite ? inverse(scale) : 0.0f;
  for (size_t index = 0; index < kBlock; ++index)
    block.qs[index] =
        range.finite ? static_cast<int8_t>(std::clamp(std::round(x[index] * invert), -127.0f, 127.0f)) : int8_t{1};
  block.d = float_to_half(scale);
}

void encode_block(const float* x, KvBlockQ6_0& block) {
  uint8_t codes[kBlock];
  const uint16_t scale = symmetric_codes(x, 6, codes);
  std::memcpy(block.d, &scale, sizeof block.d);
  pack_nibbles(codes, block.qs);
  std::memset(block.qh, 0, sizeof block.qh);
  for (size_t index = 0; index < kBlock; ++index)
    block.qh[index % 8] |= static_cast<uint8_t>((codes[index] >> 4) << (4 * (index / 8 % 2) + 2 * (index / 16)));
}

void encode_block(const float* x, BlockQ5_1& block) {
  uint8_t codes[kBlock];
  const Affine affine = affine_codes(x, 5, codes);
  block.d = affine.scale;
  block.m = affine.low;
  block.qh = fifth_bits(codes);
  pack_nibbles(codes, block.qs);
}

void encode_block(const float* x, BlockQ5_0& block) {
  uint8_t codes[kBlock];
  block.d = symmetric_codes(x, 5, codes);
  block.qh = fifth_bits(codes);
  pack_nibbles(codes, block.qs);
}

void encode_block(const float* x, BlockQ4_1& block) {
  uint8_t codes[kBlock];
  const Affine affine = affine_codes(x, 4, codes);
  block.d = affine.scale;
  block.m = affine.low;
  pack_nibbles(codes, block.qs);
}

void encode_block(const float* x, BlockQ4_0& block) {
  uint8_t codes[kBlock];
  block.d = symmetric_codes(x, 4, codes);
  pack_nibbles(codes, block.qs);
}

void encode_block(const float* x, KvBlockQ2_1& block) {
  uint8_t codes[kBlock];
  const Affine affine = affine_codes(x, 2, codes);
  std::memcpy(block.d, &affine.scale, sizeof block.d);
  std::memcpy(block.m, &affine.low, sizeof block.m);
  std::memset(block.qs, 0, sizeof block.qs);
  for (size_t index = 0; index < kBlock; ++index)
    block.qs[index % 8] |= static_cast<uint8_t>(codes[index] << (2 * (index / 8)));
}

/// The nearest of the 16 levels, the upper one of two equally near.
uint8_t nearest_level(float x) {
  if (!(x > static_cast<float>(kIq4Levels.front()))) return 0;
  if (x >= static_cast<float>(kIq4Levels.back())) return 15;
  uint8_t above = 1;
  while (x >= static_cast<float>(kIq4Levels[above])) ++above;
  const auto low = static_cast<float>(kIq4Levels[above - 1u]), high = static_cast<float>(kIq4Levels[above]);
  return x - low < high - x ? static_cast<uint8_t>(above - 1u) : above;
}

/// The widest value goes to the lowest level; then the scale that suits the codes best, weighed by x^2.
void encode_block(const float* x, BlockIQ4_NL& block) {
  constexpr float kTiny = 1e-15f;  // as llama.cpp: a smaller block is all zeros
  const Extremes range = extremes(x);
  const bool zero = std::abs(range.widest) < kTiny;
  const float first = range.finite && !zero ? range.widest / static_cast<float>(kIq4Levels[0]) : 0.0f;
  const float invert = inverse(first);
  uint8_t codes[kBlock];
  float sum_qx = 0, sum_qq = 0;
  for (size_t index = 0; index < kBlock; ++index) {
    codes[index] = nearest_level(x[index] * invert);
    const auto level = static_cast<float>(kIq4Levels[codes[index]]);
    const float weight = x[index] * x[index];
    sum_qx += weight * level * x[index];
    sum_qq += weight * level * level;
  }
  const float scale = zero || sum_qq == 0 ? 0.0f : sum_qx / sum_qq;
  block.d = float_to_half(range.finite ? scale : std::numeric_limits<float>::quiet_NaN());
  pack_nibbles(codes, block.qs);
}

template <class Block>
void encode_blocks(const float* x, size_t values, uint8_t* out) {
  for (size_t first = 0; first < values; first += kBlock, out += sizeof(Block)) {
    Block block;
    encode_block(x + first, block);
    std::memcpy(out, &block, sizeof block);
  }
}

}  // namespace

void kv_encode_q8_0(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockQ8_0>(x, values, out); }
void kv_encode_q6_0(const float* x, size_t values, uint8_t* out) { encode_blocks<KvBlockQ6_0>(x, values, out); }
void kv_encode_q5_1(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockQ5_1>(x, values, out); }
void kv_encode_q5_0(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockQ5_0>(x, values, out); }
void kv_encode_q4_1(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockQ4_1>(x, values, out); }
void kv_encode_q4_0(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockQ4_0>(x, values, out); }
void kv_encode_iq4_nl(const float* x, size_t values, uint8_t* out) { encode_blocks<BlockIQ4_NL>(x, values, out); }

void kv_encode_q2_1(const float* x, size_t values, uint8_t* out) { encode_blocks<KvBlockQ2_1>(x, values, out); }

void kv_decode_q2_1(const uint8_t* blocks, size_t values, float* out) {
  for (size_t first = 0; first < values; first += kBlock, blocks += sizeof(KvBlockQ2_1)) {
    const float scale = half_at(blocks), low = half_at(blocks + 2);
    for (size_t index = 0; index < kBlock; ++index)
      out[first + index] = scale * static_cast<float>(blocks[4 + index % 8] >> (2 * (index / 8)) & 3) + low;
  }
}

void kv_decode_q6_0(const uint8_t* blocks, size_t values, float* out) {
  for (size_t first = 0; first < values; first += kBlock, blocks += sizeof(KvBlockQ6_0)) {
    KvBlockQ6_0 block;
    std::memcpy(&block, blocks, sizeof block);
    const float scale = half_at(block.d);
    for (size_t index = 0; index < kBlock; ++index) {
      const unsigned low = index < 16 ? block.qs[index] & 15u : block.qs[index - 16] >> 4;
      const unsigned high = block.qh[index % 8] >> (4 * (index / 8 % 2) + 2 * (index / 16)) & 3u;
      out[first + index] = scale * static_cast<float>(static_cast<int>(high << 4 | low) - 32);
    }
  }
}

uint8_t float_to_e4m3(float value) {
  constexpr float kLargest = 448.0f, kSmallestNormal = 0x1p-6f, kSubnormalStep = 0x1p-9f;
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint8_t>(bits >> 24 & 0x80u);
  const float size = std::abs(value);
  if (std::isnan(value)) return sign | 0x7f;
  if (size >= kLargest) return sign | 0x7e;
  if (size < kSmallestNormal)  // adding 2^14 steps lets the FPU round, ties to even
    return sign | static_cast<uint8_t>(std::bit_cast<uint32_t>(size + kSubnormalStep * 0x1p23f) & 0xfu);
  const uint32_t magnitude = bits & 0x7fffffffu;
  const uint32_t rounded = magnitude + 0x7ffffu + (magnitude >> 20 & 1u);
  return sign | static_cast<uint8_t>((rounded >> 20) - ((127u - 7u) << 3));
}

float e4m3_to_float(uint8_t code) {
  const uint8_t size = code & 0x7f;
  const float value = size == 0x7f ? std::numeric_limits<float>::quiet_NaN() : 2 * ue4m3_half(size);
  return code & 0x80 ? -value : value;
}

}  // namespace rung
