// The specification of kernel_table.h in plain loops.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/kernel_table.h"

namespace rung {
namespace {

constexpr size_t kTileRows = 4;

/// Below this 127 / amax would overflow, and the values are as good as zero.
constexpr float kSmallestMaximum = 0x1p-118f;

void quantize_row_scalar(const float* x, size_t values, const QuantizedRowOut& out) {
  for (size_t group = 0; group < values / 32; ++group) {
    const float* const in = x + 32 * group;
    uint32_t largest = 0;  // as bits, so that infinities and NaN are seen too
    for (size_t value = 0; value < 32; ++value)
      largest = std::max(largest, std::bit_cast<uint32_t>(in[value]) & 0x7fffffffu);
    const float amax = std::bit_cast<float>(largest);
    const bool finite = largest < 0x7f800000u;
    const bool some = finite && amax >= kSmallestMaximum;
    const float inverse = some ? 127.0f / amax : 0.0f;
    const float scale = some ? amax / 127.0f : finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    int32_t sums[2] = {};
    for (size_t value = 0; value < 32; ++value) {
      const long code = some ? std::lrint(in[value] * inverse) : 0;
      out.codes[32 * group + value] = static_cast<int8_t>(code);
      sums[value / 16] += static_cast<int32_t>(code);
    }
    out.scales[group] = scale;
    for (size_t part = 0; part < 2; ++part) {
      out.offsets[2 * group + part] = -128 * sums[part];
      out.sums16[2 * group + part] = scale * static_cast<float>(sums[part]);
    }
    out.sums32[group] = scale * static_cast<float>(sums[0] + sums[1]);
  }
}

float dot_s8_scalar(const CodeBlock& row, const QuantizedRows& x) {
  const float* const sums = row.group_values == 16 ? x.sums16 : x.sums32;
  float result = 0;
  for (size_t group = 0; group < row.values / row.group_values; ++group) {
    const size_t first = group * row.group_values;
    int32_t product = 0;
    for (size_t value = first; value < first + row.group_values; ++value) product += row.codes[value] * x.codes[value];
    result += row.scale[group] * x.scales[first / 32] * static_cast<float>(product);
    if (row.min != nullptr) result -= row.min[group] * sums[group];
  }
  return result;
}

/// One group of a tile against one token.
void add_group(const CodeBlock& tile, size_t group, const int8_t* codes, float scale, float sum, float* sums) {
  const size_t lanes = tile.group_values / 4;
  for (size_t row = 0; row < kTileRows; ++row) {
    int32_t product = 0;
    for (size_t lane = 0; lane < lanes; ++lane) {
      const int8_t* const weights = tile.codes + ((group * lanes + lane) * kTileRows + row) * 4;
      for (size_t byte = 0; byte < 4; ++byte) product += weights[byte] * codes[4 * lane + byte];
    }
    sums[row] += tile.scale[group * kTileRows + row] * scale * static_cast<float>(product);
    if (tile.min != nullptr) sums[row] -= tile.min[group * kTileRows + row] * sum;
  }
}

void gemm_s8_scalar(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums) {
  const size_t size = tile.group_values;
  const float* const code_sums = size == 16 ? x.sums16 : x.sums32;
  for (size_t token = 0; token < tokens; ++token) {
    for (size_t group = 0; group < tile.values / size; ++group) {
      const size_t col = first_col + group * size;
      const size_t at = token * x.cols + col;
      add_group(tile, group, x.codes + token * x.cols + col, x.scales[at / 32], code_sums[at / size],
                sums + token * kTileRows);
    }
  }
}

void gemm_f32_scalar(const float* tile, size_t values, const float* x, size_t x_stride, size_t tokens, float* sums) {
  for (size_t token = 0; token < tokens; ++token) {
    float part[kTileRows] = {};
    for (size_t value = 0; value < values; ++value)
      for (size_t row = 0; row < kTileRows; ++row)
        part[row] += tile[value * kTileRows + row] * x[token * x_stride + value];
    for (size_t row = 0; row < kTileRows; ++row) sums[token * kTileRows + row] += part[row];
  }
}

void interleave_scalar(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out) {
  for (size_t index = 0; index < count; ++index)
    for (size_t row = 0; row < kTileRows; ++row) out[index * kTileRows + row] = in[row * in_stride + index];
}

void dequantize_scalar(const CodeBlock& row, float* out) {
  for (size_t value = 0; value < row.values; ++value) {
    const size_t group = value / row.group_values;
    const float scaled = row.scale[group] * static_cast<float>(row.codes[value]);
    out[value] = row.min == nullptr ? scaled : scaled - row.min[group];
  }
}

}  // namespace

const KernelTable kKernelsScalar = {
    .tile_rows = kTileRows,
    .gemm_s8_from = 8,
    .gemm_f32_from = 8,
    .quantize_row = quantize_row_scalar,
    .dot_s8 = dot_s8_scalar,
    .gemm_s8 = gemm_s8_scalar,
    .gemm_f32 = gemm_f32_scalar,
    .interleave = interleave_scalar,
    .dequantize = dequantize_scalar,
};

}  // namespace rung
