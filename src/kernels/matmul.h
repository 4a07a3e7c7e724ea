// Matrix products out = W x, W in any weight format read in place, x a batch of activation rows.
// Two roads, one result shape: integer formats unpack (codec) to 8-bit codes and meet activations quantized to 8 bits
// with one scale per 32 values; float formats, and everything under Precision::kF32, decode to floats. Every output is
// one fixed order of additions, whatever the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/page_buffer.h"
#include "base/thread_pool.h"
#include "codec/format.h"
#include "kernels/kernel_table.h"

namespace rung {

enum class Precision {
  kQ8,   ///< activations rounded to 8 bits for integer formats: fast, what everyone does
  kF32,  ///< weights decoded, activations and sums in float: the reference
};

/// A weight matrix in blocks: (rows, cols), rows contiguous. Does not own its bytes.
struct Matrix {
  Format format = Format::F32;
  const uint8_t* data = nullptr;
  size_t rows = 0;     ///< outputs
  size_t cols = 0;     ///< inputs
  float scale = 1.0f;  ///< multiplies every output: the tensor NAME.scale beside NAME.weight
};

/// A batch of activation rows (tokens, cols), cols a multiple of 32 for kQ8, with their 8-bit form made once for all
/// the matrices that read them: per 32 values one scale, amax / 127, and codes rounded to nearest. A group that holds
/// an infinity or NaN gets the scale NaN, so that it is seen in every result. Buffers only grow.
class Activations {
 public:
  /// Copies nothing: x stays with the caller and must outlive the use. quantize: also make the 8-bit form.
  void assign(ThreadPool& pool, const float* x, size_t tokens, size_t cols, bool quantize);

  size_t tokens() const { return tokens_; }
  size_t cols() const { return cols_; }
  bool quantized() const { return quantized_; }
  const float* row(size_t token) const { return x_ + token * cols_; }
  /// The 8-bit form from a token on; the pointers hold until the next assign().
  QuantizedRows quantized_rows(size_t token) const;
  /// Makes room for the 8-bit form of so many values; assign() does it where nobody has.
  void reserve(size_t values) { codes_.reserve<uint8_t>(code_bytes(values)); }
  /// The 8-bit form in memory.
  std::span<const uint8_t> stored() const { return codes_.bytes(); }
  /// Bytes of the 8-bit form of `values` values, a multiple of 32.
  static size_t code_bytes(size_t values);

 private:
  QuantizedRowOut quantized_row(size_t token) const;

  const float* x_ = nullptr;
  size_t tokens_ = 0, cols_ = 0;
  bool quantized_ = false;
  PageBuffer codes_;  ///< the arrays of QuantizedRows, one after the other
};

/// out[token * out_stride + row] = W[row] . x[first_token + token] for `tokens` rows of the input.
struct MatmulJob {
  Matrix weights;
  const Activations* input = nullptr;
  size_t first_token = 0;
  size_t tokens = 0;
  float* out = nullptr;
  size_t out_stride = 0;
};

/// Scratch of the products, one slice a thread; keep one per pool and reuse it.
class MatmulScratch {
 public:
  uint8_t* slice(int thread) { return slices_[static_cast<size_t>(thread)].data(); }
  /// Makes room for slice_bytes() a thread; matmul() does it where nobody has.
  void reserve(int threads, size_t bytes);
  std::span<const PageBuffer> slices() const { return slices_; }
  /// What a thread needs for products of at most so many columns and tokens on the instruction set in use.
  static size_t slice_bytes(size_t cols, size_t tokens);

 private:
  std::vector<PageBuffer> slices_;
};

/// How a product is computed. Few tokens go row by row, many by tiles, and the two add in another order.
enum class Batching {
  kFastest,    ///< by the number of tokens
  kInvariant,  ///< always by tiles: a token's outputs are the same bits however many tokens share the product
};

/// All jobs in one parallel region, their rows shared out in bands. A job's input must be quantized() where the
/// precision is kQ8 and its weights are in an integer format.
void matmul(ThreadPool& pool, MatmulScratch& scratch, Precision precision, std::span<const MatmulJob> jobs,
            Batching batching = Batching::kFastest);

}  // namespace rung
