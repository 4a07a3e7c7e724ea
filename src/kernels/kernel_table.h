// The micro-kernels behind matmul.h: one record an instruction set. Plain structs and pointers only, because SIMD leaf
// files include it.
//
// Weights meet a kernel in one of two shapes. A row: codes in order, one (scale, min) pair a group of 16 or 32 values.
// A tile: `tile_rows` rows interleaved so that a 32-bit lane belongs to one row: codes [values / 4][tile_rows][4],
// scales and mins [groups][tile_rows], floats [values][tile_rows]. Rows a tile lacks are zeros.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

/// Activation rows in 8 bits: code * scale, one scale per 32 values. Row t of an array begins t times its width on.
struct QuantizedRows {
  const int8_t* codes;  ///< (tokens, cols), each in -127..127
  const float* scales;  ///< (tokens, cols / 32)
  /// (tokens, cols / 16): -128 * sum of 16 codes, what unsigned weights code + 128 add too much.
  const int32_t* offsets;
  const float* sums16;  ///< (tokens, cols / 16): scale * sum of 16 codes, what a minimum of 1 takes away
  const float* sums32;  ///< (tokens, cols / 32): scale * sum of 32 codes
  size_t cols;
};

/// One activation row that a kernel fills; widths as in QuantizedRows.
struct QuantizedRowOut {
  int8_t* codes;
  float* scales;
  int32_t* offsets;
  float* sums16;
  float* sums32;
};

/// A row or a tile of integer weights, by the function that takes it.
struct CodeBlock {
  const int8_t* codes;
  const float* scale;
  const float* min;     ///< null where all are 0
  size_t values;        ///< of one row; a multiple of 32
  size_t group_values;  ///< 16 or 32
};

struct KernelTable {
  size_t tile_rows;
  size_t gemm_s8_from;  ///< tokens from which a tile is faster than row by row
  size_t gemm_f32_from;
  /// x[first 32 * n values] to 8 bits.
  void (*quantize_row)(const float* x, size_t values, const QuantizedRowOut& out);
  /// The product of one row with the first row of x.
  float (*dot_s8)(const CodeBlock& row, const QuantizedRows& x);
  /// sums[token][tile_row] += tile . x[token][first_col ...].
  void (*gemm_s8)(const CodeBlock& tile, const QuantizedRows& x, size_t first_col, size_t tokens, float* sums);
  /// sums[token][tile_row] += tile . x[token], tile [values][tile_rows], x rows x_stride apart.
  void (*gemm_f32)(const float* tile, size_t values, const float* x, size_t x_stride, size_t tokens, float* sums);
  /// out[index][row] = in[row * in_stride + index] in 32-bit units, for tile_rows rows.
  void (*interleave)(const uint32_t* in, size_t in_stride, size_t count, uint32_t* out);
  /// out = scale * code - min.
  void (*dequantize)(const CodeBlock& row, float* out);
};

extern const KernelTable kKernelsScalar;
extern const KernelTable kKernelsAvx2;
extern const KernelTable kKernelsAvx512;

}  // namespace rung
