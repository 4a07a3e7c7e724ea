// Encoders of the plain float formats. Finite values beyond a format's range become its largest finite value.
#include <algorithm>
#include <cstring>

#include "base/half.h"
#include "codec/encode_formats.h"

namespace rung {
namespace {

constexpr float kLargestBfloat16 = 0x1.fep127f;

template <class Convert>
void convert_row(const float* row, size_t values, uint8_t* blocks, Convert convert) {
  for (size_t n = 0; n < values; ++n) {
    const uint16_t bits = convert(row[n]);
    std::memcpy(blocks + n * sizeof bits, &bits, sizeof bits);
  }
}

}  // namespace

void encode_f32(const float* row, size_t values, const float*, uint8_t* blocks) {
  std::memcpy(blocks, row, values * sizeof(float));
}

void encode_f16(const float* row, size_t values, const float*, uint8_t* blocks) {
  convert_row(row, values, blocks, float_to_half_saturated);
}

void encode_bf16(const float* row, size_t values, const float*, uint8_t* blocks) {
  convert_row(row, values, blocks,
              [](float value) { return float_to_bfloat16(std::clamp(value, -kLargestBfloat16, kLargestBfloat16)); });
}

}  // namespace rung
