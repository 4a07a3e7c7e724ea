// How --max-memory of a pass over weights is shared out: the program's own, GPTQ's factors (error_feedback.h), bands in
// work. Planned before work starts. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "quantize/importance.h"

namespace rung {

struct MemoryPlan {
  uint64_t bands = 0;    ///< in work or waiting to be written; one is always allowed
  uint64_t factors = 0;  ///< in use, in making, or kept for the next matrix
};

MemoryPlan plan_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance,
                       uint64_t max_memory);

/// The smallest max_memory in which the largest factor has room beside a band that needs it; 0 without GPTQ.
uint64_t least_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance);

/// Refuses less than that; the error names the tensor and what is needed.
Status check_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance,
                    uint64_t max_memory);

}  // namespace rung
