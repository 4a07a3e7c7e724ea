#include <algorithm>

#include "kernels/dispatch.h"
#include "kernels/matmul.h"

namespace rung {
namespace {

template <typename T>
void grow(std::vector<T>& buffer, size_t count) {
  if (buffer.size() < count) buffer.resize(count);
}

template <typename T>
size_t bytes_of(const std::vector<T>& buffer) {
  return buffer.capacity() * sizeof(T);
}

}  // namespace

void Activations::assign(ThreadPool& pool, const float* x, size_t tokens, size_t cols, bool quantize) {
  x_ = x;
  tokens_ = tokens;
  cols_ = cols;
  quantized_ = quantize;
  if (!quantize) return;
  grow(codes_, tokens * cols);
  grow(scales_, tokens * (cols / 32));
  grow(offsets_, tokens * (cols / 16));
  grow(sums16_, tokens * (cols / 16));
  grow(sums32_, tokens * (cols / 32));
  const auto quantize_row = kernels_for(active_isa()).quantize_row;
  const size_t grain = std::max<size_t>(1, 65536 / std::max<size_t>(1, cols));  // a few microseconds of work
  pool.parallel_for(tokens, grain, [&](size_t begin, size_t end, int) {
    for (size_t token = begin; token < end; ++token) {
      const size_t groups = token * (cols / 32);
      quantize_row(row(token), cols,
                   {codes_.data() + token * cols, scales_.data() + groups, offsets_.data() + 2 * groups,
                    sums16_.data() + 2 * groups, sums32_.data() + groups});
    }
  });
}

QuantizedRows Activations::quantized_rows(size_t token) const {
  const size_t groups = token * (cols_ / 32);
  return {codes_.data() + token * cols_, scales_.data() + groups, offsets_.data() + 2 * groups,
          sums16_.data() + 2 * groups,   sums32_.data() + groups, cols_};
}

size_t Activations::memory_bytes() const {
  return bytes_of(codes_) + bytes_of(scales_) + bytes_of(offsets_) + bytes_of(sums16_) + bytes_of(sums32_);
}

void MatmulScratch::reserve(int threads, size_t bytes) {
  grow(slices_, static_cast<size_t>(threads));
  for (auto& slice : slices_) grow(slice, bytes);
}

size_t MatmulScratch::memory_bytes() const {
  size_t total = 0;
  for (const auto& slice : slices_) total += bytes_of(slice);
  return total;
}

}  // namespace rung
