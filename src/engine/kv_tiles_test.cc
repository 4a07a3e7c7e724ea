// Tiles by hand, from the definitions in docs/kv.md: KIVI (arXiv 2402.02750) and nuq3 after KVQuant (arXiv 2401.18079).
#include "engine/kv_tiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/rng.h"

namespace rung {
namespace {

constexpr size_t kDim = 64;

std::vector<float> round_trip(const KvTileCodec& codec, const std::vector<float>& rows, KvLines lines) {
  std::vector<uint8_t> tile(kDim * codec.line_bytes);
  std::vector<float> decoded(rows.size());
  codec.encode(rows.data(), kDim, lines, tile.data());
  codec.decode(tile.data(), kDim, lines, 0, kKvTileTokens, decoded.data());
  // Any part of the tokens reads the same.
  for (const auto& [first, count] : {std::pair<size_t, size_t>{0, 1}, {31, 1}, {5, 17}}) {
    std::vector<float> part(count * kDim);
    codec.decode(tile.data(), kDim, lines, first, count, part.data());
    for (size_t index = 0; index < part.size(); ++index) {
      const float whole = decoded[first * kDim + index];
      EXPECT_TRUE(part[index] == whole || (std::isnan(part[index]) && std::isnan(whole)));
    }
  }
  return decoded;
}

template <class Value>
std::vector<float> rows_of(Value value) {
  std::vector<float> rows(kKvTileTokens * kDim);
  for (size_t token = 0; token < kKvTileTokens; ++token)
    for (size_t channel = 0; channel < kDim; ++channel)
      rows[token * kDim + channel] = value(static_cast<float>(token), static_cast<float>(channel));
  return rows;
}

double worst_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double worst = 0;
  for (size_t index = 0; index < a.size(); ++index) worst = std::max(worst, std::abs(double{a[index]} - b[index]));
  return worst;
}

// Four levels half a unit apart in every channel, and channels far apart: 2 bits a channel hold it exactly. Along a
// token, 32 channels span 3,100 and more, so that the levels are over 1,000 apart and everything is lost.
TEST(KvTiles, KiviKeysHaveTheirScaleByChannel) {
  const auto rows = rows_of([](float token, float channel) { return 100 * channel + 0.5f * std::fmod(token, 4.0f); });
  EXPECT_EQ(round_trip(kKvKivi2, rows, KvLines::kChannels), rows);
  EXPECT_GT(worst_difference(round_trip(kKvKivi2, rows, KvLines::kTokens), rows), 400);
  // 16 levels: 15 steps of a quarter.
  const auto fine = rows_of([](float token, float channel) { return channel + 0.25f * std::fmod(token, 16.0f); });
  EXPECT_EQ(round_trip(kKvKivi4, fine, KvLines::kChannels), fine);
}

TEST(KvTiles, KiviValuesHaveTheirScaleByTokenAnd32Channels) {
  const auto rows = rows_of(
      [](float token, float channel) { return 100 * token + (channel < 32 ? 0.5f : 8.0f) * std::fmod(channel, 4.0f); });
  EXPECT_EQ(round_trip(kKvKivi2, rows, KvLines::kTokens), rows);
  EXPECT_GT(worst_difference(round_trip(kKvKivi2, rows, KvLines::kChannels), rows), 400);
}

// Rounding to nearest: with range r the error is at most r / 6 (2 bits) and r / 30 (4 bits), and some value comes near.
TEST(KvTiles, KiviErrorIsHalfAStep) {
  Rng rng(5);
  std::vector<float> rows(kKvTileTokens * kDim);
  for (float& value : rows) value = static_cast<float>(rng.uniform());
  for (const auto& [codec, steps] : {std::pair{&kKvKivi2, 3}, {&kKvKivi4, 15}})
    for (const KvLines lines : {KvLines::kChannels, KvLines::kTokens}) {
      const double worst = worst_difference(round_trip(*codec, rows, lines), rows);
      EXPECT_LE(worst, 0.5 / steps + 1e-3);  // the range is below 1; scale and minimum are halfs
      EXPECT_GE(worst, 0.42 / steps);
    }
}

// Alternating 1 and -1 has mean 0 and deviation 1; the level nearest to 1 is 0.7560 (between 0.5006 and 1.0500). All
// values are equally far from the mean, so the first 8 of each square are the outliers and stay as they are; without
// them the line has mean 0 and deviation 1 still.
TEST(KvTiles, Nuq3ByHand) {
  const auto rows = rows_of([](float token, float) { return std::fmod(token, 2.0f) == 0 ? 1.0f : -1.0f; });
  const auto decoded = round_trip(kKvNuq3, rows, KvLines::kChannels);
  for (size_t token = 0; token < kKvTileTokens; ++token)
    for (size_t channel = 0; channel < kDim; ++channel) {
      const float sign = token % 2 == 0 ? 1.0f : -1.0f;
      const bool outlier = channel % 32 == 0 && token < 8;
      EXPECT_FLOAT_EQ(decoded[token * kDim + channel], outlier ? sign : sign * 0.7560f) << token << " " << channel;
    }
}

// One value of 100 among alternating 3 and 5: kept exactly (a half holds it), and its line is measured without it: mean
// 4 and deviation 1, but for 16 : 15 counts (mean 4 - 1/31 or so, deviation 0.9995).
TEST(KvTiles, Nuq3KeepsOutliersApart) {
  for (const KvLines lines : {KvLines::kChannels, KvLines::kTokens}) {
    const auto rows = rows_of([&](float token, float channel) {
      if (token == 9 && channel == 40) return 100.0f;
      return std::fmod(lines == KvLines::kChannels ? token : channel, 2.0f) == 0 ? 5.0f : 3.0f;
    });
    const auto decoded = round_trip(kKvNuq3, rows, lines);
    EXPECT_EQ(decoded[9 * kDim + 40], 100.0f);
    for (size_t index = 0; index < rows.size(); ++index) {
      if (decoded[index] == rows[index]) continue;  // an outlier
      EXPECT_NEAR(std::abs(decoded[index] - 4), 0.7560, 0.04) << index;
    }
  }
}

// Max 1960: 8 levels leave 0.03454 of a normal variable's variance. A line's own mean and deviation take 2 of its 32
// degrees of freedom: 0.0324. The outliers, the 0.8 % beyond 2.65 deviations, would have cost up to
// 0.008 E[(|z| - 2.15)^2 | |z| > 2.65] = 0.008 * 0.75 = 0.006 more than nothing.
TEST(KvTiles, Nuq3ErrorOfANormalVariable) {
  Rng rng(11);
  double error = 0, power = 0;
  for (int tile = 0; tile < 20; ++tile) {
    std::vector<float> rows(kKvTileTokens * kDim);
    for (float& value : rows) {
      const double radius = std::sqrt(-2 * std::log(1 - rng.uniform()));
      value = static_cast<float>(radius * std::cos(2 * 3.14159265358979 * rng.uniform()));  // Box and Muller
    }
    const auto decoded = round_trip(kKvNuq3, rows, KvLines::kChannels);
    for (size_t index = 0; index < rows.size(); ++index) {
      error += std::pow(decoded[index] - rows[index], 2);
      power += std::pow(rows[index], 2);
    }
  }
  EXPECT_GT(error / power, 0.0255);
  EXPECT_LT(error / power, 0.0325);
}

TEST(KvTiles, ConstantLinesAndWhatIsNotFinite) {
  const auto constant = rows_of([](float, float channel) { return channel - 20; });
  for (const KvTileCodec* codec : {&kKvKivi4, &kKvKivi2, &kKvNuq3}) {
    EXPECT_EQ(round_trip(*codec, constant, KvLines::kChannels), constant);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      auto rows = constant;
      rows[3 * kDim + 7] = bad;
      const auto decoded = round_trip(*codec, rows, KvLines::kChannels);
      EXPECT_FALSE(std::isfinite(decoded[3 * kDim + 7]));
      EXPECT_EQ(decoded[3 * kDim + 8], rows[3 * kDim + 8]);
    }
  }
}

}  // namespace
}  // namespace rung
