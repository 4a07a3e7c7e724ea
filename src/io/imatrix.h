// Importance matrices as llama.cpp's llama-imatrix writes them, in both formats (GGUF and legacy .dat), docs in
// docs/formats.md: per weight matrix the mean squared activation of every input column, per expert where there are.
// Values are checked when read: finite, not negative, of sizes that fit together. An Imatrix owns everything it holds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

/// Metadata key, true in a file whose values are the mean squared weights of columns: `rung calibrate --weights-only`.
inline constexpr std::string_view kImatrixWeightsOnlyKey = "rung.imatrix.weights_only";

struct ImatrixEntry {
  uint64_t columns = 0;        ///< of one matrix; .dat does not store it: there all values, with matrices = 1
  uint64_t matrices = 1;       ///< experts, or slices of a 3-D tensor
  std::vector<float> mean;     ///< (matrices, columns), mean of x^2; all ones for a matrix that saw no token
  std::vector<double> counts;  ///< (matrices) tokens seen; for .dat files ncall, the same for all
};

struct Imatrix {
  std::string file;  ///< file name without folder
  std::string hash;  ///< content_hash of the file
  std::vector<std::string> datasets;
  uint32_t chunk_count = 0;
  uint32_t chunk_size = 0;                                   ///< 0: not stored (.dat)
  bool weights_only = false;                                 ///< made of weights, not of activations (ours only)
  std::map<std::string, ImatrixEntry, std::less<>> entries;  ///< by tensor name, e.g. "blk.0.attn_q.weight"

  const ImatrixEntry* find(std::string_view tensor) const;
  /// The means of a weight tensor, (matrices, columns); empty if the file has nothing on it. An error where the sizes
  /// contradict the tensor's: a .dat file is compared by the product alone.
  Result<std::span<const float>> means(std::string_view tensor, uint64_t columns, uint64_t matrices) const;
};

/// GGUF if the file starts with its magic, else .dat. Non-finite or negative values, sizes that do not fit: an error
/// that names the entry.
Result<Imatrix> read_imatrix(const std::filesystem::path& path);
/// The same as it is stored, nothing divided: `mean` then holds sums (.dat: means times ncall, which is in `counts`),
/// of a matrix that saw no token too.
Result<Imatrix> read_raw_imatrix(const std::filesystem::path& path);
/// The same as read_imatrix from memory; `name` stands for the file in errors.
Result<Imatrix> parse_imatrix(std::span<const uint8_t> bytes, const std::string& name);

}  // namespace rung
