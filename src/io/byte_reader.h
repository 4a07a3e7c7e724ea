// Reads little-endian fields of foreign bytes in order, each checked against what is left. Errors name the file, the
// field and the byte. Does not own the bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

static_assert(std::endian::native == std::endian::little, "files are little endian and read in place");

/// A foreign name fit for one line of an error: in quotes, control and non-ASCII bytes as \xNN, cut after 80 bytes.
std::string quoted_name(std::string_view name);

class ByteReader {
 public:
  ByteReader(std::span<const uint8_t> bytes, std::string_view file) : bytes_(bytes), file_(file) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }
  std::string_view file() const { return file_; }

  template <class T>
  Result<T> number(std::string_view field) {
    if (sizeof(T) > remaining()) return truncated(field, sizeof(T));
    return unchecked<T>();
  }
  /// The caller has compared with remaining().
  template <class T>
  T unchecked() {
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }
  Result<std::span<const uint8_t>> take(uint64_t length, std::string_view field) {
    if (length > remaining()) return truncated(field, length);
    const auto taken = bytes_.subspan(position_, length);
    position_ += length;
    return taken;
  }
  Result<std::string_view> text(uint64_t length, std::string_view field);

 private:
  tl::unexpected<Error> truncated(std::string_view field, uint64_t needed) const;

  std::span<const uint8_t> bytes_;
  std::string_view file_;
  size_t position_ = 0;
};

}  // namespace rung
