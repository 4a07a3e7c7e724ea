// Formats with a minimum: what already lies on their grid comes back bit for bit, and more effort means less error.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "codec/encode_for_tests.h"
#include "codec/exact_line.h"
#include "codec/format.h"
#include "codec/gguf_vectors_for_tests.h"

namespace rung {
namespace {

constexpr Format kFormats[] = {Format::Q4_1, Format::Q5_1, Format::Q2_K, Format::Q4_K, Format::Q5_K};

TEST(AffineEncoders, DecodedVectorsComeBackUnchanged) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  size_t checked = 0;
  for (const GgufVector& vector : read_vector_manifest()) {
    if (std::find(std::begin(kFormats), std::end(kFormats), vector.format) == std::end(kFormats)) continue;
    const std::vector<float> source = decode(vector.format, read_vector_bytes(vector.file));
    for (const float* importance : {static_cast<const float*>(nullptr), imatrix.data()}) {
      for (const Effort effort : kEfforts)
        EXPECT_EQ(there_and_back(vector.format, source, {kVectorCols, importance, effort}), source) << vector.file;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 25u);
}

/// A row of 512 with outliers, offset by some deviations, of any magnitude that halves can scale.
rc::Gen<std::vector<float>> any_row() {
  const auto make = [](const std::tuple<uint64_t, int, int>& what) {
    const auto& [seed, exponent, offset] = what;
    Rng rng(seed);
    std::vector<float> row(512);
    for (float& value : row) {
      const double sum = offset + bell(rng);
      value = static_cast<float>(std::ldexp(rng.below(100) == 0 ? 10.0 * sum : sum, exponent));
    }
    return row;
  };
  return rc::gen::map(
      rc::gen::tuple(rc::gen::inRange<uint64_t>(0, 1u << 30), rc::gen::inRange(-10, 7), rc::gen::inRange(-3, 4)), make);
}

RC_GTEST_PROP(AffineEncoders, EncodingTwiceChangesNothing, ()) {
  const std::vector<float> row = *any_row();
  Rng rng(*rc::gen::inRange<uint64_t>(0, 1000));
  std::vector<float> importance(row.size());
  for (float& weight : importance) weight = static_cast<float>(std::exp(4.0 * rng.uniform()));
  for (const Format format : kFormats) {
    for (const float* weights : {static_cast<const float*>(nullptr), std::as_const(importance).data()}) {
      const std::vector<float> once = there_and_back(format, row, {.importance = weights});
      if (there_and_back(format, once, {.importance = weights}) != once) RC_FAIL(std::string(format_name(format)));
    }
  }
}

/// A block of a format with an integer for every scale, minimum and code.
std::vector<uint8_t> random_block(Format format, Rng& rng) {
  std::vector<uint8_t> block(format_info(format).block_bytes);
  for (uint8_t& byte : block) byte = static_cast<uint8_t>(rng.below(256));
  const size_t halves = format == Format::Q2_K ? block.size() - 4 : 0;
  for (size_t half = 0; half < 2; ++half) {
    const uint16_t bits = float_to_half(static_cast<float>(0.001 + 0.01 * rng.uniform()));
    block[halves + 2 * half] = static_cast<uint8_t>(bits & 255);
    block[halves + 2 * half + 1] = static_cast<uint8_t>(bits >> 8);
  }
  return block;
}

RC_GTEST_PROP(AffineEncoders, RandomBlocksComeBackUnchanged, ()) {
  Rng rng(*rc::gen::inRange<uint64_t>(0, 1u << 30));
  for (const Format format : kFormats) {
    const std::vector<float> source = decode(format, random_block(format, rng));
    if (there_and_back(format, source) != source) RC_FAIL(std::string(format_name(format)));
  }
}

// scale 0.75, min -0.5 (that is, 0.5 is added), the lowest code in use 3.
TEST(ExactLine, FindsTheLineThatMadeTheValues) {
  std::vector<float> x;
  for (const int code : {3, 7, 4, 15, 3, 9}) x.push_back(0.75f * static_cast<float>(code) + 0.5f);
  ExactLine line = {};
  ASSERT_TRUE(find_exact_line(x.data(), x.size(), 15, 1.0f, &line));
  for (const float value : x) {
    const float code = std::nearbyint((value + line.min) / line.scale);
    EXPECT_EQ(line.scale * code - line.min, value);
    EXPECT_TRUE(code >= 0.0f && code <= 15.0f);
  }
  x[2] = std::nextafter(x[2], 100.0f);
  EXPECT_FALSE(find_exact_line(x.data(), x.size(), 15, 1.0f, &line));
}

TEST(ExactLine, SuperBlocksOffTheGridAreRefused) {
  std::vector<float> x(256);
  for (size_t n = 0; n < x.size(); ++n) x[n] = 0.25f * static_cast<float>(n % 16) * static_cast<float>(1 + n / 32);
  ExactSuperLine line;
  ASSERT_TRUE(find_exact_super_line(x.data(), 8, 15, 63, 1.0f, &line));
  for (size_t n = 0; n < x.size(); ++n) {
    const float scale = line.d * static_cast<float>(line.scale[n / 32]);
    EXPECT_EQ(scale * std::nearbyint(x[n] / scale) - line.dmin * static_cast<float>(line.min[n / 32]), x[n]);
  }
  x[255] = std::nextafter(x[255], 100.0f);
  EXPECT_FALSE(find_exact_super_line(x.data(), 8, 15, 63, 1.0f, &line));
}

TEST(AffineEncoders, MoreEffortMeansLessError) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  for (const std::string input : {"gauss", "heavy"}) {
    const std::vector<float> x = read_vector_floats(input + ".f32");
    for (const Format format : kFormats) {
      double before = HUGE_VAL;
      for (const Effort effort : kEfforts) {
        const std::vector<float> y = there_and_back(format, x, {kVectorCols, imatrix.data(), effort});
        const double error = weighted_error(x, y, imatrix);
        // The search lowers an error that also weighs large values, so a step may lose a little of this one.
        EXPECT_LT(error, before * 1.005) << format_name(format) << ' ' << input;
        before = error;
      }
    }
  }
}

}  // namespace
}  // namespace rung
