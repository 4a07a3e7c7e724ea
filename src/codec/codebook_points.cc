#include "codec/codebook_points.h"

#include <cstring>

#include "base/half.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"

namespace rung {
namespace {

template <size_t kPoints, size_t kValues>
PointSet points_of(const Grid<kPoints, kValues>& grid, bool even_signs) {
  return {{grid[0].data(), kPoints * kValues}, kValues, even_signs};
}

/// `count` bits of a word, the lowest at `at`.
template <typename Word>
void set_bits(Word& word, unsigned at, unsigned count, unsigned bits) {
  const Word mask = static_cast<Word>(static_cast<Word>((1u << count) - 1) << at);
  word = static_cast<Word>((word & static_cast<Word>(~mask)) | static_cast<Word>(static_cast<Word>(bits) << at));
}

void set(BlockIQ2_XXS& block, unsigned eight, const uint16_t* point, uint8_t signs) {
  GroupIQ2_XXS& group = block.groups[eight / 4];
  group.grid[eight % 4] = static_cast<uint8_t>(point[0]);
  uint32_t word = group.signs_scale;
  set_bits(word, 7 * (eight % 4), 7, signs & 127u);
  group.signs_scale = word;
}
void set(BlockIQ2_XS& block, unsigned eight, const uint16_t* point, uint8_t signs) {
  block.qs[eight] = static_cast<uint16_t>(point[0] | (signs & 127u) << 9);
}
void set(BlockIQ2_S& block, unsigned eight, const uint16_t* point, uint8_t signs) {
  block.qs[eight] = static_cast<uint8_t>(point[0]);
  set_bits(block.qh[eight / 4], 2 * (eight % 4), 2, static_cast<unsigned>(point[0]) >> 8);
  block.signs[eight] = signs;
}
void set(BlockIQ3_XXS& block, unsigned eight, const uint16_t* point, uint8_t signs) {
  block.qs[2 * eight] = static_cast<uint8_t>(point[0]);
  block.qs[2 * eight + 1] = static_cast<uint8_t>(point[1]);
  uint32_t word = block.signs_scale[eight / 4];
  set_bits(word, 7 * (eight % 4), 7, signs & 127u);
  block.signs_scale[eight / 4] = word;
}
void set(BlockIQ3_S& block, unsigned eight, const uint16_t* point, uint8_t signs) {
  for (unsigned half = 0; half < 2; ++half) {
    block.qs[2 * eight + half] = static_cast<uint8_t>(point[half]);
    set_bits(block.qh[eight / 4], 2 * (eight % 4) + half, 1, static_cast<unsigned>(point[half]) >> 8);
  }
  block.signs[eight] = signs;
}

template <typename Block>
void set_in(uint8_t* block, size_t eight, const uint16_t* point, uint8_t signs) {
  set(*reinterpret_cast<Block*>(block), static_cast<unsigned>(eight), point, signs);
}

}  // namespace

PointSet point_set(Format format) {
  switch (format) {
    case Format::IQ3_S:
      return points_of(iq3_s_grid(), false);
    case Format::IQ3_XXS:
      return points_of(iq3_xxs_grid(), true);
    case Format::IQ2_S:
      return points_of(iq2_s_grid(), false);
    case Format::IQ2_XS:
      return points_of(iq2_xs_grid(), true);
    case Format::IQ2_XXS:
      return points_of(iq2_xxs_grid(), true);
    default:
      return {};
  }
}

// Each of these blocks begins with d.
float block_scale(const uint8_t* block) {
  uint16_t d = 0;
  std::memcpy(&d, block, sizeof d);
  return half_to_float(d);
}

void set_block_scale(uint8_t* block, float scale) {
  const uint16_t d = float_to_half_saturated(scale);
  std::memcpy(block, &d, sizeof d);
}

void set_points(Format format, uint8_t* block, size_t eight, const uint16_t* point, uint8_t signs) {
  switch (format) {
    case Format::IQ3_S:
      return set_in<BlockIQ3_S>(block, eight, point, signs);
    case Format::IQ3_XXS:
      return set_in<BlockIQ3_XXS>(block, eight, point, signs);
    case Format::IQ2_S:
      return set_in<BlockIQ2_S>(block, eight, point, signs);
    case Format::IQ2_XS:
      return set_in<BlockIQ2_XS>(block, eight, point, signs);
    case Format::IQ2_XXS:
      return set_in<BlockIQ2_XXS>(block, eight, point, signs);
    default:
      return;
  }
}

}  // namespace rung
