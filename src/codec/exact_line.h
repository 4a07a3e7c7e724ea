// Blocks whose values already lie on the grid of a format with a minimum (decoded blocks, integer checkpoints): the
// scales and minima that reproduce every value to the bit. Scalar and rarely called; the encoders ask only where a few
// values look like multiples of one step. No std:: types here: the encoders' leaf files include this. Values are in a
// block's unit, a power of two (see BlockLanes).
#pragma once

#include <cstddef>

namespace rung {

struct ExactLine {
  float scale;
  float min;
};

/// Halves (times 1 / unit) with scale * code - min == x in float for codes from 0 to top. Not found: steps below about
/// 2^-12 of the largest value, and negative scales. `line` is left alone then.
bool find_exact_line(const float* x, size_t count, int top, float unit, ExactLine* line);

/// 256 values; block b decodes as (d scale[b]) code - dmin min[b], both integers from 0 to most.
struct ExactSuperLine {
  float d = 0.0f;
  float dmin = 0.0f;
  int scale[16] = {};
  int min[16] = {};
};
bool find_exact_super_line(const float* x, size_t blocks, int top, int most, float unit, ExactSuperLine* line);

}  // namespace rung
