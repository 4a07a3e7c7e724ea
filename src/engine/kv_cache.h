// Keys and values of one sequence, all layers: (layer, kv head, position) rows, keys and values each in a format of
// their own. Memory is reserved at once and touched as positions are written. Written by one thread per (layer, head)
// at a time; readers may share it while nobody writes.
#pragma once

#include <memory>

#include "engine/kv_format.h"
#include "model/config.h"

namespace rung {

class KvCache {
 public:
  KvCache(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity);

  size_t capacity() const { return capacity_; }
  uint64_t memory_bytes() const { return keys_.bytes + values_.bytes; }

  void store(size_t layer, size_t head, size_t position, const float* key, const float* value);
  /// `count` rows from `begin` on, (count, dim) floats in out.
  void load_keys(size_t layer, size_t head, size_t begin, size_t count, float* out) const;
  void load_values(size_t layer, size_t head, size_t begin, size_t count, float* out) const;

 private:
  struct Plane {
    const KvFormatInfo* format = nullptr;
    size_t dim = 0, row_bytes = 0;
    uint64_t bytes = 0;
    std::unique_ptr<uint8_t[]> data;
  };
  Plane make_plane(KvFormat format, size_t dim, size_t layers) const;
  uint8_t* row(const Plane& plane, size_t layer, size_t head, size_t position) const;

  size_t heads_, capacity_;
  Plane keys_, values_;
};

}  // namespace rung
