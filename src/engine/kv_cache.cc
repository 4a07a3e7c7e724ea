#include "engine/kv_cache.h"

#include <algorithm>

#include "engine/kv_window.h"

namespace rung {
namespace {

bool before_rope(const KvSide& side) {
  const KvTileCodec* tiles = kv_format_info(side.format).tiles;
  return tiles != nullptr && tiles->before_rope;
}

bool has_tiles(const KvSide& side) { return kv_format_info(side.format).tiles != nullptr; }

template <class BytesOf>
uint64_t sum_of_planes(const ModelConfig& config, const KvOptions& options, size_t capacity, BytesOf bytes_of) {
  uint64_t bytes = 0;
  for (size_t layer = 0; layer < config.layers; ++layer)
    bytes +=
        bytes_of(options.keys_of(layer, config.layers).format, KvShape{config.kv_heads, config.key_dim, capacity}) +
        bytes_of(options.values_of(layer, config.layers).format, KvShape{config.kv_heads, config.value_dim, capacity});
  return bytes;
}

}  // namespace

size_t kv_batch_limit(const KvOptions& options) {
  return has_tiles(options.keys) || has_tiles(options.values) ? kKvWindowBatch : SIZE_MAX;
}

KvCache::KvCache(const ModelConfig& config, const KvOptions& options, size_t capacity, const Rope& rope)
    : rope_(rope), key_dim_(config.key_dim), capacity_(capacity) {
  for (size_t layer = 0; layer < config.layers; ++layer) {
    const KvSide keys = options.keys_of(layer, config.layers), values = options.values_of(layer, config.layers);
    layers_.push_back({KvPlane::create(keys.format, {config.kv_heads, config.key_dim, capacity}, true),
                       KvPlane::create(values.format, {config.kv_heads, config.value_dim, capacity}, false),
                       keys.rotated, values.rotated, before_rope(keys), has_tiles(keys) || has_tiles(values)});
  }
}

uint64_t KvCache::stored_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity) {
  return sum_of_planes(config, options, capacity, KvPlane::stored_bytes);
}

uint64_t KvCache::reserved_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity) {
  return touched_bytes(config, options, capacity, capacity);
}

uint64_t KvCache::touched_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity,
                                size_t positions) {
  return sum_of_planes(config, options, capacity, [&](KvFormat format, const KvShape& shape) {
    return KvPlane::touched_bytes(format, shape, positions);
  });
}

uint64_t KvCache::reserved_bytes() const {
  uint64_t bytes = 0;
  for (const Layer& layer : layers_) bytes += layer.keys->reserved_bytes() + layer.values->reserved_bytes();
  return bytes;
}

uint64_t KvCache::resident_bytes() const {
  uint64_t bytes = 0;
  for (const Layer& layer : layers_) bytes += layer.keys->resident_bytes() + layer.values->resident_bytes();
  return bytes;
}

void KvCache::grow(size_t length) {
  if (length > kKvRing) held_begin_ = std::max(held_begin_, length - kKvRing);
}

void KvCache::truncate(size_t length) { held_begin_ = std::min(held_begin_, length); }

void KvCache::store(size_t layer, size_t head, size_t position, const float* key, const float* value) {
  layers_[layer].keys->store(head, position, key);
  layers_[layer].values->store(head, position, value);
}

void KvCache::settle(size_t layer, size_t head, size_t begin, size_t end) {
  layers_[layer].keys->settle(head, begin, end, held_begin_);
  layers_[layer].values->settle(head, begin, end, held_begin_);
}

void KvCache::load_keys(size_t layer, size_t head, size_t begin, size_t count, size_t reader, float* out) const {
  layers_[layer].keys->load(head, begin, count, {reader, held_begin_}, out);
  if (layers_[layer].keys_before_rope) rope_.turn(begin, count, key_dim_, out);
}

void KvCache::load_values(size_t layer, size_t head, size_t begin, size_t count, size_t reader, float* out) const {
  layers_[layer].values->load(head, begin, count, {reader, held_begin_}, out);
}

}  // namespace rung
