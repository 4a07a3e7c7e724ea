// The header of a safetensors file: which tensors it holds, their types, shapes and places; never their data, which may
// be missing (to count a model's bytes the first kilobytes of each file are enough). Eight bytes of length, then JSON,
// as https://github.com/huggingface/safetensors describes. Everything is checked: the length against the file and the
// format's own limit, types, shapes against overflow and against the places, places against gaps and overlap.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

struct SafetensorsTensor {
  std::string name;
  std::string type;             ///< as stored: "BF16", "F8_E4M3", "I32" ...
  std::vector<uint64_t> shape;  ///< as stored: the row length last; a scalar has none
  uint64_t begin = 0, end = 0;  ///< bytes from the start of the data

  uint64_t bytes() const { return end - begin; }
  uint64_t values() const;  ///< checked against overflow
};

struct SafetensorsHeader {
  std::vector<SafetensorsTensor> tensors;  ///< in the order of their data
  uint64_t data_bytes = 0;                 ///< of all tensors
};

/// bytes: at least the header; `file` names the file in errors.
Result<SafetensorsHeader> parse_safetensors_header(std::span<const uint8_t> bytes, std::string_view file);
Result<SafetensorsHeader> read_safetensors_header(const std::filesystem::path& path);

}  // namespace rung
