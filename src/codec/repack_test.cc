// Codes put into blocks are the codes that come out, whatever the blocks held, and the scales stay.
#include "codec/repack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <vector>

#include "base/rng.h"
#include "codec/codebooks.h"

namespace rung {
namespace {

constexpr size_t kValues = 512;

std::vector<uint8_t> random_blocks(Format format) {
  Rng rng(static_cast<uint64_t>(format) + 7);
  std::vector<uint8_t> blocks(row_bytes(format, kValues));
  for (uint8_t& byte : blocks) byte = static_cast<uint8_t>(rng.next());
  return blocks;
}

std::vector<uint8_t> random_levels(Format format) {
  Rng rng(static_cast<uint64_t>(format));
  std::vector<uint8_t> levels(kValues);
  for (uint8_t& level : levels) level = static_cast<uint8_t>(rng.below(code_levels(format).size()));
  return levels;
}

/// Bits, as random blocks have scales that are NaN.
std::vector<uint8_t> scale_bits(Format format, const std::vector<uint8_t>& blocks) {
  const size_t groups = kValues / scale_group(format);
  std::vector<float> scales(2 * groups);
  scales_of_row(format, blocks.data(), kValues, scales.data(), scales.data() + groups);
  std::vector<uint8_t> bits(scales.size() * sizeof(float));
  std::memcpy(bits.data(), scales.data(), bits.size());
  return bits;
}

TEST(Repack, CodebookAndPlainFormatsAloneHaveNoLevels) {
  std::set<std::string_view> without;
  for (const FormatInfo& info : all_formats())
    if (code_levels(info.format).empty()) without.insert(info.name);
  EXPECT_EQ(without, (std::set<std::string_view>{"f32", "f16", "bf16", "iq3_s", "iq3_xxs", "iq2_s", "iq2_xs", "iq2_xxs",
                                                 "iq1_m", "iq1_s"}));
}

TEST(Repack, LevelsComeBackAndScalesStay) {
  for (const FormatInfo& info : all_formats()) {
    const auto levels = code_levels(info.format);
    if (levels.empty() || info.unpack == nullptr) continue;
    std::vector<uint8_t> blocks = random_blocks(info.format);
    const std::vector<uint8_t> scales = scale_bits(info.format, blocks), chosen = random_levels(info.format);
    set_codes(info.format, chosen.data(), kValues, blocks.data());
    EXPECT_EQ(scale_bits(info.format, blocks), scales) << info.name;
    std::vector<int8_t> codes(kValues);
    std::vector<float> unused(2 * kValues / info.group_values);
    unpack_row(info.format, blocks.data(), kValues, codes.data(), unused.data(), unused.data() + unused.size() / 2);
    for (size_t value = 0; value < kValues; ++value)
      ASSERT_EQ(static_cast<float>(codes[value]), levels[chosen[value]]) << info.name << " value " << value;
  }
}

TEST(Repack, Nf4DecodesToLevelsTimesAbsmax) {
  std::vector<uint8_t> blocks(row_bytes(Format::NF4, kValues));
  const float absmax = 0.75f;
  for (size_t block = 0; block < kValues / 64; ++block) std::memcpy(&blocks[36 * block + 32], &absmax, sizeof absmax);
  const std::vector<uint8_t> chosen = random_levels(Format::NF4);
  set_codes(Format::NF4, chosen.data(), kValues, blocks.data());
  std::vector<float> decoded(kValues);
  decode_row(Format::NF4, blocks.data(), kValues, decoded.data());
  for (size_t value = 0; value < kValues; ++value) EXPECT_EQ(decoded[value], absmax * kNf4Levels[chosen[value]]);
  EXPECT_EQ(scale_group(Format::NF4), 64u);
  std::vector<float> scale(8), min(8, 1.0f);
  scales_of_row(Format::NF4, blocks.data(), kValues, scale.data(), min.data());
  EXPECT_EQ(scale, std::vector<float>(8, absmax));
  EXPECT_EQ(min, std::vector<float>(8, 0.0f));
}

}  // namespace
}  // namespace rung
