// Points and signs put into blocks are those that come out, and the scales stay.
#include "codec/codebook_points.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <vector>

#include "base/rng.h"

namespace rung {
namespace {

constexpr size_t kValues = 256;

struct Unpacked {
  std::vector<int8_t> codes = std::vector<int8_t>(kValues);
  std::vector<float> scale = std::vector<float>(16), min = std::vector<float>(16);
};

Unpacked unpacked(Format format, const std::vector<uint8_t>& block) {
  Unpacked result;
  unpack_row(format, block.data(), kValues, result.codes.data(), result.scale.data(), result.min.data());
  return result;
}

std::vector<Format> formats() {
  std::vector<Format> found;
  for (const FormatInfo& info : all_formats())
    if (point_set(info.format).points() != 0) found.push_back(info.format);
  return found;
}

/// Random bytes with a d that is no NaN.
std::vector<uint8_t> random_block(Format format, Rng& rng) {
  std::vector<uint8_t> block(format_info(format).block_bytes);
  for (uint8_t& byte : block) byte = static_cast<uint8_t>(rng.next());
  set_block_scale(block.data(), 0.5f);
  return block;
}

TEST(CodebookPoints, PointsComeBackAndScalesStay) {
  EXPECT_EQ(formats().size(), 5u);
  for (const Format format : formats()) {
    Rng rng(static_cast<uint64_t>(format));
    const PointSet set = point_set(format);
    std::vector<uint8_t> block = random_block(format, rng);
    const Unpacked before = unpacked(format, block);
    std::vector<int> expected;
    for (size_t eight = 0; eight < kValues / 8; ++eight) {
      uint16_t point[2] = {static_cast<uint16_t>(rng.below(set.points())),
                           static_cast<uint16_t>(rng.below(set.points()))};
      auto signs = static_cast<uint8_t>(rng.next());
      if (set.even_signs && std::popcount(signs) % 2 != 0) signs ^= 16;
      set_points(format, block.data(), eight, point, signs);
      for (size_t value = 0; value < 8; ++value) {
        const int magnitude = set.magnitudes[point[value / set.values] * set.values + value % set.values];
        expected.push_back((signs >> value & 1) != 0 ? -magnitude : magnitude);
      }
    }
    const Unpacked after = unpacked(format, block);
    EXPECT_EQ(after.scale, before.scale) << format_name(format);
    for (size_t value = 0; value < kValues; ++value)
      ASSERT_EQ(after.codes[value], expected[value]) << format_name(format) << " value " << value;
  }
}

TEST(CodebookPoints, TheScaleMultipliesAllOthers) {
  for (const Format format : formats()) {
    Rng rng(3);
    std::vector<uint8_t> block = random_block(format, rng);
    const Unpacked before = unpacked(format, block);
    EXPECT_EQ(block_scale(block.data()), 0.5f);
    set_block_scale(block.data(), 2.0f);
    const Unpacked after = unpacked(format, block);
    EXPECT_EQ(after.codes, before.codes);
    for (size_t group = 0; group < kValues / format_info(format).group_values; ++group)
      EXPECT_EQ(after.scale[group], 4 * before.scale[group]) << format_name(format);
  }
}

}  // namespace
}  // namespace rung
