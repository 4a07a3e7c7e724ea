// A file that appears whole or not at all: written front to back under a temporary name beside its place, synced, then
// renamed (base/partial_file.h). Destroying an AtomicFile that was not committed removes the temporary file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/partial_file.h"
#include "base/status.h"

namespace rung {

class AtomicFile {
 public:
  /// Fails where the folder is missing or not writable; says so before any long work.
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile() { file_.discard(); }

  Status write(std::span<const uint8_t> bytes);
  Status write(std::string_view text);
  uint64_t position() const { return position_; }
  Status commit() { return file_.publish(); }

 private:
  explicit AtomicFile(PartialFile file) : file_(std::move(file)) {}

  PartialFile file_;
  uint64_t position_ = 0;
};

/// The whole of a small file at once.
Status write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace rung
