#include "engine/kv_tiles.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/half.h"
#include "engine/kv_blocks.h"
#include "kernels/decode_values.h"

namespace rung {
namespace {

constexpr size_t kLine = 32;
using Square = std::array<std::array<float, kLine>, kLine>;  ///< [line][value]: 32 tokens by 32 channels

/// The square of channels from `channel` on, with its lines as rows.
void gather(const float* rows, size_t dim, size_t channel, KvLines lines, Square& square) {
  for (size_t token = 0; token < kKvTileTokens; ++token)
    for (size_t column = 0; column < kLine; ++column)
      (lines == KvLines::kChannels ? square[column][token] : square[token][column]) =
          rows[token * dim + channel + column];
}

void scatter(const Square& square, size_t dim, size_t channel, KvLines lines, size_t first, size_t count, float* out) {
  for (size_t token = 0; token < count; ++token)
    for (size_t column = 0; column < kLine; ++column)
      out[token * dim + channel + column] =
          lines == KvLines::kChannels ? square[column][first + token] : square[first + token][column];
}

/// Lines that a decoder of tokens first .. first + count - 1 needs: all channels, but only those tokens.
std::pair<size_t, size_t> needed(KvLines lines, size_t first, size_t count) {
  return lines == KvLines::kChannels ? std::pair(size_t{0}, kLine) : std::pair(first, first + count);
}

struct Kivi4 {
  static constexpr size_t kBytes = 20;
  static void encode(const float* x, size_t values, uint8_t* out) { kv_encode_q4_1(x, values, out); }
  static void decode(const uint8_t* in, size_t values, float* out) { decode_values(Format::Q4_1, in, values, out); }
};

struct Kivi2 {
  static constexpr size_t kBytes = 12;
  static void encode(const float* x, size_t values, uint8_t* out) { kv_encode_q2_1(x, values, out); }
  static void decode(const uint8_t* in, size_t values, float* out) { kv_decode_q2_1(in, values, out); }
};

template <class Line>
void encode_kivi(const float* rows, size_t dim, KvLines lines, uint8_t* tile) {
  Square square;
  for (size_t channel = 0; channel < dim; channel += kLine, tile += kLine * Line::kBytes) {
    gather(rows, dim, channel, lines, square);
    Line::encode(square[0].data(), kLine * kLine, tile);
  }
}

template <class Line>
void decode_kivi(const uint8_t* tile, size_t dim, KvLines lines, size_t first, size_t count, float* out) {
  Square square;
  const auto [begin, end] = needed(lines, first, count);
  for (size_t channel = 0; channel < dim; channel += kLine, tile += kLine * Line::kBytes) {
    Line::decode(tile + begin * Line::kBytes, (end - begin) * kLine, square[begin].data());
    scatter(square, dim, channel, lines, first, count, out);
  }
}

/// The 8 levels that lose least of a standard normal variable (Max, "Quantizing for minimum distortion", 1960, table
/// I).
constexpr std::array<float, 8> kLevels = {-2.1519f, -1.3439f, -0.7560f, -0.2451f, 0.2451f, 0.7560f, 1.3439f, 2.1519f};
constexpr size_t kOutliers = 8;  ///< of a square of 1,024 values: 0.8 %

#pragma pack(push, 1)
struct NuqLine {
  uint16_t mean, deviation;  ///< halfs; value = mean + deviation * level
  uint8_t low[8];            ///< bits 0 and 1: of value n at bits 2 * (n / 8) of byte n % 8
  uint32_t high;             ///< bit 2: of value n at bit n
};
struct NuqOutlier {
  uint16_t place;  ///< line * 32 + value
  uint16_t value;  ///< half
};
struct NuqSquare {
  NuqLine lines[kLine];
  NuqOutlier outliers[kOutliers];
};
#pragma pack(pop)
static_assert(sizeof(NuqSquare) == kLine * 17);

struct Moments {
  double mean = 0, deviation = 0;
};

/// Of the values of a line whose bit in `without` is not set.
Moments moments(const std::array<float, kLine>& line, uint32_t without) {
  double sum = 0, squares = 0, count = 0;
  for (size_t value = 0; value < kLine; ++value) {
    if (without >> value & 1) continue;
    sum += line[value];
    ++count;
  }
  const double mean = count > 0 ? sum / count : 0;
  for (size_t value = 0; value < kLine; ++value)
    if (!(without >> value & 1)) squares += (line[value] - mean) * (line[value] - mean);
  return {mean, count > 0 ? std::sqrt(squares / count) : 0};
}

using OutlierBits = std::array<uint32_t, kLine>;

/// The values farthest from their line's mean in units of its deviation, the first of equals.
void choose_outliers(const Square& square, NuqSquare& out, OutlierBits& chosen) {
  struct Candidate {
    double distance;
    uint16_t place;
  };
  std::array<Candidate, kLine * kLine> all;
  for (size_t line = 0; line < kLine; ++line) {
    const Moments of_line = moments(square[line], 0);
    const bool usable = of_line.deviation > 0 && std::isfinite(of_line.deviation);
    for (size_t value = 0; value < kLine; ++value) {
      const double distance = usable ? std::abs(square[line][value] - of_line.mean) / of_line.deviation : 0;
      all[line * kLine + value] = {distance, static_cast<uint16_t>(line * kLine + value)};
    }
  }
  std::partial_sort(all.begin(), all.begin() + kOutliers, all.end(), [](const Candidate& a, const Candidate& b) {
    return a.distance != b.distance ? a.distance > b.distance : a.place < b.place;
  });
  chosen.fill(0);
  for (size_t index = 0; index < kOutliers; ++index) {
    const size_t line = all[index].place / kLine, value = all[index].place % kLine;
    chosen[line] |= 1u << value;
    out.outliers[index] = {all[index].place, float_to_half(square[line][value])};
  }
}

uint8_t nearest_level(float x) {
  uint8_t code = 0;
  while (code + 1u < kLevels.size() && x > 0.5f * (kLevels[code] + kLevels[code + 1u])) ++code;
  return code;
}

void encode_line(const std::array<float, kLine>& line, uint32_t without, NuqLine& out) {
  const Moments of_line = moments(line, without);
  const bool finite = std::isfinite(of_line.deviation);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  out = {};
  out.mean = float_to_half(finite ? static_cast<float>(of_line.mean) : nan);
  out.deviation = float_to_half(finite ? static_cast<float>(of_line.deviation) : nan);
  const float mean = half_to_float(out.mean), deviation = half_to_float(out.deviation);
  for (size_t value = 0; value < kLine; ++value) {
    const uint8_t code = deviation > 0 ? nearest_level((line[value] - mean) / deviation) : uint8_t{0};
    out.low[value % 8] |= static_cast<uint8_t>((code & 3) << (2 * (value / 8)));
    out.high |= static_cast<uint32_t>(code >> 2) << value;
  }
}

void decode_line(const NuqLine& line, float* out) {
  const float mean = half_to_float(line.mean), deviation = half_to_float(line.deviation);
  std::array<float, kLevels.size()> values;
  for (size_t code = 0; code < values.size(); ++code) values[code] = mean + deviation * kLevels[code];
  for (size_t value = 0; value < kLine; ++value)
    out[value] = values[(line.low[value % 8] >> (2 * (value / 8)) & 3u) | (line.high >> value & 1u) << 2];
}

void encode_nuq3(const float* rows, size_t dim, KvLines lines, uint8_t* tile) {
  Square square;
  for (size_t channel = 0; channel < dim; channel += kLine, tile += sizeof(NuqSquare)) {
    gather(rows, dim, channel, lines, square);
    NuqSquare stored;
    OutlierBits outliers;
    choose_outliers(square, stored, outliers);
    for (size_t line = 0; line < kLine; ++line) encode_line(square[line], outliers[line], stored.lines[line]);
    std::memcpy(tile, &stored, sizeof stored);
  }
}

void decode_nuq3(const uint8_t* tile, size_t dim, KvLines lines, size_t first, size_t count, float* out) {
  Square square;
  const auto [begin, end] = needed(lines, first, count);
  for (size_t channel = 0; channel < dim; channel += kLine, tile += sizeof(NuqSquare)) {
    NuqSquare stored;
    std::memcpy(&stored, tile, sizeof stored);
    for (size_t line = begin; line < end; ++line) decode_line(stored.lines[line], square[line].data());
    for (const NuqOutlier& outlier : stored.outliers)
      square[outlier.place / kLine % kLine][outlier.place % kLine] = half_to_float(outlier.value);
    scatter(square, dim, channel, lines, first, count, out);
  }
}

}  // namespace

const KvTileCodec kKvKivi4 = {Kivi4::kBytes, 0, false, encode_kivi<Kivi4>, decode_kivi<Kivi4>};
const KvTileCodec kKvKivi2 = {Kivi2::kBytes, 0, false, encode_kivi<Kivi2>, decode_kivi<Kivi2>};
const KvTileCodec kKvNuq3 = {sizeof(NuqSquare) / kLine, 4, true, encode_nuq3, decode_nuq3};

}  // namespace rung
