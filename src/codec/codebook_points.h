// Codebook formats as those see them who choose points themselves (coordinate descent): eight values are one point of
// a grid of eight, or two of a grid of four, and eight signs. Without iq1, whose points share a shift. All pure and
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/format.h"

namespace rung {

struct PointSet {
  std::span<const int8_t> magnitudes;  ///< (points, values); empty: not such a format
  size_t values = 8;                   ///< of a point: 8 or 4
  bool even_signs = false;             ///< the number of minus signs of eight values is even

  size_t points() const { return magnitudes.size() / values; }
};

PointSet point_set(Format format);

/// The half that multiplies all of a block's scales.
float block_scale(const uint8_t* block);
void set_block_scale(uint8_t* block, float scale);

/// Replaces eight values of a block, number `eight` of 32: point[1] counts where points have four values; bit n of
/// signs: value n is negative. Scales stay.
void set_points(Format format, uint8_t* block, size_t eight, const uint16_t* point, uint8_t signs);

}  // namespace rung
