#include <algorithm>

#include "kernels/dispatch.h"
#include "kernels/matmul.h"

namespace rung {

// codes, scales, offsets, sums16, sums32 (kernel_table.h)
size_t Activations::code_bytes(size_t values) {
  return values + values / 32 * (2 * sizeof(float)) + values / 16 * (sizeof(int32_t) + sizeof(float));
}

void Activations::assign(ThreadPool& pool, const float* x, size_t tokens, size_t cols, bool quantize) {
  x_ = x;
  tokens_ = tokens;
  cols_ = cols;
  quantized_ = quantize;
  if (!quantize) return;
  reserve(tokens * cols);
  const auto quantize_row = kernels_for(active_isa()).quantize_row;
  const size_t grain = std::max<size_t>(1, 65536 / std::max<size_t>(1, cols));  // a few microseconds of work
  pool.parallel_for(tokens, grain, [&](size_t begin, size_t end, int) {
    for (size_t token = begin; token < end; ++token) quantize_row(row(token), cols, quantized_row(token));
  });
}

QuantizedRowOut Activations::quantized_row(size_t token) const {
  const size_t values = tokens_ * cols_, groups = token * (cols_ / 32);
  auto* const scales = reinterpret_cast<float*>(codes_.data() + values);
  auto* const offsets = reinterpret_cast<int32_t*>(scales + values / 32);
  auto* const sums16 = reinterpret_cast<float*>(offsets + values / 16);
  float* const sums32 = sums16 + values / 16;
  return {codes_.as<int8_t>() + token * cols_, scales + groups, offsets + 2 * groups, sums16 + 2 * groups,
          sums32 + groups};
}

QuantizedRows Activations::quantized_rows(size_t token) const {
  const QuantizedRowOut row = quantized_row(token);
  return {row.codes, row.scales, row.offsets, row.sums16, row.sums32, cols_};
}

}  // namespace rung
