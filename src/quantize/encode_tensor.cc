#include "quantize/encode_tensor.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

namespace rung {
namespace {

constexpr size_t kBandValues = size_t{4} << 20;

Status bad_value(const GgufTensor& tensor, size_t row) {
  std::vector<float> values(tensor.columns());
  decode_row(*tensor.format, tensor.bytes.data() + row * row_bytes(*tensor.format, values.size()), values.size(),
             values.data());
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  return input_error("tensor {}: row {}, column {}: found {}, allowed are finite numbers", tensor.name, row,
                     bad - values.begin(), *bad);
}

}  // namespace

size_t band_rows(const GgufTensor& tensor) { return std::max<size_t>(1, kBandValues / tensor.columns()); }

Status encode_rows(const TensorPlan& tensor, std::span<const float> importance, size_t first, size_t count,
                   ThreadPool& pool, uint8_t* out) {
  const GgufTensor& source = *tensor.source;
  const size_t columns = source.columns();
  const size_t matrices = importance.empty() ? 1 : importance.size() / columns, rows = source.rows() / matrices;
  const size_t in_stride = row_bytes(*source.format, columns), out_stride = row_bytes(*tensor.format, columns);
  constexpr size_t kNone = std::numeric_limits<size_t>::max();
  std::atomic<size_t> bad_row{kNone};  // the first one, so that the message does not depend on the threads
  pool.parallel_for(count, std::max<size_t>(1, 16384 / columns), [&](size_t begin, size_t end, int) {
    std::vector<float> values(columns);
    for (size_t index = begin; index < end; ++index) {
      const size_t row = first + index;
      decode_row(*source.format, source.bytes.data() + row * in_stride, columns, values.data());
      if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
        size_t seen = bad_row.load();
        while (row < seen && !bad_row.compare_exchange_weak(seen, row)) {
        }
        continue;
      }
      const float* weights = importance.empty() ? nullptr : importance.data() + row / rows * columns;
      encode_matrix_rows(*tensor.format, {values.data(), 1, columns, weights}, out + index * out_stride);
    }
  });
  if (bad_row != kNone) return bad_value(source, bad_row);
  return {};
}

}  // namespace rung
