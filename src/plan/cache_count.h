// Bytes of a cache: a shape (cache_shape.h) times tokens, sequences and types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/cache_shape.h"
#include "plan/kv_type.h"

namespace rung {

struct CacheUse {
  uint64_t context = 8192;  ///< tokens of a sequence
  uint64_t sequences = 1;
  KvTypes types;
};

/// The layers that keep the same.
struct CacheGroup {
  CacheLayer layer;  ///< one of them
  uint64_t layers = 0;
  uint64_t bytes = 0;   ///< of all of them and all sequences
  std::string formula;  ///< in words: "layers x tokens x heads x (key + value bytes)"
  std::string numbers;  ///< with the numbers filled in
};

struct CacheCount {
  std::vector<CacheGroup> groups;  ///< the model's own layers first, then those of a draft head
  uint64_t bytes = 0;              ///< all, the draft head's too; UINT64_MAX: no number holds it
  uint64_t draft_bytes = 0;
  uint64_t state_bytes = 0;                ///< the part that does not grow with the context
  uint64_t read_bytes = 0;                 ///< that the next token of one sequence reads; the draft head's not
  std::vector<uint64_t> layer_bytes;       ///< of each layer, in order
  std::vector<uint64_t> layer_read_bytes;  ///< of each layer, as read_bytes
};

CacheCount count_cache(const CacheShape& shape, const CacheUse& use);

}  // namespace rung
