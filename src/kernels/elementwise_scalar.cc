// The specification of elementwise.h in plain loops; the functions keep no state.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/half.h"
#include "kernels/elementwise_table.h"

namespace rung {
namespace {

/// Eight interleaved partial sums: what the SIMD versions do, and a shorter error bound than one running sum.
float dot_scalar(const float* a, const float* b, size_t n) {
  float part[8] = {};
  size_t index = 0;
  for (; index + 8 <= n; index += 8)
    for (size_t lane = 0; lane < 8; ++lane) part[lane] += a[index + lane] * b[index + lane];
  for (size_t lane = 0; index < n; ++index, ++lane) part[lane] += a[index] * b[index];
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

void dot_rows_scalar(const float* q, const float* k, size_t rows, size_t dim, float scale, float* out) {
  for (size_t row = 0; row < rows; ++row) out[row] = scale * dot_scalar(q, k + row * dim, dim);
}

void axpy_scalar(float scale, const float* x, size_t n, float* out) {
  for (size_t index = 0; index < n; ++index) out[index] += scale * x[index];
}

void weighted_sum_scalar(const float* w, const float* v, size_t rows, size_t dim, float* out) {
  for (size_t row = 0; row < rows; ++row) axpy_scalar(w[row], v + row * dim, dim, out);
}

float exp_sum_scalar(float* x, size_t n, float shift) {
  double sum = 0;
  for (size_t index = 0; index < n; ++index) {
    x[index] = std::exp(x[index] - shift);
    sum += static_cast<double>(x[index]);
  }
  return static_cast<float>(sum);
}

float max_scalar(const float* x, size_t n) {
  float best = -std::numeric_limits<float>::infinity();
  for (size_t index = 0; index < n; ++index) best = std::max(best, x[index]);
  return best;
}

void rms_norm_scalar(const float* x, const float* weight, size_t n, float epsilon, float* out) {
  double squares = 0;
  for (size_t index = 0; index < n; ++index) squares += static_cast<double>(x[index]) * static_cast<double>(x[index]);
  const double mean = squares / static_cast<double>(n);
  const float scale = static_cast<float>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
  for (size_t index = 0; index < n; ++index) out[index] = x[index] * scale * weight[index];
}

void swiglu_scalar(float* gate, const float* up, size_t n) {
  for (size_t index = 0; index < n; ++index) gate[index] = gate[index] / (1.0f + std::exp(-gate[index])) * up[index];
}

void scale_scalar(float scale, size_t n, float* x) {
  for (size_t index = 0; index < n; ++index) x[index] *= scale;
}

void rope_scalar(float* head, const float* cosine, const float* sine, size_t pairs, bool adjacent) {
  const size_t step = adjacent ? 2 : 1;
  const size_t distance = adjacent ? 1 : pairs;
  for (size_t pair = 0; pair < pairs; ++pair) {
    float* const at = head + pair * step;
    const float first = at[0];
    const float second = at[distance];
    at[0] = first * cosine[pair] - second * sine[pair];
    at[distance] = first * sine[pair] + second * cosine[pair];
  }
}

void half_to_float_scalar(const uint16_t* in, size_t n, float* out) {
  for (size_t index = 0; index < n; ++index) out[index] = half_to_float(in[index]);
}

void float_to_half_scalar(const float* in, size_t n, uint16_t* out) {
  for (size_t index = 0; index < n; ++index) out[index] = float_to_half(in[index]);
}

void bfloat16_to_float_scalar(const uint16_t* in, size_t n, float* out) {
  for (size_t index = 0; index < n; ++index) out[index] = bfloat16_to_float(in[index]);
}

}  // namespace

const ElementwiseTable kElementwiseScalar = {
    .dot = dot_scalar,
    .dot_rows = dot_rows_scalar,
    .weighted_sum = weighted_sum_scalar,
    .exp_sum = exp_sum_scalar,
    .max = max_scalar,
    .rms_norm = rms_norm_scalar,
    .swiglu = swiglu_scalar,
    .axpy = axpy_scalar,
    .scale = scale_scalar,
    .rope = rope_scalar,
    .half_to_float = half_to_float_scalar,
    .float_to_half = float_to_half_scalar,
    .bfloat16_to_float = bfloat16_to_float_scalar,
};

}  // namespace rung
