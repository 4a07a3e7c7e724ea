// Keys and values of one sequence, all layers: (layer, kv head, position) rows, keys and values each in a format of
// their own. Memory is reserved at once and touched as positions are written. Written by one thread per (layer, head)
// at a time; readers may share it while nobody writes.
#pragma once

#include "base/page_buffer.h"
#include "engine/kv_format.h"
#include "model/config.h"

namespace rung {

class KvCache {
 public:
  KvCache(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity);

  size_t capacity() const { return capacity_; }
  /// Address space that a cache takes, and what of it is in memory once `positions` were written, in whole pages.
  static uint64_t reserved_bytes(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity);
  static uint64_t touched_bytes(const ModelConfig& config, KvFormat keys, KvFormat values, size_t capacity,
                                size_t positions);
  uint64_t reserved_bytes() const { return whole_pages(keys_.data.size()) + whole_pages(values_.data.size()); }
  /// In memory now; 0 where the system does not tell.
  uint64_t resident_bytes() const;

  void store(size_t layer, size_t head, size_t position, const float* key, const float* value);
  /// `count` rows from `begin` on, (count, dim) floats in out.
  void load_keys(size_t layer, size_t head, size_t begin, size_t count, float* out) const;
  void load_values(size_t layer, size_t head, size_t begin, size_t count, float* out) const;

 private:
  struct Plane {
    const KvFormatInfo* format = nullptr;
    size_t dim = 0, row_bytes = 0;
    PageBuffer data;
  };
  Plane make_plane(KvFormat format, size_t dim, size_t layers) const;
  uint8_t* row(const Plane& plane, size_t layer, size_t head, size_t position) const;

  size_t heads_, capacity_;
  Plane keys_, values_;
};

}  // namespace rung
