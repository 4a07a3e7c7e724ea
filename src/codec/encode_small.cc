// Encoders of the 32-value formats with a scale (and minimum) of their own: q8_0, q5_0, iq4_nl.
#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/encode_symmetric.h"

namespace rung {
namespace {

constexpr size_t kValues = 32;

/// Value n in the low nibble of byte n, value n + 16 in the high nibble; only the low four bits of a code.
void pack_nibbles(const uint8_t* codes, uint8_t* qs) {
  for (size_t n = 0; n < 16; ++n) qs[n] = static_cast<uint8_t>((codes[n] & 15u) | (codes[n + 16] & 15u) << 4);
}

uint32_t fifth_bits(const uint8_t* codes) {
  uint32_t bits = 0;
  for (size_t n = 0; n < kValues; ++n) bits |= static_cast<uint32_t>(codes[n] >> 4) << n;
  return bits;
}

/// Calls encode_one(loaded block, output block) for each block of a row. sigma2 is taken over the row, as llama.cpp
/// does for these formats.
template <class Block, class EncodeOne>
void for_each_block(const float* row, size_t values, const float* importance, Emphasis emphasis, uint8_t* blocks,
                    EncodeOne encode_one) {
  const double row_square = emphasis == Emphasis::kPlain ? 0.0 : mean_square(row, values);
  Block* out = reinterpret_cast<Block*>(blocks);
  EncodeBlock block;
  for (size_t first = 0; first < values; first += kValues) {
    block.load(row + first, kValues, importance == nullptr ? nullptr : importance + first, emphasis, row_square);
    encode_one(block, *out++);
  }
}

template <class Levels>
float encode_levels(const EncodeBlock& block, const StartScales& starts, uint8_t* codes) {
  const float scale = fit_half_scale<Levels, kValues>(block, starts);
  choose_codes<Levels, kValues>(block.x, scale, codes);
  return scale;
}

}  // namespace

void encode_q8_0(const float* row, size_t values, const float*, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.995f, 1.005f, 5};
  for_each_block<BlockQ8_0>(row, values, nullptr, Emphasis::kPlain, blocks, [&](const EncodeBlock& block, auto& out) {
    using Levels = IntegerLevels<-127, 127>;  // -128 is left out: kernels may take the absolute value in 8 bits
    uint8_t codes[kValues];
    out.d = block.to_half(encode_levels<Levels>(block, kStarts, codes));
    for (size_t n = 0; n < kValues; ++n) out.qs[n] = static_cast<int8_t>(codes[n] - 127);
  });
}

void encode_q5_0(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.88f, 1.15f, 16};
  for_each_block<BlockQ5_0>(row, values, importance, Emphasis::kLarge, blocks,
                            [&](const EncodeBlock& block, auto& out) {
                              uint8_t codes[kValues];
                              out.d = block.to_half(encode_levels<IntegerLevels<-16, 15>>(block, kStarts, codes));
                              out.qh = fifth_bits(codes);
                              pack_nibbles(codes, out.qs);
                            });
}

void encode_iq4_nl(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.7f, 1.2f, 16};
  for_each_block<BlockIQ4_NL>(row, values, importance, Emphasis::kLargeMild, blocks,
                              [&](const EncodeBlock& block, auto& out) {
                                uint8_t codes[kValues];
                                out.d = block.to_half(encode_levels<Iq4Levels>(block, kStarts, codes));
                                pack_nibbles(codes, out.qs);
                              });
}

}  // namespace rung
