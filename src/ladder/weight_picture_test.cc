#include "ladder/weight_picture.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/rng.h"

namespace rung {
namespace {

using ::testing::SizeIs;

std::vector<float> bell(size_t count) {
  Rng rng(3);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(rng.uniform() + rng.uniform() + rng.uniform() - 1.5);
  return values;
}

TEST(WeightPicture, LevelsOfQ8_0AreTheStepsOfItsScale) {
  // Eight levels used, but -127 to 127 known once the other rows show them.
  std::vector<float> values(32);
  for (size_t at = 0; at < values.size(); ++at) values[at] = static_cast<float>(at % 8) - 3;
  const GroupLevels found = levels_of_group(Format::Q8_0, values, 32, 32);
  ASSERT_THAT(found.decoded, SizeIs(32));
  for (size_t at = 0; at < values.size(); ++at) EXPECT_NEAR(found.decoded[at], values[at], 4.0 / 127);
}

TEST(WeightPicture, EveryDecodedWeightStandsOnALevel) {
  const std::vector<float> values = bell(16 * 512);
  for (const FormatInfo& info : all_formats()) {
    if (info.encode == nullptr || info.block_values == 1) continue;
    const GroupLevels found = levels_of_group(info.format, values, 512, 32);
    ASSERT_FALSE(found.levels.empty()) << info.name;
    const float span = found.levels.back() - found.levels.front();
    for (const float weight : found.decoded) {
      float nearest = span;
      for (const float level : found.levels) nearest = std::min(nearest, std::abs(level - weight));
      EXPECT_LE(nearest, 2e-5f * span) << info.name;
    }
  }
}

/// Two groups of 16 have a scale each, so twice the codes; the grids' magnitudes are in docs/formats.md.
TEST(WeightPicture, NumbersOfLevelsAreThoseOfTheFormats) {
  const std::vector<float> values = bell(64 * 512);
  const auto count = [&](Format format) { return levels_of_group(format, values, 512, 32).levels.size(); };
  EXPECT_EQ(count(Format::Q4_0), 16);
  EXPECT_EQ(count(Format::Q4_K), 16);
  EXPECT_EQ(count(Format::Q5_K), 32);
  EXPECT_EQ(count(Format::NF4), 16);
  EXPECT_EQ(count(Format::IQ4_NL), 16);
  EXPECT_EQ(count(Format::IQ2_XXS), 6);  // 8, 25 and 43 of either sign
  EXPECT_EQ(count(Format::MXFP4), 15);   // zero has no sign
}

}  // namespace
}  // namespace rung
