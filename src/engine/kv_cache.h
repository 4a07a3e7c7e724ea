// Keys and values of one sequence, all layers: (layer, kv head, position) rows in the formats that KvOptions give each
// layer. Memory is reserved at once and touched as positions are written. What a token sees of an earlier one depends
// on their two positions alone, not on how many tokens were computed together. Written by one thread per (layer, head,
// position) at a time; readers may share it while nobody writes.
#pragma once

#include <vector>

#include "engine/kv_plane.h"
#include "engine/rope.h"
#include "model/config.h"

namespace rung {

class KvCache {
 public:
  /// check_kv_options(config, options) holds; rope outlives the cache.
  KvCache(const ModelConfig& config, const KvOptions& options, size_t capacity, const Rope& rope);

  size_t capacity() const { return capacity_; }
  /// What a full cache writes, to the byte: scales, 16-bit windows and kept layers counted.
  static uint64_t stored_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity);
  /// Address space that a cache takes, and what of it is in memory once `positions` were written, in whole pages.
  static uint64_t reserved_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity);
  static uint64_t touched_bytes(const ModelConfig& config, const KvOptions& options, size_t capacity, size_t positions);
  uint64_t reserved_bytes() const;
  /// In memory now; 0 where the system does not tell.
  uint64_t resident_bytes() const;

  /// Whether the caller must transform a layer's keys and queries, or its values, with hadamard().
  bool keys_rotated(size_t layer) const { return layers_[layer].keys_rotated; }
  bool values_rotated(size_t layer) const { return layers_[layer].values_rotated; }
  /// Whether a layer's keys are to be stored before RoPE; they are loaded after it all the same.
  bool keys_before_rope(size_t layer) const { return layers_[layer].keys_before_rope; }

  /// Before tokens up to `length` are stored: at most kv_batch_limit() new ones.
  void grow(size_t length);
  /// Forgets everything after the first `length` tokens (kv_window.h says what that means for formats of tiles).
  void truncate(size_t length);

  void store(size_t layer, size_t head, size_t position, const float* key, const float* value);
  /// Whether settle() has anything to do in a layer.
  bool settles(size_t layer) const { return layers_[layer].settles; }
  /// After all heads' rows begin .. end - 1 of a layer were stored; once for each head.
  void settle(size_t layer, size_t head, size_t begin, size_t end);
  /// `count` rows from `begin` on as a token at position `reader` sees them, (count, dim) floats in out. Readers of the
  /// same reader / 16 see the same.
  void load_keys(size_t layer, size_t head, size_t begin, size_t count, size_t reader, float* out) const;
  void load_values(size_t layer, size_t head, size_t begin, size_t count, size_t reader, float* out) const;

 private:
  struct Layer {
    std::unique_ptr<KvPlane> keys, values;
    bool keys_rotated, values_rotated, keys_before_rope, settles;
  };

  const Rope& rope_;
  size_t key_dim_, capacity_;
  size_t held_begin_ = 0;  ///< earlier rows may be gone from the rings of windows
  std::vector<Layer> layers_;
};

/// Tokens of a sequence that may be computed together at most.
size_t kv_batch_limit(const KvOptions& options);

}  // namespace rung
