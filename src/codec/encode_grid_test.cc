// The formats with grids of magnitudes: the best points and signs there are, the errors promised, and nothing lost of
// what the formats can hold.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/rng.h"
#include "codec/codebooks.h"
#include "codec/encode_block.h"
#include "codec/encode_grid_lanes.h"
#include "codec/format.h"
#include "codec/gguf_vectors_for_tests.h"
#include "codec/grid_halves.h"

namespace rung {
namespace {

constexpr size_t kBlock = 256;

/// What the tests need to know of a format, apart from the encoder: its points, and whether signs are free.
struct GridFormat {
  Format format;
  std::vector<std::vector<int8_t>> points;
  bool even_signs;
  Emphasis emphasis;
  const GridHalves* halves;
  int levels;
  double bar;  ///< of the error as a share of llama.cpp's, with importance
};

template <size_t kPoints, size_t kValues>
std::vector<std::vector<int8_t>> points_of(const Grid<kPoints, kValues>& grid) {
  std::vector<std::vector<int8_t>> points;
  for (const auto& point : grid) points.emplace_back(point.begin(), point.end());
  return points;
}

const std::vector<GridFormat>& grid_formats() {
  static const std::vector<GridFormat> formats = {
      {Format::IQ2_XXS, points_of(iq2_xxs_grid()), true, kEmphasisIQ2_XXS, &kIq2XxsHalves, 3, 0.90},
      {Format::IQ2_XS, points_of(iq2_xs_grid()), true, kEmphasisIQ2_XS, &kIq2XsHalves, 3, 0.91},
      {Format::IQ2_S, points_of(iq2_s_grid()), false, kEmphasisIQ2_S, &kIq2SHalves, 3, 0.94},
      {Format::IQ3_XXS, points_of(iq3_xxs_grid()), true, kEmphasisIQ3_XXS, &kIq3XxsHalves, 8, 0.94},
      {Format::IQ3_S, points_of(iq3_s_grid()), false, kEmphasisIQ3_S, &kIq3SHalves, 8, 0.89}};
  return formats;
}

/// Peaked, with some outliers: scale blocks differ, and few values fill the range.
std::vector<float> uneven_row(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> row(count);
  for (float& value : row) {
    double sum = 0.0;
    for (int part = 0; part < 12; ++part) sum += rng.uniform();
    value = static_cast<float>(0.02 * (sum - 6.0) * (rng.below(50) == 0 ? 6.0 : 1.0));
  }
  return row;
}

std::vector<float> decode(Format format, const std::vector<uint8_t>& blocks) {
  std::vector<float> row(blocks.size() / format_info(format).block_bytes * kBlock);
  decode_row(format, blocks.data(), row.size(), row.data());
  return row;
}

std::vector<uint8_t> encode(Format format, const std::vector<float>& row, const float* importance,
                            Effort effort = Effort::kNormal) {
  std::vector<uint8_t> blocks(row_bytes(format, row.size()));
  encode_matrix_rows(format, {row.data(), 1, row.size(), importance, effort}, blocks.data());
  return blocks;
}

/// sum w (x - y)^2 / sum w x^2 of the vectors' rows.
double relative_error(const std::vector<float>& x, const std::vector<float>& y, const std::vector<float>& w) {
  double above = 0.0, below = 0.0;
  for (size_t n = 0; n < x.size(); ++n) {
    const double weight = w.empty() ? 1.0 : w[n % kVectorCols];
    above += weight * std::pow(static_cast<double>(x[n]) - y[n], 2);
    below += weight * std::pow(static_cast<double>(x[n]), 2);
  }
  return above / below;
}

double error_of(Format format, const std::vector<float>& x, const std::vector<float>& w, Effort effort) {
  std::vector<float> y(x.size());
  std::vector<uint8_t> blocks(row_bytes(format, x.size()));
  encode_matrix_rows(format, {x.data(), kVectorRows, kVectorCols, w.empty() ? nullptr : w.data(), effort},
                     blocks.data());
  decode_row(format, blocks.data(), x.size(), y.data());
  return relative_error(x, y, w);
}

// Every pair of slots that the lists allow is a point of the grid, found again by its digits, and all points occur.
TEST(GridHalves, AreTheGrid) {
  for (const GridFormat& format : grid_formats()) {
    std::vector<int> levels;
    for (const auto& point : format.points) levels.insert(levels.end(), point.begin(), point.end());
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    ASSERT_EQ(levels.size(), static_cast<size_t>(format.levels));
    std::vector<bool> seen(format.points.size(), false);
    const size_t half = format.points.front().size() / 2;
    for (size_t first = 0; first < GridHalves::kMaxSlots; ++first) {
      for (size_t at = format.halves->begin[first]; at < format.halves->begin[first + 1]; ++at) {
        const size_t second = format.halves->partners[at];
        const size_t index = format.halves->point[first][second];
        size_t rest[2] = {first, second};
        for (size_t n = 0; n < 2 * half; ++n) {
          ASSERT_EQ(format.points[index][n], levels[rest[n / half] % levels.size()]);
          rest[n / half] /= levels.size();
        }
        ASSERT_FALSE(seen[index]);
        seen[index] = true;
      }
    }
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](bool found) { return found; }));
  }
}

/// The least error of eight values at a step over all points and all signs that the format can write.
double least_error(const GridFormat& format, const float* x, const float* w, double step) {
  const size_t width = format.points.front().size();
  double least = std::numeric_limits<double>::infinity();
  for (unsigned signs = 0; signs < 256; ++signs) {
    if (format.even_signs && std::popcount(signs) % 2 != 0) continue;
    double total = 0.0;
    for (size_t first = 0; first < 8; first += width) {
      double best = std::numeric_limits<double>::infinity();
      for (const auto& point : format.points) {
        double error = 0.0;
        for (size_t n = 0; n < width; ++n) {
          const double miss = x[first + n] - step * ((signs >> (first + n) & 1u) != 0 ? -point[n] : point[n]);
          error += w[first + n] * miss * miss;
        }
        best = std::min(best, error);
      }
      total += best;
    }
    least = std::min(least, total);
  }
  return least;
}

TEST(GridEncoders, FindTheBestPointsAndSigns) {
  const std::vector<float> row = uneven_row(kBlock, 3);
  std::vector<float> importance = uneven_row(kBlock, 4);
  for (float& weight : importance) weight = weight * weight;
  for (const GridFormat& format : grid_formats()) {
    const FormatInfo& info = format_info(format.format);
    const std::vector<uint8_t> blocks = encode(format.format, row, importance.data());
    std::vector<int8_t> codes(kBlock);
    std::vector<float> scale(kBlock / info.group_values), min(scale.size());
    unpack_row(format.format, blocks.data(), kBlock, codes.data(), scale.data(), min.data());
    EncodeBlock block;
    block.load(row.data(), kBlock, importance.data(), format.emphasis, mean_square(row.data(), kBlock));
    for (size_t first = 0; first < kBlock; first += 8) {
      const double step = scale[first / info.group_values];
      double ours = 0.0, energy = 0.0;
      for (size_t n = first; n < first + 8; ++n) {
        ours += block.w[n] * std::pow(row[n] - step * codes[n], 2);
        energy += block.w[n] * row[n] * row[n];
      }
      // While searching, half of the cost is rounded to 17 bits; the rest is float sums in another order.
      EXPECT_NEAR(ours, least_error(format, row.data() + first, block.w + first, step), 0x1p-15 * energy)
          << info.name << " value " << first;
    }
  }
}

TEST(GridEncoders, ErrorsStayBelowTheBars) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  size_t checked = 0;
  for (const GgufVector& vector : read_vector_manifest()) {
    for (const GridFormat& format : grid_formats()) {
      if (vector.format != format.format) continue;
      const std::vector<float> x = read_vector_floats(vector.input + ".f32");
      const double error = error_of(format.format, x, vector.imatrix ? imatrix : std::vector<float>{}, Effort::kNormal);
      EXPECT_LT(error, (vector.imatrix ? format.bar : 1.0) * vector.rel_error) << vector.file;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 13u);
}

TEST(GridEncoders, MoreEffortIsNoMoreError) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  for (const GridFormat& format : grid_formats()) {
    for (const std::string input : {"gauss", "heavy"}) {
      const std::vector<float> x = read_vector_floats(input + ".f32");
      const double fast = error_of(format.format, x, imatrix, Effort::kFast);
      const double normal = error_of(format.format, x, imatrix, Effort::kNormal);
      const double best = error_of(format.format, x, imatrix, Effort::kBest);
      EXPECT_LE(normal, 1.005 * fast) << format_name(format.format) << ", " << input;
      EXPECT_LE(best, 1.005 * normal) << format_name(format.format) << ", " << input;
    }
  }
}

// Also with the scales that llama.cpp chose, and with few levels in use.
TEST(GridEncoders, WhatTheReferenceWroteIsKept) {
  size_t checked = 0;
  for (const GgufVector& vector : read_vector_manifest()) {
    for (const GridFormat& format : grid_formats()) {
      if (vector.format != format.format) continue;
      const std::vector<float> x = decode(vector.format, read_vector_bytes(vector.file));
      EXPECT_EQ(decode(vector.format, encode(vector.format, x, nullptr)), x) << vector.file;
      ++checked;
    }
  }
  EXPECT_EQ(checked, 13u);
}

RC_GTEST_PROP(GridEncoderProperties, EncodingAgainLosesNothing, ()) {
  const auto seed = *rc::gen::inRange<uint64_t>(0, 1u << 30);
  const std::vector<float> row = uneven_row(2 * kBlock, seed);
  std::vector<float> importance = uneven_row(row.size(), seed + 1);
  for (float& weight : importance) weight = weight * weight;
  for (const GridFormat& format : grid_formats()) {
    const std::vector<float> once = decode(format.format, encode(format.format, row, importance.data()));
    RC_ASSERT(decode(format.format, encode(format.format, once, nullptr)) == once);
    RC_ASSERT(decode(format.format, encode(format.format, once, importance.data())) == once);
  }
}

}  // namespace
}  // namespace rung
