#include "model/config.h"

#include <cmath>
#include <string>

namespace rung {
namespace {

constexpr uint64_t kMaxCount = uint64_t{1} << 24;  // layers, widths, heads: far above any model, far below overflow

/// Typed access to "<architecture>.<key>" with errors that name file and key.
class Reader {
 public:
  Reader(const GgufFile& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}

  Result<size_t> count(const char* key, std::optional<size_t> fallback, uint64_t low, uint64_t high) const {
    const GgufValue* value = find(key);
    if (value == nullptr) {
      if (fallback) return *fallback;
      return input_error("{}: metadata key {}{} is missing", file_.path().string(), prefix_, key);
    }
    const auto number = value->as_u64();
    if (!number) return input_error("{}: metadata key {}{} is not a whole number", file_.path().string(), prefix_, key);
    if (*number < low || *number > high)
      return input_error("{}: metadata key {}{}: found {}, allowed {} to {}", file_.path().string(), prefix_, key,
                         *number, low, high);
    return static_cast<size_t>(*number);
  }

  Result<float> positive(const char* key, std::optional<float> fallback) const {
    const GgufValue* value = find(key);
    if (value == nullptr) {
      if (fallback) return *fallback;
      return input_error("{}: metadata key {}{} is missing", file_.path().string(), prefix_, key);
    }
    const auto number = value->as_double();
    if (!number || !std::isfinite(*number) || *number <= 0)
      return input_error("{}: metadata key {}{}: found {}, allowed is a number above 0", file_.path().string(), prefix_,
                         key, number ? fmt::format("{}", *number) : "another type");
    return static_cast<float>(*number);
  }

  const GgufValue* find(const char* key) const { return file_.find(prefix_ + key); }
  std::string where(const char* key) const { return file_.path().string() + ": metadata key " + prefix_ + key; }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

Result<const Architecture*> architecture_of(const GgufFile& file) {
  const GgufValue* value = file.find("general.architecture");
  const std::string* name = value == nullptr ? nullptr : value->as_string();
  if (name == nullptr)
    return input_error("{}: metadata key general.architecture is missing or no string", file.path().string());
  const Architecture* row = find_architecture(*name);
  if (row == nullptr)
    return input_error("{}: architecture: found '{}', the engine runs {}; inspect and quantize work on it all the same",
                       file.path().string(), *name, architecture_names());
  return row;
}

Status read_attention(const Reader& reader, ModelConfig& config) {
  RUNG_TRY(config.heads, reader.count("attention.head_count", std::nullopt, 1, kMaxCount));
  RUNG_TRY(config.kv_heads, reader.count("attention.head_count_kv", config.heads, 1, config.heads));
  if (config.heads % config.kv_heads != 0)
    return input_error("{}: found {}, allowed is a divisor of the {} heads", reader.where("attention.head_count_kv"),
                       config.kv_heads, config.heads);
  RUNG_TRY(config.key_dim, reader.count("attention.key_length", config.width / config.heads, 2, kMaxCount));
  RUNG_TRY(config.value_dim, reader.count("attention.value_length", config.width / config.heads, 1, kMaxCount));
  if (config.key_dim < 2 || config.value_dim < 1)
    return input_error("{}: found {} for a width of {}", reader.where("attention.head_count"), config.heads,
                       config.width);
  return {};
}

Status read_rope(const Reader& reader, ModelConfig& config) {
  RUNG_TRY(config.rope_dims, reader.count("rope.dimension_count", config.key_dim, 2, config.key_dim));
  if (config.rope_dims % 2 != 0)
    return input_error("{}: found {}, allowed is an even number", reader.where("rope.dimension_count"),
                       config.rope_dims);
  RUNG_TRY(config.rope_base, reader.positive("rope.freq_base", 10000.0f));
  const GgufValue* type = reader.find("rope.scaling.type");
  const std::string* name = type == nullptr ? nullptr : type->as_string();
  if (type == nullptr || (name != nullptr && *name == "none")) return {};
  if (name == nullptr || *name != "linear")
    return input_error("{}: found '{}', the engine runs none, linear and the llama-3 factors (rope_freqs.weight)",
                       reader.where("rope.scaling.type"), name == nullptr ? "no string" : *name);
  RUNG_TRY(config.rope_linear_factor, reader.positive("rope.scaling.factor", 1.0f));
  return {};
}

Status read_experts(const Reader& reader, ModelConfig& config) {
  const Architecture& row = *config.architecture;
  const std::optional<size_t> none = row.experts == Presence::kRequired ? std::nullopt : std::optional<size_t>(0);
  RUNG_TRY(config.experts, reader.count("expert_count", none, 0, 65536));
  if (config.experts == 0) {
    if (row.experts == Presence::kRequired)
      return input_error("{}: found 0, allowed is 1 or more", reader.where("expert_count"));
    return {};
  }
  if (row.experts == Presence::kNever)
    return input_error("{}: found {}, but '{}' has no experts", reader.where("expert_count"), config.experts, row.name);
  RUNG_TRY(config.experts_used, reader.count("expert_used_count", std::nullopt, 1, config.experts));
  RUNG_TRY(config.leading_dense_layers, reader.count("leading_dense_block_count", 0, 0, config.layers));
  RUNG_TRY(config.expert_weights_scale, reader.positive("expert_weights_scale", 1.0f));
  config.renormalise_experts = row.renormalise_experts;
  if (const GgufValue* value = reader.find("expert_weights_norm"); value != nullptr && value->as_bool())
    config.renormalise_experts = *value->as_bool();
  if (const GgufValue* value = reader.find("expert_gating_func"); value != nullptr && value->as_u64().value_or(9) > 1)
    return input_error("{}: found another function than 1 (softmax), which is all that '{}' uses here",
                       reader.where("expert_gating_func"), row.name);
  return {};
}

}  // namespace

Result<ModelConfig> read_config(const GgufFile& file) {
  ModelConfig config;
  RUNG_TRY(config.architecture, architecture_of(file));
  const Reader reader(file, std::string(config.architecture->name) + ".");
  RUNG_TRY(config.layers, reader.count("block_count", std::nullopt, 1, 65536));
  RUNG_TRY(config.width, reader.count("embedding_length", std::nullopt, 2, kMaxCount));
  RUNG_TRY(config.context, reader.count("context_length", 0, 0, uint64_t{1} << 32));
  RUNG_TRY(config.norm_epsilon, reader.positive("attention.layer_norm_rms_epsilon", std::nullopt));
  RUNG_CHECK(read_attention(reader, config));
  RUNG_CHECK(read_rope(reader, config));
  RUNG_CHECK(read_experts(reader, config));
  const GgufTensor* embedding = file.tensor("token_embd.weight");
  if (embedding == nullptr) return input_error("{}: tensor token_embd.weight is missing", file.path().string());
  if (embedding->shape.size() != 2 || embedding->rows() > (uint64_t{1} << 30))
    return input_error("{}: tensor token_embd.weight: found {} dimensions and {} rows, allowed are 2 and at most 2^30",
                       file.path().string(), embedding->shape.size(), embedding->rows());
  config.vocabulary = embedding->rows();
  return config;
}

}  // namespace rung
