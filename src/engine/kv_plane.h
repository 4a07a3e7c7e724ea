// Keys, or values, of one layer of one sequence: (kv head, position) rows in one format. Two kinds: rows that are
// stored for good when they come, and a window (kv_window.h) for formats that store many tokens at a time. Rows of
// different heads or positions may be stored at the same time; nothing else may happen meanwhile. Internal to the
// engine.
#pragma once

#include <memory>

#include "engine/kv_options.h"

namespace rung {

struct KvShape {
  size_t heads = 0, dim = 0, capacity = 0;
};

/// A token that looks at the plane, and what the plane still holds in 16 bits.
struct KvView {
  size_t reader = 0;      ///< the token's position
  size_t held_begin = 0;  ///< 16-bit rows of earlier positions may be gone
};

class KvPlane {
 public:
  virtual ~KvPlane() = default;
  virtual void store(size_t head, size_t position, const float* row) = 0;
  /// After rows begin .. end - 1 of the head were stored.
  virtual void settle(size_t head, size_t begin, size_t end, size_t held_begin) = 0;
  /// Rows begin .. begin + count - 1 as the reader sees them, (count, dim).
  virtual void load(size_t head, size_t begin, size_t count, const KvView& view, float* out) const = 0;
  virtual uint64_t reserved_bytes() const = 0;
  virtual uint64_t resident_bytes() const = 0;

  /// What a full plane writes, to the byte.
  static uint64_t stored_bytes(KvFormat format, const KvShape& shape);
  /// Pages that are in memory once `positions` were written.
  static uint64_t touched_bytes(KvFormat format, const KvShape& shape, size_t positions);
  static std::unique_ptr<KvPlane> create(KvFormat format, const KvShape& shape, bool keys);
};

}  // namespace rung
