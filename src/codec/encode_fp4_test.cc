// MXFP4 and NVFP4: blocks that exist come back, searched scales against all scales, and the factor of a matrix.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"
#include "codec/encode_for_tests.h"
#include "codec/gguf_vectors_for_tests.h"
#include "codec/nvfp4_scale.h"

namespace rung {
namespace {

constexpr size_t kColumns = 1024;

std::vector<uint8_t> random_bytes(Format format, uint64_t seed) {
  Rng rng(seed);
  std::vector<uint8_t> blocks(row_bytes(format, kColumns));
  for (uint8_t& byte : blocks) byte = static_cast<uint8_t>(rng.below(256));
  return blocks;
}

// Any block with finite values, from the smallest subnormals on: some scale reproduces it, and leaves no error. Beyond
// e = 252 the larger levels are infinite.
RC_GTEST_PROP(Mxfp4, BlocksComeBack, (uint64_t seed)) {
  std::vector<uint8_t> blocks = random_bytes(Format::MXFP4, seed);
  for (size_t at = 0; at < blocks.size(); at += sizeof(BlockMXFP4)) {
    blocks[at] = static_cast<uint8_t>(blocks[at] % 253);
    // Blocks without the largest levels as well.
    if (at % 3 == 0) std::for_each_n(blocks.begin() + at + 1, 16, [](uint8_t& two) { two &= 0x99; });
  }
  const std::vector<float> x = decode(Format::MXFP4, blocks);
  for (const Effort effort : kEfforts) RC_ASSERT(there_and_back(Format::MXFP4, x, {.effort = effort}) == x);
}

// Every scale code but the NaN, subnormal ones included, and a power of two as the factor.
RC_GTEST_PROP(Nvfp4, BlocksComeBack, (uint64_t seed)) {
  std::vector<uint8_t> blocks = random_bytes(Format::NVFP4, seed);
  for (size_t at = 0; at < blocks.size(); at += sizeof(BlockNVFP4)) {
    for (size_t group = 0; group < 4; ++group) {
      uint8_t& scale = blocks[at + group];
      scale = static_cast<uint8_t>(seed % 2 == 0 ? scale % 127 : scale % 16);
      if (group == 3) std::for_each_n(blocks.begin() + at + 28, 8, [](uint8_t& two) { two &= 0xaa; });
    }
  }
  for (const float factor : {1.0f, 0x1p-9f}) {
    const std::vector<float> x = decode(Format::NVFP4, blocks, factor);
    for (const Effort effort : {Effort::kNormal, Effort::kBest})
      RC_ASSERT(there_and_back(Format::NVFP4, x, {.effort = effort, .tensor_scale = factor}) == x);
  }
}

/// The least error of 16 or 32 values over all scales, every value at its nearest level.
double least_error(const float* x, const float* w, size_t count, const std::vector<float>& scales) {
  double least = std::numeric_limits<double>::infinity();
  for (const float scale : scales) {
    double error = 0.0;
    for (size_t n = 0; n < count; ++n) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const int8_t level : kFp4Doubled)
        nearest = std::min(nearest, std::fabs(static_cast<double>(x[n]) - scale * static_cast<double>(level)));
      error += w[n] * nearest * nearest;
    }
    least = std::min(least, error);
  }
  return least;
}

// Exhaustive over every scale there is. With importance a scale far below may clip one unimportant value: normal effort
// does not look there, at a cost of no more than 1 % in the sum.
TEST(Fp4, ScalesAreTheBestOfAll) {
  std::vector<float> mx, nv;
  for (int e = 64; e < 192; ++e) mx.push_back(e8m0_half(static_cast<uint8_t>(e)));
  for (int code = 0; code < 127; ++code) nv.push_back(ue4m3_half(static_cast<uint8_t>(code)));
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32"), ones(kColumns, 1.0f);
  for (const char* input : {"gauss.f32", "heavy.f32"}) {
    const std::vector<float> x = read_vector_floats(input);
    for (const auto* w : {&ones, &imatrix}) {
      for (const Format format : {Format::MXFP4, Format::NVFP4}) {
        const size_t group = format_info(format).group_values;
        double least = 0.0;
        for (size_t first = 0; first < x.size(); first += group) {
          least +=
              least_error(x.data() + first, w->data() + first % kColumns, group, format == Format::MXFP4 ? mx : nv);
        }
        const double normal = weighted_error(x, there_and_back(format, x, {kColumns, w->data()}), *w);
        const double best = weighted_error(x, there_and_back(format, x, {kColumns, w->data(), Effort::kBest}), *w);
        EXPECT_GE(normal, least * 0.9999) << format_name(format) << " " << input;
        EXPECT_LE(normal, least * (w == &ones ? 1.0001 : 1.01)) << format_name(format) << " " << input;
        EXPECT_LE(best, least * (w == &ones ? 1.0001 : 1.002)) << format_name(format) << " " << input;
      }
    }
  }
}

// The bars of the project: error weighed by the importance, relative to llama.cpp's blocks, which are made without.
TEST(Fp4, ErrorAgainstLlamaCpp) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  for (const GgufVector& vector : read_vector_manifest()) {
    if (vector.format != Format::MXFP4 && vector.format != Format::NVFP4) continue;
    SCOPED_TRACE(vector.file);
    const std::vector<float> x = read_vector_floats(vector.input + ".f32");
    const std::vector<float> theirs = decode(vector.format, read_vector_bytes(vector.file));
    const double bar = weighted_error(x, theirs, imatrix);
    const auto ratio = [&](float factor) {
      const EncodeOptions how = {kColumns, imatrix.data(), Effort::kNormal, factor};
      return weighted_error(x, there_and_back(vector.format, x, how), imatrix) / bar;
    };
    EXPECT_LE(ratio(1.0f), vector.format == Format::MXFP4 ? 0.965 : 0.75);
    if (vector.format == Format::MXFP4) continue;
    float largest = 0.0f;
    for (const float value : x) largest = std::max(largest, std::fabs(value));
    EXPECT_LE(ratio(nvfp4_tensor_scale(largest, {x.data(), x.size() / kColumns, kColumns, imatrix.data()})), 0.70);
  }
}

float factor_of(const std::vector<float>& x) {
  float largest = 0.0f;
  for (const float value : x) largest = std::max(largest, std::fabs(value));
  return nvfp4_tensor_scale(largest, {x.data(), x.size() / kColumns, kColumns});
}

// With the factor the error no longer depends on the size of the weights, over 60 orders of two.
TEST(Nvfp4Scale, ErrorDoesNotDependOnTheSizeOfTheWeights) {
  for (const int exponent : {-30, -12, -6, 0, 12, 30}) {
    const std::vector<float> x = bell_row(4 * kColumns, std::ldexp(0.9, exponent), 3);
    const float factor = factor_of(x);
    const std::vector<float> back = there_and_back(Format::NVFP4, x, {.columns = kColumns, .tensor_scale = factor});
    const double relative = relative_error(x, back);
    // Normal values and 16 with one scale: levels half of their value apart, uniformly distributed misses, give
    // (0.25 / sqrt(3))^2 = 2 % near the lower end of an octave and 0.5 % near the upper one.
    EXPECT_LT(relative, 0.01) << exponent;
    EXPECT_GT(relative, 0.005) << exponent;
  }
}

TEST(Nvfp4Scale, FindsTheFactorOfACheckpoint) {
  // What NVIDIA's rule makes of weights: factor = largest / (6 * 448), the largest block at 448 and its value at 6.
  constexpr float kFactor = 0.0123f;
  std::vector<uint8_t> blocks = random_bytes(Format::NVFP4, 8);
  for (size_t at = 0; at < blocks.size(); at += sizeof(BlockNVFP4))
    for (size_t group = 0; group < 4; ++group) blocks[at + group] = static_cast<uint8_t>(blocks[at + group] % 127);
  blocks[0] = 126;
  blocks[4] = 0x77;
  const std::vector<float> x = decode(Format::NVFP4, blocks, kFactor);
  const float factor = factor_of(x);
  EXPECT_NEAR(factor, kFactor, kFactor * 1e-6);
  const std::vector<float> back = there_and_back(Format::NVFP4, x, {.tensor_scale = factor});
  for (size_t n = 0; n < x.size(); ++n) ASSERT_NEAR(back[n], x[n], std::fabs(x[n]) * 1e-6);
}

TEST(Nvfp4Scale, OneForWhatNeedsNone) {
  const std::vector<float> zeros(kColumns, 0.0f);
  EXPECT_EQ(factor_of(zeros), 1.0f);
  EXPECT_EQ(nvfp4_tensor_scale(std::numeric_limits<float>::max(), {zeros.data(), 1, kColumns}), 1.0f);
  // Blocks made without a factor, some of odd subnormal scales: no power of two but 1 reproduces them all.
  std::vector<uint8_t> blocks = random_bytes(Format::NVFP4, 9);
  for (size_t at = 0; at < blocks.size(); at += sizeof(BlockNVFP4))
    for (size_t group = 0; group < 4; ++group) blocks[at + group] = static_cast<uint8_t>(1 + (at / 36 + group) % 126);
  blocks[36 * 15] = 126;
  const std::vector<float> x = decode(Format::NVFP4, blocks);
  const float factor = factor_of(x);
  EXPECT_EQ(there_and_back(Format::NVFP4, x, {.tensor_scale = factor}), x);
}

}  // namespace
}  // namespace rung
