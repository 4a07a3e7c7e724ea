// A model as a planner needs it: names, shapes and types of its tensors and its metadata, from whatever there is of it:
// a GGUF file or only its header, a Hugging Face folder or only its configuration and safetensors headers, a tensors.
// TYPE.map, or a size. All become the directory of a GGUF file without data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/gguf.h"

namespace rung {

struct ModelShapes {
  enum class Source : uint8_t { kGguf, kHuggingFace, kTensorMap, kSize };
  std::string name;
  Source source = Source::kGguf;
  GgufFile directory;
  std::vector<uint64_t> stored_tensor_bytes;  ///< of each tensor, where the files hold other types than the directory
  std::optional<uint64_t> stored_bytes;       ///< tensor bytes of the files as they are; empty: not known
  std::optional<uint64_t> total_values;       ///< where only a total is known
  bool total_only = false;                    ///< no tensors in directory: an index told the total, or nothing did
  std::vector<std::string> cache_unknown;     ///< what of the configuration nobody here understands
  std::vector<std::string> notes;
};

/// What kind of thing it is, for people.
std::string_view source_name(ModelShapes::Source source);

/// model: a path, or a size like 70B, 8x7B, 30B-A3B.
Result<ModelShapes> open_model_shapes(const std::string& model);

}  // namespace rung
