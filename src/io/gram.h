// Second moments of the inputs of weight matrices, E[x x^T] over the tokens of a calibration text: what GPTQ and
// coordinate descent minimise their error under. Kept in a sidecar of its own (a GGUF file; docs/formats.md), full or
// only in square blocks of 256 columns along the diagonal. Matrices that read the same input (q, k and v; gate and up)
// share one. The values stay in the mapped file. A GramFile is immutable; whoever holds a copy of it keeps the mapping.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/status.h"

namespace rung {

/// The moments of one input: of a matrix, or of one expert.
struct Gram {
  uint64_t columns = 0;
  uint64_t block = 0;  ///< edge of a diagonal block: `columns` where the matrix is full, else 256 or what is left
  double tokens = 0;   ///< seen; 0: nothing is known
  /// The blocks one after the other, each row-major: mean of x_row * x_column. Owned by the GramFile.
  std::span<const float> values;

  bool full() const { return block == columns; }
};

class GramFile {
 public:
  std::string file;  ///< file name without folder
  std::string hash;  ///< content_hash of the file
  /// By tensor name, e.g. "blk.0.attn_q.weight": one Gram for each matrix of the tensor (experts in order).
  std::map<std::string, std::shared_ptr<const std::vector<Gram>>, std::less<>> inputs;
  std::shared_ptr<const MappedFile> mapped;  ///< the values; null: they are elsewhere

  /// Null where nothing is known of that matrix.
  const Gram* find(std::string_view tensor, uint64_t matrix) const;
  /// Takes the values out of this process's memory; they can still be read.
  void release(const Gram& gram) const;
};

/// Reads every value once and keeps none in memory. Non-finite values, an asymmetric block, sizes that do not fit: an
/// error that names the entry.
Result<GramFile> read_grams(const std::filesystem::path& path);

}  // namespace rung
