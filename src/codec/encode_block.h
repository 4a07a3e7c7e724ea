// What every encoder does with a block before it searches: bring the values near 1 by an exact power of two (so that no
// sum under- or overflows, whatever finite values come in), weigh them, and know what its half-precision scale can
// hold.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/encode_block_lanes.h"

namespace rung {

/// Up to 256 values of one block. x = original / unit; decoded values and scales are in the same unit while searching.
struct EncodeBlock {
  static constexpr size_t kMaxValues = 256;
  alignas(16) float x[kMaxValues];
  alignas(16) float w[kMaxValues];  ///< weight in the squared error, positive
  float unit = 1.0f;                ///< a power of two

  /// mean_square: of the original values in the neighbourhood (see Emphasis); importance: null or `values` weights.
  void load(const float* values_in, size_t values, const float* importance, Emphasis emphasis, double mean_square);

  /// The half nearest to scale * unit; saturates instead of overflowing.
  uint16_t to_half(float scale) const;
  float from_half(uint16_t half) const;
  /// What remains of a scale that is stored as a half.
  float through_half(float scale) const { return from_half(to_half(scale)); }
  /// The smallest scale above zero that a half can hold.
  float smallest_half() const { return 0x1p-24f / unit; }
};

double mean_square(const float* values, size_t count);

/// Nearest half; beyond its range the largest one of that sign, never infinity.
uint16_t to_half_saturated(float value);

}  // namespace rung
