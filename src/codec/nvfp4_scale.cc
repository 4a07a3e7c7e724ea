#include "codec/nvfp4_scale.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rung {
namespace {

constexpr float kLargestScale = 448.0f, kLargestLevel = 6.0f;
/// The largest block's value may still go to the level 4 instead of 6.
constexpr float kReach = 4.0f * kLargestScale;

/// sum w (x - decoded)^2
double sample_error(const EncodeInput& sample, float tensor_scale) {
  EncodeInput input = sample;
  input.tensor_scale = tensor_scale;
  const size_t stride = row_bytes(Format::NVFP4, input.columns);
  std::vector<uint8_t> blocks(input.rows * stride);
  std::vector<float> decoded(input.columns);
  encode_matrix_rows(Format::NVFP4, input, blocks.data());
  double error = 0.0;
  for (size_t row = 0; row < input.rows; ++row) {
    decode_row(Format::NVFP4, blocks.data() + row * stride, input.columns, decoded.data());
    for (size_t column = 0; column < input.columns; ++column) {
      const double miss = input.values[row * input.columns + column] - tensor_scale * decoded[column];
      error += (input.importance == nullptr ? 1.0 : input.importance[column]) * miss * miss;
    }
  }
  return error;
}

}  // namespace

float nvfp4_tensor_scale(float largest, const EncodeInput& sample) {
  // Beyond these bounds the matrix holds nothing that matters, or nothing that a factor could help.
  if (!(largest > 0x1p-100f) || !(largest < 0x1p100f)) return 1.0f;
  const float power = std::exp2(std::ceil(std::log2(largest / kReach)));
  float best = power;
  double least = sample_error(sample, power);
  for (const float candidate : {largest / (kLargestLevel * kLargestScale), 1.0f}) {
    const double error = sample_error(sample, candidate);
    if (error < least) best = candidate;
    least = std::min(least, error);
  }
  return best;
}

}  // namespace rung
