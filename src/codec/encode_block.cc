#include "codec/encode_block.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace rung {
namespace {

/// Powers of two beyond this are left in the values: 2^-120 and its inverse are both normal floats.
constexpr int kMaxExponent = 120;

float power_of_two_near(float magnitude) {
  if (magnitude == 0.0f) return 1.0f;
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  return std::ldexp(1.0f, std::clamp(exponent, -kMaxExponent, kMaxExponent));
}

}  // namespace

void EncodeBlock::load(const float* values_in, size_t values, const float* importance, Emphasis emphasis,
                       double mean_square) {
  float largest = 0.0f;
  for (size_t k = 0; k < values; ++k) largest = std::max(largest, std::fabs(values_in[k]));
  unit = power_of_two_near(largest);
  const float inverse = 1.0f / unit;
  for (size_t k = 0; k < values; ++k) x[k] = values_in[k] * inverse;

  const float heaviest = importance == nullptr ? 0.0f : *std::max_element(importance, importance + values);
  const bool use_importance = heaviest > 0.0f;
  for (size_t k = 0; k < values; ++k) w[k] = use_importance ? importance[k] / heaviest + kLeastImportance : 1.0f;
  if (emphasis == Emphasis::kPlain) return;

  const double square_unit = static_cast<double>(unit) * unit;
  const double base = mean_square / square_unit * (emphasis == Emphasis::kLargeMild ? 2.0 : 1.0);
  // Zero would leave zeros weightless; beyond 1e12 all weights are equal anyway, and the sums stay in range.
  const float sigma = static_cast<float>(std::clamp(base, 1e-12, 1e12));
  for (size_t k = 0; k < values; ++k) w[k] *= std::sqrt(sigma + x[k] * x[k]);
}

uint16_t to_half_saturated(float value) {
  constexpr uint16_t kInfinity = 0x7c00u;
  const uint16_t half = float_to_half(value);
  return (half & kInfinity) == kInfinity ? static_cast<uint16_t>((half & 0x8000u) | 0x7bffu) : half;
}

uint16_t EncodeBlock::to_half(float scale) const { return to_half_saturated(scale * unit); }

float EncodeBlock::from_half(uint16_t half) const { return half_to_float(half) / unit; }

double mean_square(const float* values, size_t count) {
  double sum = 0.0;
  for (size_t k = 0; k < count; ++k) sum += static_cast<double>(values[k]) * values[k];
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

}  // namespace rung
