#include "plan/explain.h"

namespace rung {
namespace {

std::string bytes_text(uint64_t bytes) { return fmt::format("{} bytes = {}", bytes, binary_size(bytes)); }

class Explainer {
 public:
  Explainer(const ModelPlan& plan, const RungPlan& rung) : plan_(plan), rung_(rung) {}

  std::vector<ExplainedNumber> run() {
    weights();
    cache();
    if (rung_.buffers) buffers();
    total();
    for (const Placement& placement : rung_.placements) speed(placement);
    return std::move(lines_);
  }

 private:
  void add(std::string what, std::string formula, std::string numbers, std::string result) {
    lines_.push_back({std::move(what), std::move(formula), std::move(numbers), std::move(result)});
  }

  void weights() {
    if (rung_.estimated)
      return add("weights", "all values x bits of the type / 8", fmt::format("{} values", rung_.weights.values),
                 bytes_text(rung_.weights.bytes));
    for (const WeightPart& part : rung_.weights.by_type) {
      const auto format = format_from_name(part.name);
      const bool by_blocks = format && row_bytes(*format, part.values) == part.bytes;
      std::string numbers = fmt::format("{} values of {} tensors", part.values, part.tensors);
      if (by_blocks && format_info(*format).block_values > 1)
        numbers = fmt::format("{} / {} x {}", part.values, format_info(*format).block_values,
                              format_info(*format).block_bytes);
      else if (by_blocks)
        numbers = fmt::format("{} x {}", part.values, format_info(*format).block_bytes);
      add("weights, " + part.name, by_blocks ? "values / values of a block x its bytes" : "as the files have them",
          std::move(numbers), bytes_text(part.bytes));
    }
    if (rung_.weights.active_bytes && plan_.experts && plan_.experts->experts != 0)
      add("weights that a token reads", "all but embedding and unused experts",
          fmt::format("{} of {} experts", plan_.experts->used, plan_.experts->experts),
          bytes_text(*rung_.weights.active_bytes));
  }

  void cache() {
    for (const CacheGroup& group : plan_.cache.groups) {
      if (group.bytes == 0) continue;
      add(fmt::format("cache, {}{} layers", group.layer.draft ? "draft head's " : "",
                      cache_kind_name(group.layer.kind)),
          group.formula, group.numbers, bytes_text(group.bytes));
    }
    if (!plan_.cache_known())
      add("cache", "unknown", fmt::format("missing {}", fmt::join(plan_.cache_shape.missing, ", ")), "not counted");
  }

  void buffers() {
    add("buffers", "activations of a batch + scratch of the threads + logits",
        fmt::format("{} + {} + {}", rung_.buffers->buffers, rung_.buffers->scratch, rung_.buffers->logits),
        bytes_text(rung_.buffers->bytes()));
  }

  void total() {
    const uint64_t buffers = rung_.buffers ? rung_.buffers->bytes() : 0;
    add("memory", "weights + cache + buffers",
        fmt::format("{} + {} + {}", rung_.weights.bytes, plan_.cache.bytes, buffers), bytes_text(rung_.bytes));
    const uint64_t memory = plan_.memory();
    add("fits", "memory <= what there is", fmt::format("{} <= {}", rung_.bytes, memory),
        rung_.fits             ? fmt::format("yes, {} to spare", binary_size(memory - std::min(memory, rung_.bytes)))
        : rung_.bytes > memory ? fmt::format("no, {} too much", binary_size(rung_.bytes - memory))
                               : "no: the pieces do not divide over the devices");
    if (rung_.largest_context)
      add("largest context", "the most tokens with which it fits",
          plan_.cache_shape.trained_context == 0 ? "" : fmt::format("at most {}", plan_.cache_shape.trained_context),
          fmt::format("{} tokens", *rung_.largest_context));
  }

  void speed(const Placement& placement) {
    if (!placement.decode_tokens_per_second) return;
    std::string terms, products;
    for (size_t index = 0; index < placement.shares.size(); ++index) {
      const DeviceShare& share = placement.shares[index];
      if (share.read == 0) continue;
      terms += fmt::format("{}{} / {:g}", terms.empty() ? "" : " + ", share.read, plan_.devices[index].bandwidth);
      products +=
          fmt::format("{}2 x {} / {:g}", products.empty() ? "" : " + ", share.values, plan_.devices[index].operations);
    }
    add("decoding, " + placement.name, "1 / sum over devices of bytes read for a token / bandwidth",
        fmt::format("1 / ({})", terms), fmt::format("at most {:.3g} tokens/s", *placement.decode_tokens_per_second));
    if (placement.prefill_tokens_per_second)
      add("prompt, " + placement.name, "1 / sum over devices of 2 x weights used / operations a second",
          fmt::format("1 / ({})", products),
          fmt::format("at most {:.3g} tokens/s", *placement.prefill_tokens_per_second));
  }

  const ModelPlan& plan_;
  const RungPlan& rung_;
  std::vector<ExplainedNumber> lines_;
};

}  // namespace

std::vector<ExplainedNumber> explain_rung(const ModelPlan& plan, const RungPlan& rung) {
  return Explainer(plan, rung).run();
}

}  // namespace rung
