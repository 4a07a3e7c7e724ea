// Codebook formats of 256 values: eight (iq1, iq2) or four (iq3) values are one point of a grid, signs are stored
// apart.
#include <array>
#include <cstring>

#include "base/half.h"
#include "codec/codebooks.h"
#include "codec/unpack.h"

namespace rung {
namespace {

using Lanes = std::array<int8_t, 8>;

/// 0 or -1 for each bit of a sign byte: (x ^ mask) - mask negates where the mask is -1.
constexpr std::array<Lanes, 256> make_sign_masks() {
  std::array<Lanes, 256> masks{};
  for (unsigned signs = 0; signs < 256; ++signs) {
    for (unsigned lane = 0; lane < 8; ++lane) masks[signs][lane] = (signs >> lane & 1u) != 0 ? -1 : 0;
  }
  return masks;
}
constexpr std::array<Lanes, 256> kSignMasks = make_sign_masks();

/// The masks of the 128 sign bytes of even parity, by their 7-bit index.
constexpr std::array<Lanes, 128> make_even_sign_masks() {
  std::array<Lanes, 128> masks{};
  for (unsigned index = 0; index < 128; ++index) masks[index] = kSignMasks[iq_signs(static_cast<uint8_t>(index))];
  return masks;
}
constexpr std::array<Lanes, 128> kEvenSignMasks = make_even_sign_masks();

void store_signed(const Lanes& magnitudes, const Lanes& mask, int8_t* codes) {
  for (size_t lane = 0; lane < 8; ++lane) {
    codes[lane] = static_cast<int8_t>((magnitudes[lane] ^ mask[lane]) - mask[lane]);
  }
}

/// Two points of a grid of four.
Lanes join(const std::array<int8_t, 4>& first, const std::array<int8_t, 4>& second) {
  Lanes lanes;
  std::memcpy(lanes.data(), first.data(), 4);
  std::memcpy(lanes.data() + 4, second.data(), 4);
  return lanes;
}

/// Eight values of IQ1: the point, shifted by an eighth up or down, in eighths.
void store_shifted(const Lanes& point, bool down, int8_t* codes) {
  const int shift = down ? -1 : 1;
  for (size_t lane = 0; lane < 8; ++lane) codes[lane] = static_cast<int8_t>(8 * point[lane] + shift);
}

float iq2_scale(float d, unsigned scale) { return d * (0.5f + static_cast<float>(scale)) * 0.25f; }
float iq1_scale(float d, unsigned scale) { return d * static_cast<float>(2 * scale + 1) * 0.125f; }

}  // namespace

void unpack_block(const BlockIQ3_S& block, int8_t* codes, float* scale) {
  const auto& grid = iq3_s_grid();
  const float d = half_to_float(block.d);
  for (unsigned group = 0; group < 8; ++group) {
    const unsigned nibble = block.scales[group / 2] >> (4 * (group % 2)) & 15u;
    scale[group] = d * static_cast<float>(1 + 2 * nibble);
    const unsigned high = block.qh[group];
    for (unsigned eight = 0; eight < 4; ++eight) {
      const unsigned at = 8 * group + 2 * eight;
      const auto& first = grid[block.qs[at] | (high >> (2 * eight) & 1u) << 8];
      const auto& second = grid[block.qs[at + 1] | (high >> (2 * eight + 1) & 1u) << 8];
      store_signed(join(first, second), kSignMasks[block.signs[4 * group + eight]], codes + 4 * at);
    }
  }
}

void unpack_block(const BlockIQ3_XXS& block, int8_t* codes, float* scale) {
  const auto& grid = iq3_xxs_grid();
  const float d = half_to_float(block.d);
  for (unsigned group = 0; group < 8; ++group) {
    const uint32_t word = block.signs_scale[group];
    scale[group] = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
    for (unsigned eight = 0; eight < 4; ++eight) {
      const unsigned at = 8 * group + 2 * eight;
      const Lanes magnitudes = join(grid[block.qs[at]], grid[block.qs[at + 1]]);
      store_signed(magnitudes, kEvenSignMasks[word >> (7 * eight) & 127u], codes + 4 * at);
    }
  }
}

void unpack_block(const BlockIQ2_S& block, int8_t* codes, float* scale) {
  const auto& grid = iq2_s_grid();
  const float d = half_to_float(block.d);
  for (unsigned pair = 0; pair < 8; ++pair) {  // 32 values, two scales
    scale[2 * pair] = iq2_scale(d, block.scales[pair] & 15u);
    scale[2 * pair + 1] = iq2_scale(d, block.scales[pair] >> 4);
    for (unsigned eight = 0; eight < 4; ++eight) {
      const unsigned at = 4 * pair + eight;
      const unsigned high = static_cast<unsigned>(block.qh[pair]) >> (2 * eight) & 3u;
      store_signed(grid[block.qs[at] | high << 8], kSignMasks[block.signs[at]], codes + 8 * at);
    }
  }
}

void unpack_block(const BlockIQ2_XS& block, int8_t* codes, float* scale) {
  const auto& grid = iq2_xs_grid();
  const float d = half_to_float(block.d);
  for (unsigned pair = 0; pair < 8; ++pair) {
    scale[2 * pair] = iq2_scale(d, block.scales[pair] & 15u);
    scale[2 * pair + 1] = iq2_scale(d, block.scales[pair] >> 4);
  }
  for (unsigned eight = 0; eight < 32; ++eight) {
    const unsigned word = block.qs[eight];
    store_signed(grid[word & 511u], kEvenSignMasks[word >> 9], codes + 8 * eight);
  }
}

void unpack_block(const BlockIQ2_XXS& block, int8_t* codes, float* scale) {
  const auto& grid = iq2_xxs_grid();
  const float d = half_to_float(block.d);
  for (unsigned group = 0; group < 8; ++group) {
    const uint32_t word = block.groups[group].signs_scale;
    scale[group] = iq2_scale(d, word >> 28);
    for (unsigned eight = 0; eight < 4; ++eight) {
      store_signed(grid[block.groups[group].grid[eight]], kEvenSignMasks[word >> (7 * eight) & 127u],
                   codes + 32 * group + 8 * eight);
    }
  }
}

void unpack_block(const BlockIQ1_M& block, int8_t* codes, float* scale) {
  const auto& grid = iq1_s_grid();
  unsigned d_bits = 0;
  for (unsigned word = 0; word < 4; ++word) d_bits |= static_cast<unsigned>(block.scales[word] >> 12) << (4 * word);
  const float d = half_to_float(static_cast<uint16_t>(d_bits));
  for (unsigned group = 0; group < 16; ++group) {
    const unsigned word = block.scales[group / 4];
    scale[group] = iq1_scale(d, word >> (3 * (group % 4)) & 7u);
  }
  for (unsigned eight = 0; eight < 32; ++eight) {
    const unsigned high = block.qh[eight / 2] >> (4 * (eight % 2)) & 15u;
    store_shifted(grid[block.qs[eight] | (high & 7u) << 8], (high & 8u) != 0, codes + 8 * eight);
  }
}

void unpack_block(const BlockIQ1_S& block, int8_t* codes, float* scale) {
  const auto& grid = iq1_s_grid();
  const float d = half_to_float(block.d);
  for (unsigned group = 0; group < 8; ++group) {
    const unsigned word = block.qh[group];
    scale[group] = iq1_scale(d, word >> 12 & 7u);
    for (unsigned eight = 0; eight < 4; ++eight) {
      const unsigned at = 4 * group + eight;
      store_shifted(grid[block.qs[at] | (word >> (3 * eight) & 7u) << 8], (word & 0x8000u) != 0, codes + 8 * at);
    }
  }
}

}  // namespace rung
