#include "engine/kv_cache.h"

#include <algorithm>

#include "base/process_memory.h"

namespace rung {

KvCache::KvCache(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity)
    : heads_(config.kv_heads),
      capacity_(capacity),
      keys_(make_plane(keys, config.key_dim, config.layers)),
      values_(make_plane(values, config.value_dim, config.layers)) {}

KvCache::Plane KvCache::make_plane(KvFormat format, size_t dim, size_t layers) const {
  const KvFormatInfo& info = kv_format_info(format);
  const size_t row_bytes = info.row_bytes(dim);
  return {&info, dim, row_bytes, PageBuffer(row_bytes * layers * heads_ * capacity_, PageBuffer::Use::kSparse)};
}

uint64_t KvCache::reserved_bytes(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity) {
  return touched_bytes(config, keys, values, capacity, capacity);
}

uint64_t KvCache::touched_bytes(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity,
                                size_t positions) {
  const auto plane = [&](KvFormat format, size_t dim) {
    const size_t row_bytes = kv_format_info(format).row_bytes(dim);
    return pages_of_pieces(config.layers * config.kv_heads, capacity * row_bytes,
                           std::min(positions, capacity) * row_bytes);
  };
  return plane(keys, config.key_dim) + plane(values, config.value_dim);
}

uint64_t KvCache::resident_bytes() const {
  return rung::resident_bytes(keys_.data.bytes()).value_or(0) + rung::resident_bytes(values_.data.bytes()).value_or(0);
}

uint8_t* KvCache::row(const Plane& plane, size_t layer, size_t head, size_t position) const {
  return plane.data.data() + ((layer * heads_ + head) * capacity_ + position) * plane.row_bytes;
}

void KvCache::store(size_t layer, size_t head, size_t position, const float* key, const float* value) {
  keys_.format->store(key, keys_.dim, row(keys_, layer, head, position));
  values_.format->store(value, values_.dim, row(values_, layer, head, position));
}

void KvCache::load_keys(size_t layer, size_t head, size_t begin, size_t count, float* out) const {
  keys_.format->load(row(keys_, layer, head, begin), count, keys_.dim, out);
}

void KvCache::load_values(size_t layer, size_t head, size_t begin, size_t count, float* out) const {
  values_.format->load(row(values_, layer, head, begin), count, values_.dim, out);
}

}  // namespace rung
