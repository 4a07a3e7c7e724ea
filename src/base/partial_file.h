// A file under construction: bytes go to NAME.rung-partial beside its place, at any position, and publish() gives it
// its name once it is whole. Dropping a PartialFile leaves the partial one on the disk, so that long work can go on
// after a kill; discard() removes it. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/status.h"

namespace rung {

class PartialFile {
 public:
  /// keep: what an earlier run wrote stays. Fails where the folder is missing or not writable: before any long work.
  static Result<PartialFile> open(const std::filesystem::path& path, bool keep);
  static std::filesystem::path partial_path(const std::filesystem::path& path);
  PartialFile(PartialFile&& other) noexcept;
  PartialFile& operator=(PartialFile&&) = delete;
  ~PartialFile();

  const std::filesystem::path& path() const { return path_; }  ///< the final name
  bool is_open() const { return fd_ >= 0; }
  /// Gives it this size, and the room on the disk where the file system can promise it. What is new reads as zeros.
  Status reserve(uint64_t bytes);
  Status write_at(uint64_t position, std::span<const uint8_t> bytes);
  /// What was written is on the disk.
  Status sync();
  /// Synced, renamed, the folder synced; the file is closed.
  Status publish();
  void discard();

 private:
  PartialFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::filesystem::path path_;
  int fd_ = -1;
};

struct PlannedFile {
  std::filesystem::path path;
  uint64_t bytes = 0;
};

/// Whether the disks have room for all of `files` together, their partial files taken over: before hours of work rather
/// than after. Where the room cannot be asked, writing itself will tell.
Status check_room(std::span<const PlannedFile> files);

}  // namespace rung
