#include "base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace rung {

std::string content_hash(std::span<const uint8_t> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string content_hash(std::string_view text) {
  return content_hash(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace rung
