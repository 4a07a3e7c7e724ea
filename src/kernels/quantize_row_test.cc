#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "kernels/dispatch.h"
#include "kernels/kernels_for_tests.h"

namespace rung {
namespace {

struct QuantizedRow {
  std::vector<int8_t> codes;
  std::vector<float> scales, sums16, sums32;
  std::vector<int32_t> offsets;

  QuantizedRow(Isa isa, const std::vector<float>& x)
      : codes(x.size()), scales(x.size() / 32), sums16(x.size() / 16), sums32(x.size() / 32), offsets(x.size() / 16) {
    kernels_for(isa).quantize_row(x.data(), x.size(),
                                  {codes.data(), scales.data(), offsets.data(), sums16.data(), sums32.data()});
  }
};

std::vector<float> rows_of_all_sizes(Rng& rng) {
  std::vector<float> x = random_floats(rng, 32 * 64);
  for (size_t group = 0; group < 64; ++group)
    for (size_t value = 0; value < 32; ++value)
      x[32 * group + value] *= std::ldexp(1.0f, static_cast<int>(group) * 4 - 140);
  return x;
}

TEST(QuantizeRow, CodesAreNearestAndSumsFollow) {
  Rng rng(3);
  const std::vector<float> x = rows_of_all_sizes(rng);
  for (const Isa isa : available_isas()) {
    const QuantizedRow row(isa, x);
    for (size_t group = 0; group < x.size() / 32; ++group) {
      float amax = 0;
      int sums[2] = {};
      for (size_t value = 0; value < 32; ++value) {
        amax = std::max(amax, std::abs(x[32 * group + value]));
        sums[value / 16] += row.codes[32 * group + value];
      }
      const double scale = row.scales[group];
      if (amax < 0x1p-118f) {
        EXPECT_EQ(scale, 0);
        continue;
      }
      EXPECT_FLOAT_EQ(row.scales[group], amax / 127);
      for (size_t value = 0; value < 32; ++value)  // half a step, and three roundings of a number up to 127
        EXPECT_NEAR(row.codes[32 * group + value], x[32 * group + value] / scale, 0.5 + 127 * 4 * kUnit);
      EXPECT_EQ(row.offsets[2 * group], -128 * sums[0]);
      EXPECT_EQ(row.offsets[2 * group + 1], -128 * sums[1]);
      EXPECT_EQ(row.sums16[2 * group], row.scales[group] * static_cast<float>(sums[0]));
      EXPECT_EQ(row.sums16[2 * group + 1], row.scales[group] * static_cast<float>(sums[1]));
      EXPECT_EQ(row.sums32[group], row.scales[group] * static_cast<float>(sums[0] + sums[1]));
    }
  }
}

TEST(QuantizeRow, EveryIsaGivesTheSameBytes) {
  Rng rng(4);
  const std::vector<float> x = rows_of_all_sizes(rng);
  const QuantizedRow expected(Isa::kScalar, x);
  for (const Isa isa : available_isas()) {
    const QuantizedRow got(isa, x);
    EXPECT_EQ(got.codes, expected.codes);
    EXPECT_EQ(got.scales, expected.scales);
    EXPECT_EQ(got.offsets, expected.offsets);
    EXPECT_EQ(got.sums16, expected.sums16);
    EXPECT_EQ(got.sums32, expected.sums32);
  }
}

TEST(QuantizeRow, TiesGoToEven) {
  std::vector<float> x(32, 0.0f);
  x[0] = 127.0f;  // scale 1
  x[1] = 0.5f, x[2] = 1.5f, x[3] = -2.5f, x[4] = -3.5f;
  for (const Isa isa : available_isas()) {
    const QuantizedRow row(isa, x);
    EXPECT_THAT(std::vector<int>(row.codes.begin(), row.codes.begin() + 5), testing::ElementsAre(127, 0, 2, -2, -4));
  }
}

TEST(QuantizeRow, WhatIsNotFiniteMakesTheScaleNan) {
  for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN()}) {
    for (const size_t at : {0, 9, 31}) {
      std::vector<float> x(64, 1.0f);
      x[at] = bad;
      for (const Isa isa : available_isas()) {
        const QuantizedRow row(isa, x);
        EXPECT_TRUE(std::isnan(row.scales[0])) << isa_name(isa);
        EXPECT_TRUE(std::isnan(row.sums32[0])) << isa_name(isa);
        EXPECT_EQ(row.codes[0], 0);
        EXPECT_FALSE(std::isnan(row.scales[1]));
      }
    }
  }
}

}  // namespace
}  // namespace rung
