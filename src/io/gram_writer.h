// Writes the sidecar of second moments that gram.h reads, one input after the other, so that no more than one matrix is
// in memory. The file appears whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "io/gram.h"

namespace rung {

/// An input of one or more weight tensors, for each of their matrices.
struct GramInput {
  std::vector<std::string> tensors;  ///< those that read it
  uint64_t columns = 0;
  uint64_t block = 0;          ///< edge of a diagonal block, `columns` where full
  std::vector<double> tokens;  ///< seen, for each matrix
};

inline constexpr uint64_t kGramBlock = 256;

/// Values that a Gram of these sizes holds: the squares of its blocks' edges.
uint64_t gram_values(uint64_t columns, uint64_t block);

/// gram(input, matrix) gives the values as Gram::values has them; it is called once for each, in order.
Status write_grams(const std::filesystem::path& path, std::span<const GramInput> inputs,
                   const std::function<std::vector<float>(size_t input, size_t matrix)>& gram);

}  // namespace rung
