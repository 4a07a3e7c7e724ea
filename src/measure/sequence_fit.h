// How many sequences a session gets for work on many prompts.
#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace rung {

/// `session` with room for `capacity` positions in each of as many sequences as are wanted, but at least one and no
/// more than `kv_limit` bytes of keys and values allow.
SessionOptions fit_sequences(const ModelConfig& config, SessionOptions session, size_t capacity, size_t wanted,
                             uint64_t kv_limit);

}  // namespace rung
