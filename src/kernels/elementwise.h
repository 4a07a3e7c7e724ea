// The vector operations of a transformer besides the matrix products: plain functions on float arrays, no allocation.
// Scalar code is the specification; SIMD versions may differ in the last bits (order of sums, exp within 2 ulp) but not
// with the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

float dot_f32(const float* a, const float* b, size_t n);
/// out[i] = scale * (q . k[i]); k is (rows, dim).
void dot_rows_f32(const float* q, const float* k, size_t rows, size_t dim, float scale, float* out);
/// out += sum_i w[i] * v[i]; v is (rows, dim), out is (dim).
void weighted_sum_f32(const float* w, const float* v, size_t rows, size_t dim, float* out);
/// x[i] = exp(x[i] - shift); returns the sum.
float exp_sum_f32(float* x, size_t n, float shift);
float max_f32(const float* x, size_t n);
/// x = softmax(x).
void softmax_f32(float* x, size_t n);
/// out = x / sqrt(mean(x^2) + epsilon) * weight; out may be x.
void rms_norm_f32(const float* x, const float* weight, size_t n, float epsilon, float* out);
/// gate[i] = gate[i] * sigmoid(gate[i]) * up[i].
void swiglu_f32(float* gate, const float* up, size_t n);
/// out[i] += scale * x[i].
void axpy_f32(float scale, const float* x, size_t n, float* out);
void scale_f32(float scale, size_t n, float* x);
/// Rotates the first 2 * pairs values of a head by the angles whose cosines and sines are given (pairs each).
/// adjacent: pairs are (0,1), (2,3), ...; else (i, i + pairs).
void rope_f32(float* head, const float* cosine, const float* sine, size_t pairs, bool adjacent);
void half_to_float_row(const uint16_t* in, size_t n, float* out);
void float_to_half_row(const float* in, size_t n, uint16_t* out);
void bfloat16_to_float_row(const uint16_t* in, size_t n, float* out);

}  // namespace rung
