// Split GGUF files: part i of n (from 1) is NAME-0000i-of-0000n.gguf and carries split.no (from 0), split.count and
// split.tensors.count, as llama.cpp's gguf-split writes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "base/status.h"
#include "io/gguf.h"

namespace rung {

struct SplitPart {
  std::string prefix;   ///< folder and NAME
  uint64_t number = 0;  ///< from 0
  uint64_t count = 1;

  std::filesystem::path path(uint64_t part) const;
};

/// Reads the place in its set off a file name; empty if the name does not follow the pattern.
std::optional<SplitPart> split_name(const std::filesystem::path& path);

/// The set a parsed file belongs to; empty for a file that is not split. An error if name and metadata disagree.
Result<std::optional<SplitPart>> split_part(std::span<const GgufEntry> metadata, const std::filesystem::path& path);

/// That a parsed file is part `number` of `count`.
Status check_split_part(std::span<const GgufEntry> metadata, const std::filesystem::path& path, uint64_t number,
                        uint64_t count);

}  // namespace rung
