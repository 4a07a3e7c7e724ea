// The function table behind elementwise.h: one record an instruction set, filled in elementwise_scalar.cc and the SIMD
// leaf files. Plain declarations only, because leaf files include it. Contracts are in elementwise.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

struct ElementwiseTable {
  float (*dot)(const float* a, const float* b, size_t n);
  void (*dot_rows)(const float* q, const float* k, size_t rows, size_t dim, float scale, float* out);
  void (*weighted_sum)(const float* w, const float* v, size_t rows, size_t dim, float* out);
  float (*exp_sum)(float* x, size_t n, float shift);
  float (*max)(const float* x, size_t n);
  void (*rms_norm)(const float* x, const float* weight, size_t n, float epsilon, float* out);
  void (*swiglu)(float* gate, const float* up, size_t n);
  void (*axpy)(float scale, const float* x, size_t n, float* out);
  void (*scale)(float scale, size_t n, float* x);
  void (*rope)(float* head, const float* cosine, const float* sine, size_t pairs, bool adjacent);
  void (*half_to_float)(const uint16_t* in, size_t n, float* out);
  void (*float_to_half)(const float* in, size_t n, uint16_t* out);
  void (*bfloat16_to_float)(const uint16_t* in, size_t n, float* out);
};

extern const ElementwiseTable kElementwiseScalar;
extern const ElementwiseTable kElementwiseAvx2;

}  // namespace rung
