// Importance matrices as they are gathered and stored: per weight matrix the plain sums of squared activations and the
// tokens seen, in double. Files of both formats can be read as sums, added to others, and written; the bytes are those
// that llama-imatrix writes for the same sums (docs/formats.md). Owns everything it holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/gguf.h"

namespace rung {

struct ImatrixSumsEntry {
  uint64_t columns = 0;
  uint64_t matrices = 1;
  std::vector<double> sums;    ///< (matrices, columns) of x^2
  std::vector<double> counts;  ///< (matrices) tokens
};

struct ImatrixSums {
  std::vector<std::string> datasets;
  uint64_t chunk_count = 0;
  uint64_t chunk_size = 0;    ///< tokens
  bool weights_only = false;  ///< no activations: the mean squared weight of each column stands for them
  std::map<std::string, ImatrixSumsEntry, std::less<>> entries;  ///< by tensor name

  /// Adds another's sums and counts, its data sets and chunks. An error where an entry's sizes differ, or where one is
  /// made of activations and the other is not; `name` stands for the other in errors.
  Status add(const ImatrixSums& other, const std::string& name);
};

/// A file of either format, fitted to the tensors of `model`: an entry for a tensor that the model lacks, or of another
/// size, is an error. A .dat file knows no tokens: each of its calls counts as `chunk_size`, and an expert whose row is
/// constant 1 or 0, which is written where nothing was seen, as none.
Result<ImatrixSums> read_imatrix_sums(const std::filesystem::path& path, const GgufFile& model, uint64_t chunk_size);

/// Legacy if the name ends in .dat, else GGUF. A value is rounded to float once.
Status write_imatrix(const std::filesystem::path& path, const ImatrixSums& sums);

}  // namespace rung
