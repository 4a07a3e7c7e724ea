#include "engine/session_memory.h"

#include <algorithm>

#include "engine/attention.h"

namespace rung {

SessionMemory predict_session_memory(const ModelConfig& config, const ForwardLayout& layout,
                                     const SessionOptions& options, const SessionUse& use, size_t threads) {
  const size_t batch = std::min(use.batch, session_batch(options));
  SessionMemory memory;
  memory.kv_reserved = options.sequences * KvCache::reserved_bytes(config, options.kv, options.capacity);
  memory.kv = options.sequences * KvCache::touched_bytes(config, options.kv, options.capacity, use.positions);
  memory.buffers = layout.batch_bytes(batch);
  memory.scratch = threads * (whole_pages(MatmulScratch::slice_bytes(layout.widest, batch)) +
                              whole_pages(Attention::scratch_bytes(config)));
  memory.logits = whole_pages(uint64_t{use.logits} * config.vocabulary * sizeof(float));
  return memory;
}

}  // namespace rung
