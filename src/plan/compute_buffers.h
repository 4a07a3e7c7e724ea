// What our engine would allocate beside weights and cache: the buffers of a batch, the scratch of its threads, the
// logits. Predicted by the functions that allocate them (engine/session_memory.h).
#pragma once

#include <cstdint>
#include <optional>

#include "recipe/recipe.h"

namespace rung {

struct ComputeBuffers {
  uint64_t buffers = 0, scratch = 0, logits = 0;
  bool engine_runs_it = false;  ///< false: an estimate, what it would keep for the matrices it knows by their role

  uint64_t bytes() const { return buffers + scratch + logits; }
};

/// batch: tokens computed together. Empty where the metadata lacks what the engine needs.
std::optional<ComputeBuffers> predict_compute_buffers(const GgufFile& model, const QuantizationPlan& plan, size_t batch,
                                                      size_t threads);

}  // namespace rung
