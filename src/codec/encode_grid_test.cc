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
#include "codec/encode_for_tests.h"
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
      {Format::IQ2_XXS, points_of(iq2_xxs_grid()), true, &kIq2XxsHalves, 3, 0.90},
      {Format::IQ2_XS, points_of(iq2_xs_grid()), true, &kIq2XsHalves, 3, 0.91},
      {Format::IQ2_S, points_of(iq2_s_grid()), false, &kIq2SHalves, 3, 0.94},
      {Format::IQ3_XXS, points_of(iq3_xxs_grid()), true, &kIq3XxsHalves, 8, 0.94},
      {Format::IQ3_S, points_of(iq3_s_grid()), false, &kIq3SHalves, 8, 0.89}};
  return formats;
}

/// Peaked, with some outliers: scale blocks differ, and few values fill the range.
std::vector<float> uneven_row(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> row(count);
  for (float& value : row) {
    const double typical = 0.02 * bell(rng);
    value = static_cast<float>(typical * (rng.below(50) == 0 ? 6.0 : 1.0));
  }
  return row;
}

double error_of(Format format, const std::vector<float>& x, const std::vector<float>& w, Effort effort) {
  const float* importance = w.empty() ? nullptr : w.data();
  return searched_error(x, there_and_back(format, x, {kVectorCols, importance, effort}), w);
}

/// The second halves whose least an entry is.
std::vector<size_t> seconds_of(const GridHalves& halves, size_t entry) {
  if (entry < GridHalves::kMaxSlots) return {entry};
  const uint16_t* step = halves.steps[entry - GridHalves::kMaxSlots];
  std::vector<size_t> seconds = seconds_of(halves, step[0]), others = seconds_of(halves, step[1]);
  seconds.insert(seconds.end(), others.begin(), others.end());
  return seconds;
}

// Every pair of halves that the search tries is a point of the grid, found again by its digits, and all points occur.
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
      const size_t least = format.halves->least[first];
      if (least == GridHalves::kNoEntry) continue;
      ASSERT_LE(least, GridHalves::kMaxSlots + format.halves->steps_until[first + 1]);
      for (const size_t second : seconds_of(*format.halves, least)) {
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

/// Four groups of eight values at one step: points and signs that the search finds against all there are.
template <class Grid>
void expect_best_points(const GridFormat& format, const float* x, const float* w, float step) {
  using L = Lanes<4>;
  L::F x_lanes[8], w_lanes[8];
  for (int n = 0; n < 8; ++n) {
    for (int lane = 0; lane < 4; ++lane) {
      x_lanes[n][lane] = x[lane * 8 + n];
      w_lanes[n][lane] = w[lane * 8 + n];
    }
  }
  using Found = GridEight<typename Grid::Levels>;
  Found found;
  find_eight<Grid, Flips::kJointly>(x_lanes, w_lanes, L::splat(step), found);
  const size_t width = format.points.front().size();
  for (int lane = 0; lane < 4; ++lane) {
    double ours = 0.0, energy = 0.0;
    for (int n = 0; n < 8; ++n) {
      const size_t part = n / width;
      const size_t point = format.halves->point[found.first[part][lane]][found.second[part][lane]];
      const double level = format.points[point][n % width];
      const double value = x[lane * 8 + n], weight = w[lane * 8 + n];
      ours += weight * std::pow(value - step * ((found.signs[lane] >> n & 1) != 0 ? -level : level), 2);
      energy += weight * value * value;
    }
    // While searching, half of the cost is rounded to 17 bits; the rest is float sums in another order.
    EXPECT_NEAR(ours, least_error(format, x + lane * 8, w + lane * 8, step), 0x1p-15 * energy)
        << format_name(format.format) << " step " << step;
  }
}

TEST(GridEncoders, FindTheBestPointsAndSigns) {
  const std::vector<float> row = uneven_row(kBlock, 3);
  std::vector<float> importance = uneven_row(kBlock, 4);
  for (float& weight : importance) weight = weight * weight;
  const std::vector<GridFormat>& formats = grid_formats();
  for (size_t first = 0; first < kBlock; first += 32) {
    // From steps that clip most values to steps that leave them at the lowest level.
    const float share = 4.0f + static_cast<float>(first) / 4.0f;
    const float* x = row.data() + first;
    const float* w = importance.data() + first;
    expect_best_points<KindIQ2_XXS<4>::Grid>(formats[0], x, w, 0.02f / share);
    expect_best_points<KindIQ2_XS<4>::Grid>(formats[1], x, w, 0.02f / share);
    expect_best_points<KindIQ2_S<4>::Grid>(formats[2], x, w, 0.02f / share);
    expect_best_points<KindIQ3_XXS<4>::Grid>(formats[3], x, w, 0.02f / share);
    expect_best_points<KindIQ3_S<4>::Grid>(formats[4], x, w, 0.08f / share);
  }
}

// The search is judged before a part of the shrinkage is given back, which costs error for less divergence.
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
      EXPECT_EQ(there_and_back(vector.format, x), x) << vector.file;
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
    const std::vector<float> once = there_and_back(format.format, row, {.importance = importance.data()});
    RC_ASSERT(there_and_back(format.format, once) == once);
    RC_ASSERT(there_and_back(format.format, once, {.importance = importance.data()}) == once);
  }
}

}  // namespace
}  // namespace rung
