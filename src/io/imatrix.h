// Importance matrices as llama.cpp's llama-imatrix writes them, in both formats (GGUF and legacy .dat), docs in
// docs/formats.md: per weight matrix the mean squared activation of every input column, per expert where there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

struct ImatrixEntry {
  uint64_t columns = 0;
  uint64_t matrices = 1;        ///< experts, or slices of a 3-D tensor
  std::vector<float> mean;      ///< (matrices, columns), mean of x^2; all ones for a matrix that saw no token
  std::vector<double> counts;   ///< (matrices) tokens seen; for .dat files ncall, the same for all
};

struct Imatrix {
  std::string file;                            ///< file name without folder
  std::vector<std::string> datasets;
  uint32_t chunk_count = 0;
  uint32_t chunk_size = 0;                     ///< 0: not stored (.dat)
  std::map<std::string, ImatrixEntry, std::less<>> entries;  ///< by tensor name, e.g. "blk.0.attn_q.weight"

  const ImatrixEntry* find(std::string_view tensor) const;
};

/// GGUF if the file starts with its magic, else .dat. Non-finite or negative values, sizes that do not fit: an error
/// that names the entry.
Result<Imatrix> read_imatrix(const std::filesystem::path& path);

}  // namespace rung
