// Writes one GGUF v3 file front to back: metadata and directory first, then each tensor's bytes in the announced order,
// any number of pieces each. The file appears under its name only at commit() (see base/atomic_file.h).
#pragma once

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

/// Exact size of the file that GgufWriter would write.
uint64_t gguf_file_bytes(std::span<const GgufEntry> metadata, std::span<const GgufTensorPlan> tensors);

class GgufWriter {
 public:
  /// The alignment is general.alignment of `metadata`, else 32.
  static Result<GgufWriter> create(const std::filesystem::path& path, std::span<const GgufEntry> metadata,
                                   std::span<const GgufTensorPlan> tensors);
  /// The next bytes of the tensor data; pieces may not straddle tensors. Padding is added by itself.
  Status write(std::span<const uint8_t> bytes);
  /// Fails if any announced byte is missing.
  Status commit();

 private:
  GgufWriter(AtomicFile file, std::vector<GgufTensorPlan> tensors, uint64_t alignment)
      : file_(std::move(file)), tensors_(std::move(tensors)), alignment_(alignment) {}

  AtomicFile file_;
  std::vector<GgufTensorPlan> tensors_;
  uint64_t alignment_ = 32;
  size_t current_ = 0;
  uint64_t written_ = 0;  ///< bytes of the current tensor
};

}  // namespace rung
