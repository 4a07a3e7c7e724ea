// NF4 against what bitsandbytes' definition implies. Expected values: QLoRA (arXiv 2305.14314) for the levels; the
// error on normal values and the corner values of the dynamic map were computed independently in Python from the
// definition.
#include "codec/encode_nf4.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/rng.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"
#include "codec/encode_for_tests.h"
#include "codec/format.h"

namespace rung {
namespace {

/// Box-Muller.
std::vector<float> normal_values(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
    value = static_cast<float>(radius * std::cos(2.0 * 3.14159265358979323846 * rng.uniform()));
  }
  return values;
}

std::vector<uint8_t> encode_tensor(Format format, const std::vector<float>& values) {
  std::vector<uint8_t> blocks = encode(format, values);
  finish_tensor(format, blocks);
  return blocks;
}

// .00841 for blocks of 64 on 131072 samples of N(0,1). The spread between samples of this size is about 0.3 %.
TEST(Nf4, ErrorOnNormalValues) {
  const std::vector<float> values = normal_values(131072, 11);
  const auto error = [&](Format format) {
    return relative_error(values, decode(format, encode_tensor(format, values)));
  };
  EXPECT_NEAR(error(Format::NF4), 0.00841, 0.00841 * 0.015);
  // Double quantization moves a block's magnitude by well under a percent: it may not halve or double the error.
  const double nested = error(Format::NF4_DQ);
  EXPECT_GT(nested, error(Format::NF4));
  EXPECT_LT(nested, 0.00841 * 1.02);
}

TEST(Nf4, DynamicMapHasThePublishedCorners) {
  const std::array<float, 256> map = make_dynamic_map();
  EXPECT_TRUE(std::is_sorted(map.begin(), map.end()));
  EXPECT_EQ(std::adjacent_find(map.begin(), map.end()), map.end());
  EXPECT_EQ(map[127], 0.0f);
  EXPECT_NEAR(map[128], 5.5e-7, 1e-12);
  EXPECT_NEAR(map[129], 3.25e-6, 1e-11);
  EXPECT_NEAR(map[254], 0.99297, 5e-6);
  EXPECT_EQ(map[255], 1.0f);
  EXPECT_NEAR(map[0], -0.99297, 5e-6);
  for (size_t n = 0; n < 127; ++n) EXPECT_EQ(map[n], -map[254 - n]);
}

TEST(Nf4, FirstValueInTheHighNibbleAndLevelsExact) {
  std::vector<float> values(64, 0.0f);
  for (size_t n = 0; n < 16; ++n) values[n] = 3.0f * kNf4Levels[n];
  const std::vector<uint8_t> blocks = encode_tensor(Format::NF4, values);
  BlockNF4 block;
  std::memcpy(&block, blocks.data(), sizeof block);
  EXPECT_EQ(block.absmax, 3.0f);
  EXPECT_EQ(block.qs[0], 0x01);
  EXPECT_EQ(block.qs[7], 0xef);
  EXPECT_EQ(block.qs[8], 0x77) << "zeros are code 7";
}

// The definition, value by value: the nearer of the two levels around value / absmax, in float, the lower one where
// they are equally near. Among the values every midpoint of two levels and its neighbours, both signs.
TEST(Nf4, CodesFollowTheDefinition) {
  std::vector<float> values = normal_values(64 * 40, 13);
  for (size_t n = 0; n < 15; ++n) {
    const float middle = (kNf4Levels[n] + kNf4Levels[n + 1]) * 0.5f;
    float value = std::nextafter(std::nextafter(middle, -2.0f), -2.0f);
    for (size_t step = 0; step < 5; ++step, value = std::nextafter(value, 2.0f)) {
      values[64 * (2 * n) + 10 + step] = value;
      values[64 * (2 * n + 1) + 10 + step] = -value;
    }
    values[64 * (2 * n)] = values[64 * (2 * n + 1)] = 1.0f;
    for (size_t k = 0; k < 128; ++k) values[128 * n + k] = std::clamp(values[128 * n + k], -1.0f, 1.0f);
  }
  values[64 * 35] = 3e38f;
  for (size_t k = 0; k < 64; ++k) values[64 * 36 + k] *= 1e-42f;
  const std::vector<uint8_t> blocks = encode_tensor(Format::NF4, values);
  for (size_t n = 0; n < values.size(); ++n) {
    BlockNF4 block;
    std::memcpy(&block, blocks.data() + n / 64 * sizeof block, sizeof block);
    const float* const x = values.data() + n / 64 * 64;
    float absmax = 0.0f;
    for (size_t k = 0; k < 64; ++k) absmax = std::max(absmax, std::fabs(x[k]));
    ASSERT_EQ(block.absmax, absmax);
    const float relative = values[n] / absmax;
    size_t expected = 0;
    while (expected < 15 && kNf4Levels[expected] < relative) ++expected;
    if (expected > 0 && relative - kNf4Levels[expected - 1] <= kNf4Levels[expected] - relative) --expected;
    const unsigned two = block.qs[n % 64 / 2];
    ASSERT_EQ(n % 2 == 0 ? two >> 4 : two & 15, expected) << "value " << n << ": " << relative;
  }
}

// absmax values 1, 2, 3: their mean is 2, the distances -1, 0, 1 relative to the largest, 1. The map has 0 and 1 but
// not -1: the first block becomes 2 - .99297.
TEST(Nf4, DoubleQuantizationByHand) {
  std::vector<float> values(3 * 64, 0.5f);
  values[0] = 1.0f;
  values[64] = -2.0f;
  values[128] = 3.0f;
  const std::vector<uint8_t> blocks = encode_tensor(Format::NF4_DQ, values);
  float absmax[3];
  for (size_t n = 0; n < 3; ++n) {
    std::memcpy(&absmax[n], blocks.data() + n * sizeof(BlockNF4) + offsetof(BlockNF4, absmax), sizeof(float));
  }
  EXPECT_NEAR(absmax[0], 2.0 - 0.99297, 5e-6);
  EXPECT_EQ(absmax[1], 2.0f);
  EXPECT_EQ(absmax[2], 3.0f);
}

TEST(Nf4, EachGroupOf256BlocksHasItsOwnScale) {
  // One far block in the second group must not coarsen the first: its 256 blocks alternate between two magnitudes.
  std::vector<float> values(512 * 64, 0.0f);
  for (size_t block = 0; block < 512; ++block) values[block * 64] = block % 2 == 0 ? 0.9f : 1.1f;
  values[300 * 64] = 1000.0f;
  const std::vector<uint8_t> blocks = encode_tensor(Format::NF4_DQ, values);
  const auto absmax_of = [&](size_t block) {
    float absmax;
    std::memcpy(&absmax, blocks.data() + block * sizeof(BlockNF4) + offsetof(BlockNF4, absmax), sizeof absmax);
    return absmax;
  };
  // The mean is about 2.95, so the first group's distances are -2.05 and -1.85; steps of the map there are 1.4 % of the
  // scale, and half of one (plus the missing -1) is at most .015 of 2.05.
  EXPECT_NEAR(absmax_of(0), 0.9f, 0.031);
  EXPECT_NEAR(absmax_of(1), 1.1f, 0.031);
  // In the second group a step near zero is at least 1e-6 of a thousand, and far more at 2 in 1000.
  EXPECT_NEAR(absmax_of(300), 1000.0f, 0.01);
}

TEST(Nf4, OtherFormatsAreLeftAlone) {
  const std::vector<float> values = normal_values(256, 12);
  std::vector<uint8_t> blocks = encode(Format::NF4, values);
  const std::vector<uint8_t> before = blocks;
  finish_tensor(Format::NF4, blocks);
  EXPECT_EQ(blocks, before);
  finish_tensor(Format::NF4_DQ, {});
}

}  // namespace
}  // namespace rung
