// For the tests of the encoders: encoding and decoding in one call, error sums, rows of random values. Errors are sums
// in double; w, where an error takes one, is the importance of one row, repeated for each row, or empty for ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "codec/format.h"

namespace rung {

inline constexpr Effort kEfforts[] = {Effort::kFast, Effort::kNormal, Effort::kBest};

struct EncodeOptions {
  size_t columns = 0;                 ///< 0: all values are one row
  const float* importance = nullptr;  ///< (columns)
  Effort effort = Effort::kNormal;
  float tensor_scale = 1.0f;
};

inline std::vector<uint8_t> encode(Format format, const std::vector<float>& values, const EncodeOptions& how = {}) {
  std::vector<uint8_t> blocks(row_bytes(format, values.size()));
  const size_t columns = how.columns == 0 ? values.size() : how.columns;
  encode_matrix_rows(format,
                     {values.data(), values.size() / columns, columns, how.importance, how.effort, how.tensor_scale},
                     blocks.data());
  return blocks;
}

inline std::vector<float> decode(Format format, const std::vector<uint8_t>& blocks, float tensor_scale = 1.0f) {
  const FormatInfo& info = format_info(format);
  std::vector<float> values(blocks.size() / info.block_bytes * info.block_values);
  decode_row(format, blocks.data(), values.size(), values.data());
  for (float& value : values) value *= tensor_scale;
  return values;
}

inline std::vector<float> there_and_back(Format format, const std::vector<float>& values,
                                         const EncodeOptions& how = {}) {
  return decode(format, encode(format, values, how), how.tensor_scale);
}

/// sum w (x - y)^2
inline double weighted_error(std::span<const float> x, std::span<const float> y, std::span<const float> w = {}) {
  double sum = 0.0;
  for (size_t n = 0; n < x.size(); ++n) {
    const double miss = static_cast<double>(x[n]) - y[n];
    sum += (w.empty() ? 1.0 : w[n % w.size()]) * miss * miss;
  }
  return sum;
}

/// sum w (x - y)^2 / sum w x^2, as the manifest of testdata/gguf-vectors defines it.
inline double relative_error(std::span<const float> x, std::span<const float> y, std::span<const float> w = {}) {
  return weighted_error(x, y, w) / weighted_error(x, std::vector<float>(x.size(), 0.0f), w);
}

/// Error of the search alone, as a share of the energy: every 256 values count with the scale that suits them best, so
/// that shrinkage given back (inflation() in encode_block_lanes.h) does not show.
inline double searched_error(std::span<const float> x, std::span<const float> y, std::span<const float> w = {}) {
  double error = 0.0, energy = 0.0;
  for (size_t first = 0; first < x.size(); first += 256) {
    double xx = 0.0, xy = 0.0, yy = 0.0;
    for (size_t n = first; n < first + 256; ++n) {
      const double weight = w.empty() ? 1.0 : w[n % w.size()];
      xx += weight * x[n] * x[n];
      xy += weight * x[n] * y[n];
      yy += weight * y[n] * y[n];
    }
    error += yy > 0.0 ? xx - xy * xy / yy : xx;
    energy += xx;
  }
  return error / energy;
}

/// Roughly normal (sum of uniforms), deviation 1.
inline double bell(Rng& rng) {
  double sum = 0.0;
  for (int part = 0; part < 12; ++part) sum += rng.uniform();
  return sum - 6.0;
}

/// Roughly normal, deviation `scale`.
inline std::vector<float> bell_row(size_t count, double scale, uint64_t seed) {
  Rng rng(seed);
  std::vector<float> row(count);
  for (float& value : row) value = static_cast<float>(bell(rng) * scale);
  return row;
}

}  // namespace rung
