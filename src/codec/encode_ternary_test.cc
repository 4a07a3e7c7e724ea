// TQ1_0, TQ2_0, Q2_0 and Q1_0: sources on the grid stay exact, and the scales against all that matter.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "codec/blocks.h"
#include "codec/encode_for_tests.h"
#include "codec/gguf_vectors_for_tests.h"

namespace rung {
namespace {

constexpr size_t kColumns = 1024;

/// Random codes under random finite halfs, negative and subnormal ones too.
template <class Block>
std::vector<float> random_blocks(Format format, uint64_t seed, uint8_t code_mask) {
  Rng rng(seed);
  std::vector<Block> blocks(kColumns / format_info(format).block_values);
  for (Block& block : blocks) {
    for (uint8_t& byte : block.qs) byte = static_cast<uint8_t>(rng.below(256) & code_mask);
    if constexpr (std::is_same_v<Block, BlockTQ1_0>)
      for (uint8_t& byte : block.qh) byte = static_cast<uint8_t>(rng.below(256));
    block.d = static_cast<uint16_t>(rng.below(0x7c00) | rng.below(2) << 15);
  }
  std::vector<float> x(kColumns);
  decode_row(format, reinterpret_cast<const uint8_t*>(blocks.data()), x.size(), x.data());
  return x;
}

void expect_exact(Format format, const std::vector<float>& x) {
  for (const Effort effort : kEfforts) RC_ASSERT(there_and_back(format, x, {.effort = effort}) == x);
}

// Every block that decodes to finite values, except that tq2_0 is not asked for the code 3, which the format has room
// for but no meaning.
RC_GTEST_PROP(Ternary, BlocksComeBack, (uint64_t seed)) {
  expect_exact(Format::TQ1_0, random_blocks<BlockTQ1_0>(Format::TQ1_0, seed, 0xff));
  std::vector<float> tq2 = random_blocks<BlockTQ2_0>(Format::TQ2_0, seed, 0xff);
  for (size_t first = 0; first < tq2.size(); first += 256) {
    float magnitude = 0.0f;  // of -1 and 1: the code 3 decodes to twice that
    for (size_t n = first; n < first + 256; ++n)
      if (tq2[n] != 0.0f) magnitude = magnitude == 0.0f ? std::fabs(tq2[n]) : std::min(magnitude, std::fabs(tq2[n]));
    for (size_t n = first; n < first + 256; ++n) tq2[n] = std::clamp(tq2[n], -magnitude, magnitude);
  }
  expect_exact(Format::TQ2_0, tq2);
}

RC_GTEST_PROP(Q2_0, BlocksComeBack, (uint64_t seed)) {
  expect_exact(Format::Q2_0, random_blocks<BlockQ2_0>(Format::Q2_0, seed, 0xff));
  expect_exact(Format::Q2_0, random_blocks<BlockQ2_0>(Format::Q2_0, seed, 0x55));  // 0 and d alone
  expect_exact(Format::Q2_0, random_blocks<BlockQ2_0>(Format::Q2_0, seed, 0xaa));  // -d and d
}

// A block of d = 0 is all zeros, which no other d makes: it too comes back, as zeros.
RC_GTEST_PROP(Q1_0, BlocksComeBack, (uint64_t seed)) {
  std::vector<float> x = random_blocks<BlockQ1_0>(Format::Q1_0, seed, 0xff);
  std::fill_n(x.begin() + 128, 128, 0.0f);
  expect_exact(Format::Q1_0, x);
}

// A matrix made for ternary weights in bf16, whose scale is no half: the best half, so every value is off by its
// rounding alone, as with llama.cpp.
TEST(Ternary, NativeScalesAreRoundedToHalfs) {
  Rng rng(1);
  std::vector<float> x(kColumns);
  for (float& value : x) value = 0.012345f * (static_cast<float>(rng.below(3)) - 1.0f);
  const float rounded = half_to_float(float_to_half(0.012345f));
  for (const Format format : {Format::TQ1_0, Format::TQ2_0, Format::Q2_0}) {
    const std::vector<float> y = there_and_back(format, x);
    for (size_t n = 0; n < x.size(); ++n) ASSERT_EQ(std::fabs(y[n]), x[n] == 0.0f ? 0.0f : rounded);
  }
}

/// The least error of three levels with any real scale: the best of all thresholds between the sorted magnitudes.
double least_ternary_error(const float* x, const float* w, size_t count) {
  std::vector<std::pair<double, double>> sorted;
  double energy = 0.0;
  for (size_t n = 0; n < count; ++n) {
    sorted.emplace_back(std::fabs(x[n]), w[n]);
    energy += static_cast<double>(w[n]) * x[n] * x[n];
  }
  std::sort(sorted.rbegin(), sorted.rend());
  double wx = 0.0, sum = 0.0, gain = 0.0;
  for (const auto& [magnitude, weight] : sorted) {
    wx += weight * magnitude;
    sum += weight;
    gain = std::max(gain, wx * wx / sum);
  }
  return energy - gain;
}

// Within a thousandth of the best over all thresholds, for Gaussian and heavy-tailed values, with importance and
// without.
TEST(Ternary, ThresholdIsTheBest) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32"), ones(kColumns, 1.0f);
  for (const char* input : {"gauss.f32", "heavy.f32"}) {
    const std::vector<float> x = read_vector_floats(input);
    for (const auto* w : {&ones, &imatrix}) {
      double least = 0.0, ours = 0.0;
      const std::vector<float> y = there_and_back(Format::TQ1_0, x, {kColumns, w->data()});
      EXPECT_EQ(y, there_and_back(Format::TQ2_0, x, {kColumns, w->data()}));
      for (size_t first = 0; first < x.size(); first += 256) {
        least += least_ternary_error(x.data() + first, w->data() + first % kColumns, 256);
        ours += weighted_error({&x[first], 256}, {&y[first], 256}, {&(*w)[first % kColumns], 256});
      }
      EXPECT_GE(ours, least * 0.9999) << input;
      EXPECT_LE(ours, least * 1.001) << input;
    }
  }
}

// The only free choice is the scale, and it is the weighted mean magnitude.
TEST(Q1_0, ScaleIsTheWeightedMeanMagnitude) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  const std::vector<float> x = read_vector_floats("heavy.f32");
  const std::vector<float> y = there_and_back(Format::Q1_0, x, {kColumns, imatrix.data()});
  for (size_t first = 0; first < x.size(); first += 128) {
    double wx = 0.0, sum = 0.0;
    for (size_t n = first; n < first + 128; ++n) {
      wx += imatrix[n % kColumns] * std::fabs(x[n]);
      sum += imatrix[n % kColumns];
      ASSERT_EQ(std::signbit(x[n]), std::signbit(y[n]));
    }
    ASSERT_NEAR(std::fabs(y[first]), wx / sum, wx / sum * 0x1p-10);
  }
}

// On any input of the vectors no more error than llama.cpp's, row by row and however weighed.
TEST(Ternary, NoRowHasMoreErrorThanLlamaCpp) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32"), ones(kColumns, 1.0f);
  for (const GgufVector& vector : read_vector_manifest()) {
    if (vector.format != Format::TQ1_0 && vector.format != Format::TQ2_0 && vector.format != Format::Q2_0 &&
        vector.format != Format::Q1_0)
      continue;
    const std::vector<float> x = read_vector_floats(vector.input + ".f32");
    const std::vector<float> theirs = decode(vector.format, read_vector_bytes(vector.file));
    for (const auto* w : {&ones, &imatrix}) {
      const std::vector<float> y = there_and_back(vector.format, x, {kColumns, w->data()});
      for (size_t first = 0; first < x.size(); first += kColumns) {
        EXPECT_LE(weighted_error({&x[first], kColumns}, {&y[first], kColumns}, *w),
                  weighted_error({&x[first], kColumns}, {&theirs[first], kColumns}, *w) * 1.00001)
            << vector.file << " row " << first / kColumns;
      }
    }
  }
}

}  // namespace
}  // namespace rung
