// What one thread does in a matrix product: a band of rows of one job, row by row for few tokens, else in tiles.
// Internal to matmul.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/dispatch.h"

namespace rung {

/// Rows whose sums a tiled band keeps at once, so that a chunk of the activations is used that often while it is in L2.
constexpr size_t kBandRows = 64;

struct Kernels {
  Isa isa;
  const KernelTable& table;
  const ElementwiseTable& elementwise;
};

/// Byte offsets into a thread's scratch.
struct ScratchLayout {
  size_t codes, scale, min, values;                      // unpacked rows, in order
  size_t tile_codes, tile_scale, tile_min, tile_values;  // the same interleaved
  size_t sums;                                           // (band tiles, tokens, tile rows)
  size_t total;
};

/// For jobs of at most so many columns and tokens.
ScratchLayout make_layout(size_t cols, size_t tokens, size_t tile_rows);

/// How a job is computed; neither depends on the number of threads.
struct Road {
  bool integer;  ///< codes times codes, else floats
  bool tiled;
};

Road road_of(const MatmulJob& job, Precision precision, Batching batching, const KernelTable& table);

/// Rows begin .. end - 1 of a job; a tiled band has at most kBandRows. slice: layout.total bytes of any alignment.
void run_band(const Kernels& kernels, const MatmulJob& job, Road road, const ScratchLayout& layout, uint8_t* slice,
              size_t begin, size_t end);

}  // namespace rung
