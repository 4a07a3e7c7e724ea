// The memory of a run beside its sessions (session_memory.h): what it touches of the model file, what the tokenizer
// takes, and the program itself. Pure arithmetic on a file's directory.
#pragma once

#include <cstdint>
#include <span>

#include "engine/forward_layout.h"

namespace rung {

/// Bytes of a model file. It is mapped, so that it takes memory only where it was read, and the system may take that
/// back: these pages are file-backed.
struct FileMemory {
  uint64_t mapped = 0;   ///< the whole file
  uint64_t touched = 0;  ///< in memory once `tokens` went through the model, where nothing pushes it out
};

/// header_bytes: of all but tensors. Matrices that every token reads count whole. Of routed experts, the share that is
/// expected where each token chooses at random: all, once a prompt is long. A token embedding that is not the output
/// matrix too counts nothing: the engine lets go of a row once it is read.
FileMemory predict_file_memory(const ModelConfig& config, std::span<const TensorShape> tensors, uint64_t header_bytes,
                               uint64_t tokens);
/// The same of an open file.
FileMemory predict_file_memory(const ModelConfig& config, const GgufFile& file, uint64_t tokens);

/// Anonymous memory of metadata and tokenizer while it is made, which is when it is highest.
struct TextCounts {
  uint64_t tokens = 0, token_bytes = 0;  ///< of the vocabulary, and the length of its texts together
  uint64_t merges = 0, merge_bytes = 0;
};
uint64_t predict_text_memory(const TextCounts& counts);
TextCounts count_text(const GgufFile& file);

/// The program with nothing to do, measured (docs/plan.md).
constexpr uint64_t kProgramAnonymous = uint64_t{2} << 20;
constexpr uint64_t kProgramFile = uint64_t{8} << 20;  ///< its own pages and those of its libraries

}  // namespace rung
