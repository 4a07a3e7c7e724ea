#include "codec/encoder_fingerprint.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/hash.h"
#include "base/rng.h"
#include "codec/encoders.h"
#include "codec/nvfp4_scale.h"

namespace rung {
namespace {

constexpr size_t kRows = 16, kColumns = 256;  // as many rows as the widest vectors take side by side

/// Near a normal distribution, each row wider than the one before and with longer tails.
std::vector<float> fixed_weights() {
  Rng rng(20260105);
  std::vector<float> weights;
  for (size_t row = 0; row < kRows; ++row)
    for (size_t column = 0; column < kColumns; ++column) {
      const double normal = rng.uniform() + rng.uniform() + rng.uniform() + rng.uniform() - 2;
      const double tail = normal * normal * normal * static_cast<double>(row) / kRows;
      weights.push_back(static_cast<float>((normal + tail) * 0.01 * static_cast<double>(row + 1)));
    }
  return weights;
}

std::vector<float> fixed_importance() {
  Rng rng(20260106);
  std::vector<float> importance;
  for (size_t column = 0; column < kColumns; ++column) {
    const double root = rng.uniform() + 0.1;
    importance.push_back(static_cast<float>(root * root));
  }
  return importance;
}

std::vector<uint8_t> encoded(Format format, EncodeFn encode, const EncodeInput& input) {
  std::vector<uint8_t> blocks(input.rows * row_bytes(format, input.columns));
  encode(input, blocks.data());
  finish_encoded_tensor(format, blocks);
  return blocks;
}

}  // namespace

std::string encoder_fingerprint(const EncoderChoice& encoder) {
  const std::vector<float> weights = fixed_weights(), importance = fixed_importance();
  const float largest = *std::max_element(weights.begin(), weights.end(),
                                          [](float one, float other) { return std::fabs(one) < std::fabs(other); });
  ContentHasher hasher;
  for (const FormatInfo& info : all_formats()) {
    const EncodeFn encode = encoder(info.format);
    if (encode == nullptr) continue;
    for (const float* weighing : {static_cast<const float*>(nullptr), importance.data()}) {
      EncodeInput input{weights.data(), kRows, kColumns, weighing};
      if (info.format == Format::NVFP4) input.tensor_scale = nvfp4_tensor_scale(std::fabs(largest), input);
      for (const MatrixUse use : kMatrixUses) {
        input.use = use;
        hasher.add(encoded(info.format, encode, input));
      }
    }
  }
  return hasher.digits();
}

std::string encoder_fingerprint() {
  return encoder_fingerprint([](Format format) { return format_info(format).encode; });
}

}  // namespace rung
