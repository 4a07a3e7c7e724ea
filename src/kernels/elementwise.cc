#include "kernels/elementwise.h"

#include "base/cpu.h"
#include "kernels/dispatch.h"
#include "kernels/elementwise_table.h"

namespace rung {

const ElementwiseTable& elementwise_for(Isa isa) {
#if defined(__x86_64__)
  if (isa != Isa::kScalar) return kElementwiseAvx2;  // there are no 512-bit versions
#endif
  static_cast<void>(isa);
  return kElementwiseScalar;
}

namespace {

const ElementwiseTable& active() {
  static const ElementwiseTable& table = elementwise_for(active_isa());
  return table;
}

}  // namespace

float dot_f32(const float* a, const float* b, size_t n) { return active().dot(a, b, n); }

void dot_rows_f32(const float* q, const float* k, size_t rows, size_t dim, float scale, float* out) {
  active().dot_rows(q, k, rows, dim, scale, out);
}

void weighted_sum_f32(const float* w, const float* v, size_t rows, size_t dim, float* out) {
  active().weighted_sum(w, v, rows, dim, out);
}

float exp_sum_f32(float* x, size_t n, float shift) { return active().exp_sum(x, n, shift); }

float max_f32(const float* x, size_t n) { return active().max(x, n); }

void softmax_f32(float* x, size_t n) {
  const float sum = exp_sum_f32(x, n, max_f32(x, n));
  scale_f32(1.0f / sum, n, x);
}

void rms_norm_f32(const float* x, const float* weight, size_t n, float epsilon, float* out) {
  active().rms_norm(x, weight, n, epsilon, out);
}

void swiglu_f32(float* gate, const float* up, size_t n) { active().swiglu(gate, up, n); }

void axpy_f32(float scale, const float* x, size_t n, float* out) { active().axpy(scale, x, n, out); }

void scale_f32(float scale, size_t n, float* x) { active().scale(scale, n, x); }

void rope_f32(float* head, const float* cosine, const float* sine, size_t pairs, bool adjacent) {
  active().rope(head, cosine, sine, pairs, adjacent);
}

void half_to_float_row(const uint16_t* in, size_t n, float* out) { active().half_to_float(in, n, out); }

void float_to_half_row(const float* in, size_t n, uint16_t* out) { active().float_to_half(in, n, out); }

void bfloat16_to_float_row(const uint16_t* in, size_t n, float* out) { active().bfloat16_to_float(in, n, out); }

}  // namespace rung
