// What the kernel tests share: random weights of any format, and sums in double to compare with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "codec/format.h"
#include "kernels/matmul.h"

namespace rung {

/// Uniform in [-1, 1).
inline std::vector<float> random_floats(Rng& rng, size_t count) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(2 * rng.uniform() - 1);
  return out;
}

/// Random bytes, block by block until the block decodes to numbers whose largest is from 1e-20 (no product underflows)
/// to 100: no encoder is needed, and every code and scale pattern turns up.
inline std::vector<uint8_t> random_blocks(Rng& rng, Format format, size_t values) {
  const FormatInfo& info = format_info(format);
  std::vector<uint8_t> out(row_bytes(format, values));
  std::vector<float> decoded(info.block_values);
  for (size_t at = 0; at < out.size(); at += info.block_bytes) {
    const auto sane = [&] {
      decode_row(format, out.data() + at, info.block_values, decoded.data());
      float largest = 0;
      for (const float value : decoded) {
        if (!(std::abs(value) <= 100.0f)) return false;
        largest = std::max(largest, std::abs(value));
      }
      return largest >= 1e-20f;
    };
    do {
      for (size_t byte = 0; byte < info.block_bytes; ++byte) out[at + byte] = static_cast<uint8_t>(rng.next() >> 32);
    } while (!sane());
  }
  return out;
}

/// A matrix that owns its blocks.
struct TestMatrix {
  std::vector<uint8_t> bytes;
  Matrix matrix;

  TestMatrix(Rng& rng, Format format, size_t rows, size_t cols) : bytes(random_blocks(rng, format, rows * cols)) {
    matrix = {format, bytes.data(), rows, cols};
  }
};

/// An exact product and how far from it float arithmetic of any order may be.
struct Expected {
  double value = 0;
  double tolerance = 0;
};

constexpr double kUnit = 0x1p-24;  // largest relative error of one float operation

/// W[row] . x as kQ8 defines it, from the codes of both sides. A group's term takes five roundings at most, its sum
/// with the others one a group; minimums are terms of their own.
inline Expected expect_q8(const Matrix& weights, size_t row, const QuantizedRows& x) {
  const FormatInfo& info = format_info(weights.format);
  const size_t groups = weights.cols / info.group_values;
  std::vector<int8_t> codes(weights.cols);
  std::vector<float> scale(groups), min(groups);
  const uint8_t* const blocks = weights.data + row * row_bytes(weights.format, weights.cols);
  unpack_row(weights.format, blocks, weights.cols, codes.data(), scale.data(), min.data());
  Expected expected;
  double magnitude = 0;
  for (size_t col = 0; col < weights.cols; ++col) {
    const double product = double{scale[col / info.group_values]} * codes[col];
    const double activation = double{x.scales[col / 32]} * x.codes[col];
    const double minimum = min[col / info.group_values];
    expected.value += (product - minimum) * activation;
    magnitude += (std::abs(product) + std::abs(minimum)) * std::abs(activation);
  }
  expected.tolerance = static_cast<double>(2 * groups + 5) * kUnit * magnitude;
  return expected;
}

/// W[row] . x in floats: one rounding a product, one an addition.
inline Expected expect_f32(const Matrix& weights, size_t row, const float* x) {
  std::vector<float> decoded(weights.cols);
  decode_row(weights.format, weights.data + row * row_bytes(weights.format, weights.cols), weights.cols,
             decoded.data());
  Expected expected;
  double magnitude = 0;
  for (size_t col = 0; col < weights.cols; ++col) {
    expected.value += double{decoded[col]} * x[col];
    magnitude += std::abs(double{decoded[col]} * x[col]);
  }
  expected.tolerance = static_cast<double>(weights.cols + 1) * kUnit * magnitude;
  return expected;
}

}  // namespace rung
