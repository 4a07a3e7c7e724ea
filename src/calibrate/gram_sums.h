// Sum of x x^T over the rows of one input, in full or in diagonal blocks of 256 columns. Rows gather until there are
// 256 of them; then each band of 256 columns is multiplied in floats by the engine's own kernels (X^T X, the lower
// triangle) and added to totals in double. The result depends on the rows and their order alone. One thread at a time.
#pragma once

#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "io/gram_writer.h"
#include "kernels/matmul.h"

namespace rung {

enum class GramKind { kNone, kBlocks, kFull };

/// Buffers that the sums of all inputs share.
struct GramScratch {
  MatmulScratch products;
  Activations columns;
  std::vector<float> transposed, band;
};

class GramSums {
 public:
  GramSums() = default;
  GramSums(size_t columns, GramKind kind);

  /// Memory of one once it has seen a row.
  static uint64_t memory_bytes(size_t columns, GramKind kind);

  void add(const float* rows, size_t count, ThreadPool& pool, GramScratch& scratch);
  /// The means as Gram::values has them, zeros where nothing was seen; what was gathered is counted in first.
  std::vector<float> means(ThreadPool& pool, GramScratch& scratch);

 private:
  /// Columns begin .. begin + totals.size() / span of the matrix, against columns first .. first + span.
  struct Band {
    size_t begin, end;  ///< rows of the Gram matrix
    size_t first;       ///< column; its columns end where its rows do
    std::vector<double> totals;
  };

  void flush(ThreadPool& pool, GramScratch& scratch);
  void add_band(Band& band, ThreadPool& pool, GramScratch& scratch);

  size_t columns_ = 0, block_ = 0;
  double rows_ = 0;
  size_t waiting_ = 0;
  std::vector<float> rows_waiting_;  ///< (256, columns)
  std::vector<Band> bands_;
};

}  // namespace rung
