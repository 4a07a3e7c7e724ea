#include "base/hash.h"

#include <fmt/format.h>

#define XXH_STATIC_LINKING_ONLY  // the state as a type
#include <xxhash.h>

namespace rung {
namespace {

std::string digits_of(const XXH128_hash_t& hash) { return fmt::format("{:016x}{:016x}", hash.high64, hash.low64); }

}  // namespace

std::string content_hash(std::span<const uint8_t> bytes) { return digits_of(XXH3_128bits(bytes.data(), bytes.size())); }

std::string content_hash(std::string_view text) {
  return content_hash(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

struct ContentHasher::State {
  XXH3_state_t xxh3;  // xxhash's own alignment comes with the type
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh3); }
ContentHasher::ContentHasher(ContentHasher&&) noexcept = default;
ContentHasher::~ContentHasher() = default;

void ContentHasher::add(std::span<const uint8_t> bytes) {
  XXH3_128bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::string ContentHasher::digits() const { return digits_of(XXH3_128bits_digest(&state_->xxh3)); }

}  // namespace rung
