// A file that appears whole or not at all: written under a temporary name beside its place (NAME.rung-partial), synced,
// then renamed. Destroying an AtomicFile that was not committed removes the temporary file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "base/status.h"

namespace rung {

class AtomicFile {
 public:
  /// Fails where the folder is missing or not writable; says so before any long work.
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::span<const uint8_t> bytes);
  Status write(std::string_view text);
  uint64_t position() const { return position_; }
  /// fsync of the file, rename, fsync of the folder.
  Status commit();

 private:
  AtomicFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::filesystem::path partial() const;

  std::filesystem::path path_;
  int fd_ = -1;
  uint64_t position_ = 0;
};

/// The whole of a small file at once.
Status write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace rung
