// Grids against hashes of the published numbers, sign rule, and every value of the small float formats.
#include "codec/codebooks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/hash.h"

namespace rung {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

template <size_t kPoints, size_t kValues>
std::string hash_of(const Grid<kPoints, kValues>& grid) {
  return content_hash(std::span(reinterpret_cast<const uint8_t*>(grid.data()), sizeof grid));
}

// The hashes were computed with Python's ctypes and libxxhash from the plain lists of the shared gguf/codebooks.json
// (llama.cpp's ggml-common.h), one signed byte a number.
TEST(Codebooks, GridsAreThePublishedNumbers) {
  EXPECT_EQ(hash_of(iq2_xxs_grid()), "60ba8e78317e21cf3de7d625dc4b1f07");
  EXPECT_EQ(hash_of(iq2_xs_grid()), "cba556c4dd65a4a979a31619c2aa4027");
  EXPECT_EQ(hash_of(iq2_s_grid()), "6c4d531c42a1b6b9c5212534caf3b5bf");
  EXPECT_EQ(hash_of(iq3_xxs_grid()), "e7fa6a721caa81a4cb32234e3a15f5a7");
  EXPECT_EQ(hash_of(iq3_s_grid()), "cab5b9ef11a971becd5ca92a3ff62aa6");
  EXPECT_EQ(hash_of(iq1_s_grid()), "50dd87c6bcb6ce75273c860b28bbb277");
}

template <size_t kPoints, size_t kValues>
void expect_distinct_points(const Grid<kPoints, kValues>& grid) {
  const std::set<std::array<int8_t, kValues>> points(grid.begin(), grid.end());
  EXPECT_EQ(points.size(), kPoints);
}

TEST(Codebooks, NoPointOccursTwice) {
  expect_distinct_points(iq2_xxs_grid());
  expect_distinct_points(iq2_xs_grid());
  expect_distinct_points(iq2_s_grid());
  expect_distinct_points(iq3_xxs_grid());
  expect_distinct_points(iq3_s_grid());
  expect_distinct_points(iq1_s_grid());
}

// The points of E8 with odd coordinates 1, 3, 5 (here 8, 25, 43): their sum is a multiple of 4 once signs may change in
// pairs, so the number of 3s is even.
TEST(Codebooks, Iq2GridsLieOnTheE8Lattice) {
  for (const auto& point : iq2_s_grid()) {
    EXPECT_EQ(std::count(point.begin(), point.end(), 25) % 2, 0);
  }
}

TEST(Codebooks, SignsAreTheIndexAndAnEvenParityBit) {
  for (unsigned index = 0; index < 128; ++index) {
    const unsigned signs = iq_signs(static_cast<uint8_t>(index));
    EXPECT_EQ(signs & 127, index);
    EXPECT_EQ(std::popcount(signs) % 2, 0);
  }
}

TEST(Codebooks, E8m0IsAPowerOfTwoForEveryByte) {
  for (int e = 0; e < 256; ++e) {
    EXPECT_EQ(e8m0_half(static_cast<uint8_t>(e)), static_cast<float>(std::ldexp(1.0, e - 128))) << e;
  }
}

TEST(Codebooks, Ue4m3EveryByte) {
  for (int u = 0; u < 256; ++u) {
    if (u == 0x7f) continue;
    const int exponent = u / 8 % 16, fraction = u % 8;
    const double value =
        exponent == 0 ? std::ldexp(fraction / 8.0, -6) : std::ldexp(1.0 + fraction / 8.0, exponent - 7);
    EXPECT_EQ(ue4m3_half(static_cast<uint8_t>(u)), value / 2) << u;
  }
}

// OCP 8-bit floating point specification 1.0, table 1: E4M3.
TEST(Codebooks, Ue4m3LandmarksOfTheSpecification) {
  EXPECT_EQ(2 * ue4m3_half(0x01), std::ldexp(1.0f, -9));    // smallest subnormal
  EXPECT_EQ(2 * ue4m3_half(0x07), std::ldexp(0.875f, -6));  // largest subnormal
  EXPECT_EQ(2 * ue4m3_half(0x08), std::ldexp(1.0f, -6));    // smallest normal
  EXPECT_EQ(2 * ue4m3_half(0x7e), 448.0f);                  // largest
  EXPECT_EQ(ue4m3_half(0x7f), 0.0f);                        // NaN there, zero in llama.cpp
  EXPECT_EQ(2 * ue4m3_half(0x38), 1.0f);
}

// OCP Microscaling formats specification 1.0, E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6.
TEST(Codebooks, Fp4IsTwiceE2m1) {
  for (int q = 0; q < 16; ++q) {
    const int exponent = q / 2 % 4, fraction = q % 2;
    const double magnitude = exponent == 0 ? fraction * 0.5 : std::ldexp(1.0 + fraction * 0.5, exponent - 1);
    EXPECT_EQ(kFp4Doubled[q], 2 * (q < 8 ? magnitude : -magnitude)) << q;
  }
}

// QLoRA (arXiv 2305.14314), appendix E: quantiles of N(0, 1), eight above and seven below an exact zero, with the tails
// cut at (1/32 + 1/30) / 2, scaled to [-1, 1].
TEST(Codebooks, Nf4LevelsAreNormalQuantiles) {
  const double tail = 1 - (1.0 / 32 + 1.0 / 30) / 2;
  const auto quantile = [](double probability) {  // bisection of the normal distribution function
    double low = -9, high = 9;
    for (int step = 0; step < 80; ++step) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
    }
    return low;
  };
  const double largest = quantile(tail);
  for (int level = 0; level < 16; ++level) {
    const double step = level < 7 ? (tail - 0.5) / 7 : (tail - 0.5) / 8;
    const double expected = quantile(0.5 + (level - 7) * step) / largest;
    EXPECT_NEAR(kNf4Levels[level], expected, 1e-6) << level;
  }
}

// llama.cpp's table for IQ4_NL; strictly increasing, and without a zero.
TEST(Codebooks, Iq4Levels) {
  EXPECT_THAT(kIq4Levels, ElementsAre(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113));
}

}  // namespace
}  // namespace rung
