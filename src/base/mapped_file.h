// A file mapped read-only. Moving keeps the address. The bytes may change or vanish under us if another process
// truncates the file (SIGBUS); that is the price of never copying weights.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/status.h"

namespace rung {

class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const uint8_t> bytes() const { return {data_, size_}; }
  bool contains(std::span<const uint8_t> piece) const {
    return piece.data() >= data_ && piece.data() + piece.size() <= data_ + size_;
  }
  /// Asks the system to read a piece of bytes() ahead; returns at once.
  void prefetch(std::span<const uint8_t> piece) const;
  /// Takes a piece of bytes() out of this process's memory; it can still be read, again from the page cache or the
  /// disk.
  void release(std::span<const uint8_t> piece) const;

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

/// The whole of a text or data file, at most `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, uint64_t limit = uint64_t{1} << 30);

}  // namespace rung
