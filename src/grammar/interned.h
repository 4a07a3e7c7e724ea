// Values that are kept once and known by a number: equal values have equal numbers, in order of first appearance.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace rung {

template <class Value, class Hash>
class Interned {
 public:
  uint32_t id_of(const Value& value) {
    const auto [found, is_new] = ids_.try_emplace(value, static_cast<uint32_t>(values_.size()));
    if (is_new) values_.push_back(&found->first);
    return found->second;
  }
  const Value& operator[](uint32_t id) const { return *values_[id]; }
  size_t size() const { return values_.size(); }

 private:
  std::unordered_map<Value, uint32_t, Hash> ids_;
  std::vector<const Value*> values_;  // keys of a map stay where they are
};

/// Mixes in one more number (the multiplier of 64-bit FNV-1a, with a shift so that high bits reach low ones).
inline uint64_t mix_hash(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x100000001b3u;
  return hash ^ (hash >> 29);
}

}  // namespace rung
