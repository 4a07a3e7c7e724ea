// The orthonormal Walsh-Hadamard transform of a head in place: its own inverse, and dot products keep their value, so
// that keys and queries (or values, with the result turned back) may be transformed together. It spreads one large
// channel over all (QuaRot, arXiv 2404.00456). A dimension that is no power of two is cut into pieces of the largest
// power of two that divides it.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>

namespace rung {

inline void hadamard(float* x, size_t dim) {
  const size_t size = dim & (~dim + 1);
  const float scale = 1.0f / std::sqrt(static_cast<float>(size));
  for (size_t half = 1; half < size; half *= 2)
    for (size_t pair = 0; pair < dim / 2; ++pair) {
      const size_t first = pair / half * 2 * half + pair % half;
      const float sum = x[first] + x[first + half], difference = x[first] - x[first + half];
      x[first] = sum;
      x[first + half] = difference;
    }
  for (size_t index = 0; index < dim; ++index) x[index] *= scale;
}

}  // namespace rung
