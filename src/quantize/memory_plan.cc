#include "quantize/memory_plan.h"

#include <algorithm>

#include "quantize/bands.h"
#include "quantize/gptq.h"

namespace rung {
namespace {

// Of max_memory: the program's own, and a share for what the allocator keeps of each thread's pieces (measured: 12 %).
constexpr uint64_t kBaseMemory = uint64_t{8} << 20;
constexpr uint64_t kWasteShare = 4;

uint64_t usable(uint64_t max_memory) {
  const uint64_t rest = max_memory - max_memory / kWasteShare;
  return rest > kBaseMemory ? rest - kBaseMemory : 0;
}

/// The least max_memory of which so much is usable.
uint64_t memory_for(uint64_t bytes) {
  const uint64_t rest = bytes + kBaseMemory;
  return rest + rest / (kWasteShare - 1) + 1;
}

/// What GPTQ needs at once: the largest factor, of this tensor, and a band beside it.
struct Need {
  const GgufTensor* tensor = nullptr;
  uint64_t factor = 0, band = 0;

  void include(const TensorPlan& planned, const GramFile& grams) {
    if (!planned.format || !takes_feedback(*planned.format)) return;
    const GgufTensor& source = *planned.source;
    const size_t block_values = format_info(*planned.format).block_values;
    const BandCut cut(source);
    uint64_t largest = 0;
    for (size_t matrix = 0; matrix < cut.matrices; ++matrix)
      if (const Gram* gram = grams.find(source.name, matrix); gram != nullptr)
        largest = std::max(largest, feedback_memory(*gram, block_values).making);
    if (largest == 0) return;
    const uint64_t values = cut[0].rows * (cut.columns * sizeof(float) + row_bytes(*planned.format, cut.columns));
    band = std::max(band, values + feedback_working_bytes(cut.columns));
    if (largest <= factor) return;
    factor = largest;
    tensor = &source;
  }
};

Need largest_need(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance) {
  Need need;
  if (importance.grams == nullptr) return need;
  for (const QuantizationPlan* plan : plans)
    for (const TensorPlan& tensor : plan->tensors) need.include(tensor, *importance.grams);
  return need;
}

uint64_t in_mib(uint64_t bytes) { return (bytes >> 20) + 1; }

}  // namespace

MemoryPlan plan_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance,
                       uint64_t max_memory) {
  const uint64_t all = usable(max_memory), factor = largest_need(plans, importance).factor;
  if (factor == 0) return {all, 0};
  const uint64_t factors = std::max(all / 2, factor);
  return {all - std::min(all, factors), factors};
}

uint64_t least_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance) {
  const Need need = largest_need(plans, importance);
  return need.factor == 0 ? 0 : memory_for(need.factor + need.band);
}

Status check_memory(std::span<const QuantizationPlan* const> plans, const ImportanceOptions& importance,
                    uint64_t max_memory) {
  const uint64_t least = least_memory(plans, importance);
  if (max_memory >= least) return {};
  const Need need = largest_need(plans, importance);
  return input_error(
      "--max-memory: found {} MiB; GPTQ of tensor {} needs {} MiB for the factor of its moments ({} columns), in "
      "all at least --max-memory {}MiB; moments of 'rung calibrate --gram blocks' take less",
      max_memory >> 20, need.tensor->name, in_mib(need.factor), need.tensor->columns(), in_mib(least));
}

}  // namespace rung
