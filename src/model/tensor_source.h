// Where the engine takes weights from: a GGUF file as it is, or the same file seen through a recipe (quantize/). The
// bytes stay valid and unchanged for the life of the source. Sources are immutable once built and shared between
// threads.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/format.h"
#include "io/gguf.h"

namespace rung {

struct TensorView {
  Format format = Format::F32;
  std::span<const uint8_t> bytes;
  std::vector<uint64_t> shape;  ///< GGUF order: row length first

  uint64_t dim(size_t axis) const { return axis < shape.size() ? shape[axis] : 1; }
};

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  /// Metadata (configuration, tokenizer) and the names and shapes of all tensors.
  virtual const GgufFile& file() const = 0;
  /// Empty if there is no such tensor, or none in a format that can be decoded.
  virtual std::optional<TensorView> find(std::string_view name) const = 0;
};

/// The file's own bytes, read where they are mapped.
class FileSource final : public TensorSource {
 public:
  static Result<std::shared_ptr<const FileSource>> open(const std::filesystem::path& path);
  explicit FileSource(GgufFile file) : file_(std::move(file)) {}
  const GgufFile& file() const override { return file_; }
  std::optional<TensorView> find(std::string_view name) const override;

 private:
  GgufFile file_;
};

}  // namespace rung
