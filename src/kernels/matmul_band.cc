#include "kernels/matmul_band.h"

#include <algorithm>
#include <cstring>

namespace rung {
namespace {

/// Values of a tile unpacked at a time: a multiple of every block, and such that tile and scales stay in the L1 cache
/// while the same columns of all tokens, read once a tile, stay in L2.
constexpr size_t kCodeChunk = 1024;
constexpr size_t kFloatChunk = 256;

struct Buffers {
  int8_t* codes;
  float *scale, *min, *values;
  int8_t* tile_codes;
  float *tile_scale, *tile_min, *tile_values, *sums;
};

Buffers place(const ScratchLayout& layout, uint8_t* slice) {
  uint8_t* const base = slice + (64 - reinterpret_cast<uintptr_t>(slice) % 64) % 64;
  const auto bytes = [&](size_t offset) { return reinterpret_cast<int8_t*>(base + offset); };
  const auto floats = [&](size_t offset) { return reinterpret_cast<float*>(base + offset); };
  return {bytes(layout.codes),     floats(layout.scale),       floats(layout.min),
          floats(layout.values),   bytes(layout.tile_codes),   floats(layout.tile_scale),
          floats(layout.tile_min), floats(layout.tile_values), floats(layout.sums)};
}

/// One band of rows of one job, on one thread.
class Band {
 public:
  Band(const Kernels& kernels, const MatmulJob& job, const Buffers& buffers, Road road)
      : kernels_(kernels), job_(job), info_(format_info(job.weights.format)), buffers_(buffers), road_(road) {
    if (info_.unpack != nullptr) unpack_ = unpack_for(kernels.isa, info_.format);
    row_bytes_ = job.weights.cols / info_.block_values * info_.block_bytes;
  }

  void run(size_t begin, size_t end) {
    multiply(begin, end);
    if (job_.weights.scale == 1.0f) return;
    for (size_t token = 0; token < job_.tokens; ++token)
      kernels_.elementwise.scale(job_.weights.scale, end - begin, out(token) + begin);
  }

 private:
  void multiply(size_t begin, size_t end) {
    if (road_.tiled) return road_.integer ? run_code_tiles(begin, end) : run_float_tiles(begin, end);
    for (size_t row = begin; row < end; ++row) road_.integer ? run_code_row(row) : run_float_row(row);
  }

  const uint8_t* blocks(size_t row, size_t first) const {
    return job_.weights.data + row * row_bytes_ + first / info_.block_values * info_.block_bytes;
  }

  /// What tells kernels that there are no minimums.
  const float* minimums(const float* min) const { return info_.has_min ? min : nullptr; }

  float* out(size_t token) const { return job_.out + token * job_.out_stride; }

  void run_code_row(size_t row) {
    const size_t cols = job_.weights.cols;
    unpack_(blocks(row, 0), cols, buffers_.codes, buffers_.scale, buffers_.min);
    const CodeBlock block{buffers_.codes, buffers_.scale, minimums(buffers_.min), cols, info_.group_values};
    for (size_t token = 0; token < job_.tokens; ++token)
      out(token)[row] = kernels_.table.dot_s8(block, job_.input->quantized_rows(job_.first_token + token));
  }

  void run_float_row(size_t row) {
    const float* const weights = floats(row, 0, job_.weights.cols, buffers_.values);
    for (size_t token = 0; token < job_.tokens; ++token)
      out(token)[row] = kernels_.elementwise.dot(weights, job_.input->row(job_.first_token + token), job_.weights.cols);
  }

  /// Weights as floats: in place for F32, else decoded into `into`.
  const float* floats(size_t row, size_t first, size_t count, float* into) const {
    const uint8_t* const from = blocks(row, first);
    switch (info_.format) {
      case Format::F32:
        return reinterpret_cast<const float*>(from);
      case Format::F16:
        kernels_.elementwise.half_to_float(reinterpret_cast<const uint16_t*>(from), count, into);
        break;
      case Format::BF16:
        kernels_.elementwise.bfloat16_to_float(reinterpret_cast<const uint16_t*>(from), count, into);
        break;
      default:
        if (unpack_ == nullptr) {
          info_.decode(from, count, into);
        } else {
          unpack_(from, count, buffers_.codes, buffers_.scale, buffers_.min);
          kernels_.table.dequantize({buffers_.codes, buffers_.scale, minimums(buffers_.min), count, info_.group_values},
                                    into);
        }
    }
    return into;
  }

  /// Columns first .. first + count of `rows` rows to a tile.
  CodeBlock load_codes(size_t row, size_t rows, size_t first, size_t count) {
    const size_t tile_rows = kernels_.table.tile_rows;
    const size_t groups = count / info_.group_values;
    if (rows < tile_rows) {
      std::memset(buffers_.codes, 0, tile_rows * count);
      std::memset(buffers_.scale, 0, tile_rows * groups * sizeof(float));
      std::memset(buffers_.min, 0, tile_rows * groups * sizeof(float));
    }
    for (size_t index = 0; index < rows; ++index)
      unpack_(blocks(row + index, first), count, buffers_.codes + index * count, buffers_.scale + index * groups,
              buffers_.min + index * groups);
    interleave(buffers_.codes, count / 4, buffers_.tile_codes);
    interleave(buffers_.scale, groups, buffers_.tile_scale);
    if (info_.has_min) interleave(buffers_.min, groups, buffers_.tile_min);
    return {buffers_.tile_codes, buffers_.tile_scale, minimums(buffers_.tile_min), count, info_.group_values};
  }

  void load_floats(size_t row, size_t rows, size_t first, size_t count) {
    if (rows < kernels_.table.tile_rows)
      std::memset(buffers_.values, 0, kernels_.table.tile_rows * count * sizeof(float));
    for (size_t index = 0; index < rows; ++index) {
      float* const into = buffers_.values + index * count;
      const float* const from = floats(row + index, first, count, into);
      if (from != into) std::memcpy(into, from, count * sizeof(float));
    }
    interleave(buffers_.values, count, buffers_.tile_values);
  }

  void interleave(const void* rows, size_t count, void* tile) const {
    kernels_.table.interleave(static_cast<const uint32_t*>(rows), count, count, static_cast<uint32_t*>(tile));
  }

  /// Calls multiply(row, rows, first column, columns, sums) for every chunk of every tile, chunks outermost.
  template <typename Multiply>
  void run_tiles(size_t begin, size_t end, size_t chunk, Multiply&& multiply) {
    const size_t tile_rows = kernels_.table.tile_rows;
    const size_t tile_sums = job_.tokens * tile_rows;
    const size_t tiles = (end - begin + tile_rows - 1) / tile_rows;
    std::fill_n(buffers_.sums, tiles * tile_sums, 0.0f);
    for (size_t first = 0; first < job_.weights.cols; first += chunk) {
      for (size_t tile = 0; tile < tiles; ++tile) {
        const size_t row = begin + tile * tile_rows;
        multiply(row, std::min(tile_rows, end - row), first, std::min(chunk, job_.weights.cols - first),
                 buffers_.sums + tile * tile_sums);
      }
    }
    for (size_t tile = 0; tile < tiles; ++tile) {
      const size_t row = begin + tile * tile_rows;
      const size_t rows = std::min(tile_rows, end - row);
      for (size_t token = 0; token < job_.tokens; ++token)
        std::memcpy(out(token) + row, buffers_.sums + tile * tile_sums + token * tile_rows, rows * sizeof(float));
    }
  }

  void run_code_tiles(size_t begin, size_t end) {
    const QuantizedRows x = job_.input->quantized_rows(job_.first_token);
    run_tiles(begin, end, kCodeChunk, [&](size_t row, size_t rows, size_t first, size_t count, float* sums) {
      kernels_.table.gemm_s8(load_codes(row, rows, first, count), x, first, job_.tokens, sums);
    });
  }

  void run_float_tiles(size_t begin, size_t end) {
    const size_t cols = job_.weights.cols;
    const float* const x = job_.input->row(job_.first_token);
    run_tiles(begin, end, kFloatChunk, [&](size_t row, size_t rows, size_t first, size_t count, float* sums) {
      load_floats(row, rows, first, count);
      kernels_.table.gemm_f32(buffers_.tile_values, count, x + first, cols, job_.tokens, sums);
    });
  }

  const Kernels& kernels_;
  const MatmulJob& job_;
  const FormatInfo& info_;
  const Buffers buffers_;
  const Road road_;
  UnpackFn unpack_ = nullptr;
  size_t row_bytes_ = 0;
};

}  // namespace

ScratchLayout make_layout(size_t cols, size_t tokens, size_t tile_rows) {
  size_t total = 0;
  const auto take = [&](size_t bytes) {
    const size_t at = total;
    total += (bytes + 63) / 64 * 64;
    return at;
  };
  const size_t codes = std::max(cols, tile_rows * kCodeChunk);
  ScratchLayout layout;
  layout.codes = take(codes);
  layout.scale = take(codes / 16 * sizeof(float));
  layout.min = take(codes / 16 * sizeof(float));
  layout.values = take(std::max(cols, tile_rows * kFloatChunk) * sizeof(float));
  layout.tile_codes = take(tile_rows * kCodeChunk);
  layout.tile_scale = take(tile_rows * kCodeChunk / 16 * sizeof(float));
  layout.tile_min = take(tile_rows * kCodeChunk / 16 * sizeof(float));
  layout.tile_values = take(tile_rows * kFloatChunk * sizeof(float));
  layout.sums = take(kBandRows * tokens * sizeof(float));
  layout.total = total + 64;
  return layout;
}

Road road_of(const MatmulJob& job, Precision precision, Batching batching, const KernelTable& table) {
  const bool integer = precision == Precision::kQ8 && format_info(job.weights.format).unpack != nullptr;
  const size_t tiled_from = integer ? table.gemm_s8_from : table.gemm_f32_from;
  return {integer, batching == Batching::kInvariant || job.tokens >= tiled_from};
}

void run_band(const Kernels& kernels, const MatmulJob& job, Road road, const ScratchLayout& layout, uint8_t* slice,
              size_t begin, size_t end) {
  Band(kernels, job, place(layout, slice), road).run(begin, end);
}

}  // namespace rung
