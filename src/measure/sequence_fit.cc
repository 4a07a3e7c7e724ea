#include "measure/sequence_fit.h"

#include <algorithm>

namespace rung {

SessionOptions fit_sequences(const ModelConfig& config, SessionOptions session, size_t capacity, size_t wanted,
                             uint64_t kv_limit) {
  session.capacity = capacity;
  const uint64_t bytes = KvCache::reserved_bytes(config, session.kv, capacity);
  const uint64_t fit = std::max<uint64_t>(1, kv_limit / std::max<uint64_t>(1, bytes));
  session.sequences = std::min(static_cast<size_t>(fit), std::max<size_t>(1, wanted));
  return session;
}

}  // namespace rung
