// The formats without a minimum: what already lies on their grids is stored without loss, the IQ4 level is the nearest,
// more effort is no more error.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "codec/codebooks.h"
#include "codec/encode_for_tests.h"
#include "codec/format.h"
#include "codec/gguf_vectors_for_tests.h"
#include "codec/level_grids.h"

namespace rung {
namespace {

const std::vector<Format> kSymmetric = {Format::Q8_0,   Format::Q6_K, Format::Q5_0,  Format::Q4_0,
                                        Format::IQ4_NL, Format::Q3_K, Format::IQ4_XS};

/// Normal values; the first row as a half checkpoint has them, which look like a grid at first.
std::vector<float> weights(uint64_t seed, int exponent) {
  Rng rng(seed);
  std::vector<float> x(4 * kVectorCols);
  for (size_t n = 0; n < x.size(); ++n) {
    double sum = bell(rng);
    if (rng.below(200) == 0) sum *= 8.0;
    x[n] = static_cast<float>(std::ldexp(sum, exponent));
    if (n < kVectorCols) x[n] = half_to_float(float_to_half(x[n]));
  }
  return x;
}

RC_GTEST_PROP(SymmetricEncoders, DecodedBlocksAreKeptExactly, ()) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  const std::vector<float> x = weights(*rc::gen::inRange<uint64_t>(0, 1u << 30), *rc::gen::inRange(-14, 4));
  for (const Format format : kSymmetric) {
    for (const Effort effort : kEfforts) {
      for (const float* importance : {static_cast<const float*>(nullptr), imatrix.data()}) {
        const std::vector<float> once = there_and_back(format, x, {kVectorCols, importance, effort});
        for (const float* other : {static_cast<const float*>(nullptr), imatrix.data()}) {
          if (there_and_back(format, once, {kVectorCols, other}) != once)
            RC_FAIL(std::string(format_name(format)) + " effort " + std::to_string(static_cast<int>(effort)));
        }
      }
    }
  }
}

TEST(SymmetricEncoders, BlocksOfLlamaCppAreKeptExactly) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  int checked = 0;
  for (const GgufVector& vector : read_vector_manifest()) {
    if (std::find(kSymmetric.begin(), kSymmetric.end(), vector.format) == kSymmetric.end()) continue;
    SCOPED_TRACE(vector.file);
    const std::vector<float> x = decode(vector.format, read_vector_bytes(vector.file));
    for (const Effort effort : kEfforts) {
      EXPECT_EQ(there_and_back(vector.format, x, {kVectorCols, nullptr, effort}), x);
      EXPECT_EQ(there_and_back(vector.format, x, {kVectorCols, imatrix.data(), effort}), x);
    }
    ++checked;
  }
  EXPECT_EQ(checked, 3 + 6 * 5) << "q8_0 without imatrix only; three inputs, two of them with imatrix";
}

// An integer checkpoint has one scale a row, so a block's largest level is not an end of the grid.
TEST(SymmetricEncoders, IntegerCheckpointsAreKeptExactly) {
  Rng rng(5);
  const float scale = half_to_float(0x1a57);  // an arbitrary half with all its bits in use
  for (const auto& [format, top] : std::vector<std::pair<Format, int>>{{Format::Q8_0, 127},
                                                                       {Format::Q8_0, 100},
                                                                       {Format::Q5_0, 15},
                                                                       {Format::Q5_0, 11},
                                                                       {Format::Q4_0, 7},
                                                                       {Format::Q4_0, 5},
                                                                       {Format::Q6_K, 31},
                                                                       {Format::Q6_K, 23},
                                                                       {Format::Q3_K, 3}}) {
    std::vector<float> x(kVectorCols);
    for (float& value : x) value = scale * static_cast<float>(static_cast<int>(rng.below(2 * top + 1)) - top);
    for (const Effort effort : kEfforts) EXPECT_EQ(there_and_back(format, x, {.effort = effort}), x) << top;
  }
}

TEST(SymmetricEncoders, MoreEffortIsNoMoreError) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  for (const std::string input : {"gauss", "heavy"}) {
    const std::vector<float> x = read_vector_floats(input + ".f32");
    for (const Format format : kSymmetric) {
      double errors[3] = {};
      for (const Effort effort : kEfforts) {
        const std::vector<float> y = there_and_back(format, x, {kVectorCols, imatrix.data(), effort});
        errors[static_cast<int>(effort)] = weighted_error(x, y, imatrix);
      }
      // The encoders weigh with a mixture of importance and size, so the bare importance may disagree a little.
      EXPECT_LE(errors[1], 1.005 * errors[0]) << format_name(format) << ", " << input;
      EXPECT_LE(errors[2], 1.005 * errors[1]) << format_name(format) << ", " << input;
    }
  }
}

// Against a search through the table, also beyond both ends and around every midpoint.
TEST(LevelGrids, Iq4FindsTheNearestLevel) {
  using L = Lanes<4>;
  for (int step = -200 * 64; step <= 200 * 64; ++step) {
    const float target = static_cast<float>(step) / 64.0f + 1.0f / 256.0f;  // never on a midpoint
    int nearest = 0;
    for (int code = 1; code < 16; ++code) {
      if (std::fabs(target - kIq4Levels[code]) < std::fabs(target - kIq4Levels[nearest])) nearest = code;
    }
    ASSERT_EQ(Iq4Grid<4>::code(L::splat(target))[2], nearest) << target;
    ASSERT_EQ(Iq4Grid<4>::nearest(L::splat(target))[1], static_cast<float>(kIq4Levels[nearest])) << target;
  }
  EXPECT_EQ(Iq4Grid<4>::code(L::splat(1e30f))[0], 15);
  EXPECT_EQ(Iq4Grid<4>::code(L::splat(-1e30f))[0], 0);
}

}  // namespace
}  // namespace rung
