// Writes one GGUF v3 file front to back: metadata and directory first, then each tensor's bytes in the announced order,
// any number of pieces each. The file appears under its name only at commit() (see base/atomic_file.h). Reading a file
// and writing it unchanged gives the same bytes wherever its tensors lie in directory order without gaps, as llama.cpp
// writes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "io/gguf.h"

namespace rung {

struct GgufTensorPlan {
  std::string name;
  std::vector<uint64_t> shape;  ///< row length first
  uint32_t ggml_type = 0;
  uint64_t bytes = 0;
};

/// Where everything lies in a file, down to the byte, before any of the data is known.
struct GgufOutline {
  std::vector<uint8_t> header;    ///< everything before the tensor data, padded
  std::vector<uint64_t> offsets;  ///< of each tensor from the start of the file; between them only zeros
  uint64_t bytes = 0;             ///< of the whole file
};

/// The alignment is general.alignment of `metadata`, else 32. Fails where a key or tensor occurs twice or a shape has
/// not 1 to 4 nonzero dimensions; `file` names the file in the error.
Result<GgufOutline> gguf_outline(std::string_view file, std::span<const GgufEntry> metadata,
                                 std::span<const GgufTensorPlan> tensors);

class GgufWriter {
 public:
  /// Fails as gguf_outline does, or where the disk has less room than the file needs.
  static Result<GgufWriter> create(const std::filesystem::path& path, std::span<const GgufEntry> metadata,
                                   std::span<const GgufTensorPlan> tensors);
  /// The next bytes of the tensor data; pieces may not straddle tensors. Padding is added by itself.
  Status write(std::span<const uint8_t> bytes);
  /// Fails if any announced byte is missing.
  Status commit();

 private:
  GgufWriter(AtomicFile file, std::string path, std::vector<GgufTensorPlan> tensors, const GgufOutline& outline)
      : file_(std::move(file)), path_(std::move(path)), tensors_(std::move(tensors)), ends_(outline.offsets) {
    ends_.push_back(outline.bytes);
  }
  Status finish_tensors();
  Status pad_to(uint64_t end);

  AtomicFile file_;
  std::string path_;
  std::vector<GgufTensorPlan> tensors_;
  std::vector<uint64_t> ends_;  ///< offsets of the tensors, then the end of the file
  size_t current_ = 0;
  uint64_t written_ = 0;  ///< bytes of the current tensor
};

}  // namespace rung
