// The memory of a session, predicted from shapes alone and as it is. Every size comes from the function that allocates
// it (ForwardLayout, KvCache, MatmulScratch, Attention), so that prediction and engine cannot drift apart. Pages are
// counted whole. Weights are not the session's: see model_memory() for what is touched of a file. Pure but for the
// measured numbers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/engine.h"
#include "engine/forward_layout.h"

namespace rung {

/// How a session will be used.
struct SessionUse {
  size_t positions = 0;  ///< that each sequence comes to hold, at most SessionOptions::capacity
  size_t batch = 0;      ///< tokens computed together, at most; longer inputs are cut at SessionOptions::batch
  size_t logits = 1;     ///< tokens of one call whose logits are wanted, at most
};

/// What a session with these options will hold at its highest. `config` needs only its numbers, no architecture.
/// threads: of the pool. Kernels are those of the instruction set in use.
SessionMemory predict_session_memory(const ModelConfig& config, const ForwardLayout& layout,
                                     const SessionOptions& options, const SessionUse& use, size_t threads);

}  // namespace rung
