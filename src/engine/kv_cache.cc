#include "engine/kv_cache.h"

namespace rung {

KvCache::KvCache(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity)
    : heads_(config.kv_heads),
      capacity_(capacity),
      keys_(make_plane(keys, config.key_dim, config.layers)),
      values_(make_plane(values, config.value_dim, config.layers)) {}

KvCache::Plane KvCache::make_plane(KvFormat format, size_t dim, size_t layers) const {
  Plane plane{&kv_format_info(format), dim, kv_format_info(format).row_bytes(dim), 0, nullptr};
  plane.bytes = uint64_t{plane.row_bytes} * layers * heads_ * capacity_;
  plane.data = std::make_unique_for_overwrite<uint8_t[]>(plane.bytes);
  return plane;
}

uint8_t* KvCache::row(const Plane& plane, size_t layer, size_t head, size_t position) const {
  return plane.data.get() + ((layer * heads_ + head) * capacity_ + position) * plane.row_bytes;
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
