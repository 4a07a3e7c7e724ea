// Content identity: XXH3 128 bit of bytes or whole files, as 32 hexadecimal digits: what `xxhsum -H2` prints. Not for
// security.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace rung {

inline constexpr size_t kContentHashDigits = 32;

std::string content_hash(std::span<const uint8_t> bytes);
std::string content_hash(std::string_view text);

/// The same hash of bytes that come in pieces.
class ContentHasher {
 public:
  ContentHasher();
  ContentHasher(ContentHasher&&) noexcept;
  ~ContentHasher();
  void add(std::span<const uint8_t> bytes);
  std::string digits() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rung
