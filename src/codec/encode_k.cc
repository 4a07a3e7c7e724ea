// Encoders of the 256-value formats with integer scales: q6_k, q3_k, iq4_xs.
#include <algorithm>

#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/encode_symmetric.h"

namespace rung {
namespace {

constexpr size_t kValues = EncodeBlock::kMaxValues;
using Codes = std::array<uint8_t, kValues>;

/// Calls encode_one(loaded block, output block) for each block of a row. sigma2 is taken over the block.
template <class Block, class EncodeOne>
void for_each_block(const float* row, size_t values, const float* importance, Emphasis emphasis, uint8_t* blocks,
                    EncodeOne encode_one) {
  Block* out = reinterpret_cast<Block*>(blocks);
  EncodeBlock block;
  for (size_t first = 0; first < values; first += kValues) {
    block.load(row + first, kValues, importance == nullptr ? nullptr : importance + first, emphasis,
               mean_square(row + first, kValues));
    encode_one(block, *out++);
  }
}

template <class Levels, class Search>
typename Search::Result encode_super_scale(const EncodeBlock& block, const StartScales& starts, Codes& codes) {
  const auto result = Search(block, starts).search();
  for (size_t b = 0; b < result.scale.size(); ++b) {
    const size_t first = b * Search::kValues;
    choose_codes<Levels, Search::kValues>(block.x + first, result.d * static_cast<float>(result.scale[b]),
                                          codes.data() + first);
  }
  return result;
}

/// Per 128 values 32 bytes: four 2-bit codes a byte, 32 values apart.
void pack_pairs(const Codes& codes, uint8_t* qs) {
  std::fill_n(qs, kValues / 4, uint8_t{0});
  for (size_t n = 0; n < kValues; ++n) {
    qs[n / 128 * 32 + n % 32] |= static_cast<uint8_t>((codes[n] & 3u) << (n % 128 / 32 * 2));
  }
}

}  // namespace

void encode_q6_k(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.9f, 1.1f, 12};
  const Emphasis emphasis = importance == nullptr ? Emphasis::kLarge : Emphasis::kPlain;
  for_each_block<BlockQ6_K>(row, values, importance, emphasis, blocks, [&](const EncodeBlock& block, auto& out) {
    using Levels = IntegerLevels<-32, 31>;
    Codes codes;
    const auto result = encode_super_scale<Levels, SuperScale<Levels, 16, -128, 127>>(block, kStarts, codes);
    out.d = block.to_half(result.d);
    for (size_t b = 0; b < 16; ++b) out.scales[b] = static_cast<int8_t>(result.scale[b]);
    // Per 128 values: low nibbles of values l and l + 64 (l + 32 and l + 96) share a byte, top bits of all four
    // another.
    for (size_t half = 0; half < 2; ++half) {
      for (size_t l = 0; l < 32; ++l) {
        const uint8_t* code = codes.data() + half * 128 + l;
        out.ql[half * 64 + l] = static_cast<uint8_t>((code[0] & 15u) | (code[64] & 15u) << 4);
        out.ql[half * 64 + 32 + l] = static_cast<uint8_t>((code[32] & 15u) | (code[96] & 15u) << 4);
        out.qh[half * 32 + l] =
            static_cast<uint8_t>(code[0] >> 4 | code[32] >> 4 << 2 | code[64] >> 4 << 4 | code[96] >> 4 << 6);
      }
    }
  });
}

void encode_q3_k(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.5f, 1.3f, 16};
  for_each_block<BlockQ3_K>(
      row, values, importance, Emphasis::kLargeMild, blocks, [&](const EncodeBlock& block, auto& out) {
        using Levels = IntegerLevels<-4, 3>;
        Codes codes;
        const auto result = encode_super_scale<Levels, SuperScale<Levels, 16, -32, 31>>(block, kStarts, codes);
        out.d = block.to_half(result.d);
        // A 6-bit scale: low nibbles of scales j and j + 8 in byte j, the top two bits of four scales in byte 8 + j
        // % 4.
        std::fill_n(out.scales, 12, uint8_t{0});
        for (size_t b = 0; b < 16; ++b) {
          const unsigned scale = static_cast<unsigned>(result.scale[b] + 32);
          out.scales[b % 8] |= static_cast<uint8_t>((scale & 15u) << (b / 8 * 4));
          out.scales[8 + b % 4] |= static_cast<uint8_t>((scale >> 4) << (b / 4 * 2));
        }
        // Code - 4 is the level; the mask bit set says "do not subtract 4", which is the code's own third bit.
        pack_pairs(codes, out.qs);
        std::fill_n(out.hmask, 32, uint8_t{0});
        for (size_t n = 0; n < kValues; ++n) out.hmask[n % 32] |= static_cast<uint8_t>((codes[n] >> 2) << (n / 32));
      });
}

void encode_iq4_xs(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  constexpr StartScales kStarts = {0.7f, 1.2f, 16};
  for_each_block<BlockIQ4_XS>(
      row, values, importance, Emphasis::kLargeMild, blocks, [&](const EncodeBlock& block, auto& out) {
        Codes codes;
        const auto result = encode_super_scale<Iq4Levels, SuperScale<Iq4Levels, 8, -32, 31>>(block, kStarts, codes);
        out.d = block.to_half(result.d);
        uint16_t high = 0;
        std::fill_n(out.scales_l, 4, uint8_t{0});
        for (size_t b = 0; b < 8; ++b) {
          const unsigned scale = static_cast<unsigned>(result.scale[b] + 32);
          out.scales_l[b / 2] |= static_cast<uint8_t>((scale & 15u) << (b % 2 * 4));
          high = static_cast<uint16_t>(high | (scale >> 4) << (2 * b));
          for (size_t n = 0; n < 16; ++n) {
            out.qs[b * 16 + n] = static_cast<uint8_t>(codes[b * 32 + n] | codes[b * 32 + n + 16] << 4);
          }
        }
        out.scales_h = high;
      });
}

}  // namespace rung
