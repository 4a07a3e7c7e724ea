// The parts of the AVX2 leaf that the AVX-512 leaf uses too.
#pragma once

#include "kernels/kernel_table.h"

namespace rung {

/// x from `token` on.
QuantizedRows skip_tokens(const QuantizedRows& x, size_t token);
void quantize_row_avx2(const float* x, size_t values, const QuantizedRowOut& out);
void dequantize_avx2(const CodeBlock& row, float* out);
/// out[index * out_stride + row] = in[row * in_stride + index] for eight rows.
void interleave_8_avx2(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out, size_t out_stride);

}  // namespace rung
