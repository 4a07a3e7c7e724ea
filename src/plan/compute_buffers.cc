#include "plan/compute_buffers.h"

#include "engine/session_memory.h"
#include "plan/metadata_keys.h"

namespace rung {
namespace {

/// The engine's numbers from the keys of any architecture.
std::optional<ModelConfig> numbers_of(const GgufFile& model) {
  constexpr uint64_t kMost = uint64_t{1} << 24;
  const MetadataKeys keys(model);
  const auto get = [&](const char* key, uint64_t absent) {
    const auto number = keys.number(key, kMost);
    return static_cast<size_t>(number && *number ? **number : absent);
  };
  ModelConfig config;
  config.layers = get("block_count", 0);
  config.width = get("embedding_length", 0);
  const auto heads = keys.each_layer("attention.head_count", config.layers, kMost);
  const auto kv_heads = keys.each_layer("attention.head_count_kv", config.layers, kMost);
  const GgufTensor* embedding = model.tensor("token_embd.weight");
  if (config.layers == 0 || config.width == 0 || !heads || !*heads || embedding == nullptr) return std::nullopt;
  for (const uint64_t count : **heads) config.heads = std::max<size_t>(config.heads, count);
  config.kv_heads = kv_heads && *kv_heads ? 1 : config.heads;
  if (kv_heads && *kv_heads)
    for (const uint64_t count : **kv_heads) config.kv_heads = std::max<size_t>(config.kv_heads, count);
  if (config.heads == 0) return std::nullopt;
  config.key_dim = get("attention.key_length", config.width / config.heads);
  config.value_dim = get("attention.value_length", config.key_dim);
  config.rope_dims = get("rope.dimension_count", config.key_dim);
  config.experts = get("expert_count", 0);
  config.experts_used = get("expert_used_count", 0);
  config.vocabulary = embedding->rows();
  return config;
}

}  // namespace

std::optional<ComputeBuffers> predict_compute_buffers(const GgufFile& model, const QuantizationPlan& plan, size_t batch,
                                                      size_t threads) {
  const auto runnable = read_config(model);
  const auto config = runnable ? std::optional<ModelConfig>(*runnable) : numbers_of(model);
  if (!config) return std::nullopt;
  std::vector<TensorShape> tensors;
  for (const TensorPlan& tensor : plan.tensors)
    if (const auto format = tensor.format ? tensor.format : tensor.source->format)
      tensors.push_back({tensor.source->name, *format, tensor.source->shape});
  const SessionOptions options{.capacity = batch, .batch = batch};
  const ForwardLayout layout = forward_layout(*config, tensors, options.precision);
  const SessionMemory memory =
      predict_session_memory(*config, layout, options, {.positions = 0, .batch = batch, .logits = 1}, threads);
  return ComputeBuffers{memory.buffers, memory.scratch, memory.logits, runnable.has_value()};
}

}  // namespace rung
