#include "plan/hf_config.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "plan/cache_shape.h"

namespace rung {
namespace {

using nlohmann::json;

struct KeyPair {
  std::string_view gguf;
  std::vector<std::string_view> hugging_face;  ///< the first that is there
};

/// Numbers that mean the same in both.
const std::vector<KeyPair>& number_keys() {
  static const std::vector<KeyPair> keys = {
      {"embedding_length", {"hidden_size", "n_embd", "d_model"}},
      {"context_length", {"max_position_embeddings", "n_positions", "max_seq_len"}},
      {"vocab_size", {"vocab_size"}},
      {"attention.head_count", {"num_attention_heads", "n_head"}},
      {"attention.kv_lora_rank", {"kv_lora_rank"}},
      {"attention.q_lora_rank", {"q_lora_rank"}},
      {"attention.indexer.key_length", {"index_head_dim"}},
      {"attention.indexer.top_k", {"index_topk"}},
      {"attention.shared_kv_layers", {"num_kv_shared_layers"}},
      {"attention.chunk_size", {"attention_chunk_size"}},
      {"attention.compress_ratios", {"compress_ratios"}},
      {"full_attention_interval", {"full_attention_interval"}},
      {"expert_count", {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"}},
      {"expert_used_count", {"num_experts_per_tok", "experts_per_token", "moe_topk", "moe_k", "top_k_experts"}},
      {"shortconv.l_cache", {"conv_L_cache"}},
      {"ssm.conv_kernel", {"linear_conv_kernel_dim", "mamba_d_conv", "conv_kernel", "d_conv"}},
      {"ssm.state_size", {"linear_key_head_dim", "mamba_d_state", "ssm_state_size", "state_size", "d_state"}},
      {"ssm.group_count", {"linear_num_key_heads", "mamba_n_groups", "n_groups"}},
      {"ssm.time_step_rank", {"linear_num_value_heads", "mamba_n_heads", "mamba_num_heads"}},
  };
  return keys;
}

enum class LayerType { kFull, kWindowed, kChunked, kState };

std::optional<LayerType> layer_type(std::string_view name) {
  struct Row {
    std::string_view name;
    LayerType type;
  };
  constexpr std::array kNames = {Row{"full_attention", LayerType::kFull},
                                 Row{"attention", LayerType::kFull},
                                 Row{"global_attention", LayerType::kFull},
                                 Row{"sliding_attention", LayerType::kWindowed},
                                 Row{"local_attention", LayerType::kWindowed},
                                 Row{"chunked_attention", LayerType::kChunked},
                                 Row{"linear_attention", LayerType::kState},
                                 Row{"mamba", LayerType::kState},
                                 Row{"mamba2", LayerType::kState},
                                 Row{"conv", LayerType::kState},
                                 Row{"recurrent", LayerType::kState}};
  for (const Row& row : kNames)
    if (row.name == name) return row.type;
  return std::nullopt;
}

class Translator {
 public:
  Translator(const json& text_part, std::string_view file) : json_(text_part), file_(file) {}

  Result<HfConfig> translate() {
    const auto type = json_.find("model_type");
    prefix_ = type != json_.end() && type->is_string() ? type->get<std::string>() : "unknown";
    config_.metadata.push_back({"general.architecture", GgufValue::string(prefix_)});
    RUNG_TRY(const auto layers, number("num_hidden_layers", "n_layer", "n_layers"));
    RUNG_TRY(const auto draft, number("num_nextn_predict_layers", "mtp_num_hidden_layers"));
    if (layers) {
      if (*layers > 65536 || draft.value_or(0) > 65536) return wrong("num_hidden_layers", "is no number of layers");
      config_.layers = *layers;
      draft_ = draft.value_or(0);
      add("block_count", *layers + draft_);
      if (draft_ != 0) add("nextn_predict_layers", draft_);
    }
    RUNG_CHECK(add_numbers());
    RUNG_CHECK(read_layer_types());
    RUNG_CHECK(add_heads());
    RUNG_CHECK(add_windows());
    RUNG_CHECK(add_states());
    RUNG_CHECK(read_rest());
    return std::move(config_);
  }

 private:
  tl::unexpected<Error> wrong(std::string_view key, std::string_view what) const {
    return input_error("{}: {}: {}", file_, key, what);
  }

  const json* find(std::string_view key) const {
    const auto value = json_.find(std::string(key));
    return value == json_.end() || value->is_null() ? nullptr : &*value;
  }
  template <class... Keys>
  Result<std::optional<uint64_t>> number(Keys... names) const {
    for (const std::string_view key : {std::string_view(names)...}) {
      const json* value = find(key);
      if (value == nullptr) continue;
      if (!value->is_number_unsigned()) return wrong(key, "is no whole number");
      return std::optional<uint64_t>(value->get<uint64_t>());
    }
    return std::optional<uint64_t>();
  }
  bool is_true(std::string_view key, bool absent) const {
    const json* value = find(key);
    return value != nullptr && value->is_boolean() ? value->get<bool>() : absent;
  }

  void add(std::string_view key, uint64_t value) {
    config_.metadata.push_back({fmt::format("{}.{}", prefix_, key), GgufValue::u64(value)});
  }
  /// One for each layer; those of a draft head, which no list of the configuration has, get `draft`.
  void add_list(std::string_view key, std::vector<uint64_t> values, uint64_t draft) {
    if (values.size() == config_.layers) values.resize(values.size() + draft_, draft);
    auto array = std::make_shared<GgufArray>();
    array->element = GgufType::kU64;
    for (const uint64_t value : values) array->values.push_back(GgufValue::u64(value));
    config_.metadata.push_back({fmt::format("{}.{}", prefix_, key),
                                GgufValue{GgufType::kArray, std::shared_ptr<const GgufArray>(std::move(array))}});
  }
  Result<std::vector<uint64_t>> list_of(std::string_view key, const json& value) const {
    std::vector<uint64_t> values;
    for (const json& element : value) {
      if (!element.is_number_unsigned() && !element.is_boolean())
        return wrong(key, "has values that are no whole numbers");
      values.push_back(element.is_boolean() ? element.get<bool>() : element.get<uint64_t>());
    }
    return values;
  }

  Status add_numbers() {
    for (const KeyPair& pair : number_keys())
      for (const std::string_view key : pair.hugging_face) {
        const json* value = find(key);
        if (value == nullptr) continue;
        if (value->is_array()) {
          RUNG_TRY(std::vector<uint64_t> values, list_of(key, *value));
          add_list(pair.gguf, std::move(values), 0);
        } else if (value->is_number_unsigned()) {
          add(pair.gguf, value->get<uint64_t>());
        } else {
          return wrong(key, "is no whole number");
        }
        break;
      }
    return {};
  }

  Status read_layer_types() {
    const json* list = find("layer_types");
    if (list == nullptr || !list->is_array()) return {};
    if (list->size() != config_.layers)
      return wrong("layer_types", fmt::format("has {} values for {} layers", list->size(), config_.layers));
    for (const json& name : *list) {
      const auto type = name.is_string() ? layer_type(name.get<std::string>()) : std::nullopt;
      if (!type) {
        // dump() calls itself for what is nested, however deep.
        config_.not_understood.push_back(
            fmt::format("layer_types {}", name.is_structured() ? name.type_name() : name.dump(-1, ' ', true)));
        types_.clear();
        return {};
      }
      types_.push_back(*type);
    }
    if (std::find(types_.begin(), types_.end(), LayerType::kState) != types_.end())
      add_list("attention.recurrent_layers", flags({LayerType::kState}), 0);
    return {};
  }

  std::vector<uint64_t> flags(std::initializer_list<LayerType> wanted) const {
    std::vector<uint64_t> values;
    for (const LayerType type : types_) values.push_back(std::find(wanted.begin(), wanted.end(), type) != wanted.end());
    return values;
  }

  /// Key and value heads; some models have other heads where there is no window.
  Status add_heads() {
    RUNG_TRY(const auto head_dim, number("head_dim", "attention_head_dim"));
    RUNG_TRY(const auto global_dim, number("global_head_dim"));
    RUNG_TRY(const auto global_heads, number("num_global_key_value_heads"));
    if (const auto dim = global_dim ? global_dim : head_dim)
      add("attention.key_length", *dim), add("attention.value_length", *dim);
    if (global_dim && head_dim)
      add("attention.key_length_swa", *head_dim), add("attention.value_length_swa", *head_dim);
    const json* heads = find("num_key_value_heads");
    if (heads == nullptr) return {};
    if (heads->is_array()) {
      RUNG_TRY(std::vector<uint64_t> values, list_of("num_key_value_heads", *heads));
      const uint64_t last = values.empty() ? 0 : values.back();
      add_list("attention.head_count_kv", std::move(values), last);
      return {};
    }
    RUNG_TRY(const auto all, number("num_key_value_heads"));
    if (!global_heads || types_.empty()) {
      add("attention.head_count_kv", *all);
      return {};
    }
    std::vector<uint64_t> values = flags({LayerType::kFull});
    for (uint64_t& value : values) value = value != 0 ? *global_heads : *all;
    add_list("attention.head_count_kv", std::move(values), *global_heads);
    return {};
  }

  Status add_windows() {
    RUNG_TRY(const auto window, number("sliding_window", "sliding_window_size"));
    if (window && is_true("use_sliding_window", true)) add("attention.sliding_window", *window);
    constexpr std::string_view kPattern = "attention.sliding_window_pattern";
    if (!types_.empty()) {
      add_list(kPattern, flags({LayerType::kWindowed, LayerType::kChunked}), 0);
      return {};
    }
    for (const char* key : {"sliding_window_pattern", "_sliding_window_pattern"}) {
      const json* pattern = find(key);
      if (pattern == nullptr) continue;
      if (pattern->is_string()) return add_letters(pattern->get<std::string>());
      RUNG_TRY(const auto period, number(key));
      add(kPattern, *period);
      return {};
    }
    if (const json* turned = find("no_rope_layers"); turned != nullptr && turned->is_array()) {
      RUNG_TRY(std::vector<uint64_t> values, list_of("no_rope_layers", *turned));  // those that turn have a chunk
      add_list(kPattern, std::move(values), 0);
      return {};
    }
    RUNG_TRY(const auto without, number("max_window_layers"));
    if (without && window && is_true("use_sliding_window", false)) {
      std::vector<uint64_t> values(config_.layers);
      for (size_t layer = 0; layer < values.size(); ++layer) values[layer] = layer >= *without;
      add_list(kPattern, std::move(values), 0);
    }
    return {};
  }

  /// "LLLG": local, global, again and again.
  Status add_letters(const std::string& letters) {
    if (letters.empty() || letters.find_first_not_of("LG") != std::string::npos)
      return wrong("sliding_window_pattern", "allowed are the letters L and G");
    std::vector<uint64_t> values(config_.layers);
    for (size_t layer = 0; layer < values.size(); ++layer) values[layer] = letters[layer % letters.size()] == 'L';
    add_list("attention.sliding_window_pattern", std::move(values), 0);
    return {};
  }

  /// The width of a state: heads times their values, or a multiple of the model's width.
  Status add_states() {
    RUNG_TRY(const auto heads, number("linear_num_value_heads", "mamba_n_heads", "mamba_num_heads"));
    RUNG_TRY(const auto head_dim, number("linear_value_head_dim", "mamba_d_head", "mamba_head_dim"));
    RUNG_TRY(const auto inner, number("mamba_d_ssm", "intermediate_size_ssm"));
    RUNG_TRY(const auto expand, number("mamba_expand", "expand"));
    RUNG_TRY(const auto width, number("hidden_size", "n_embd", "d_model"));
    uint64_t value = 0;
    if (inner) {
      value = *inner;
    } else if (heads && head_dim) {
      if (__builtin_mul_overflow(*heads, *head_dim, &value)) return wrong("linear_value_head_dim", "is too large");
    } else if (expand && width) {
      if (__builtin_mul_overflow(*expand, *width, &value)) return wrong("mamba_expand", "is too large");
    }
    if (value != 0) add("ssm.inner_size", value);
    return {};
  }

  Status read_rest() {
    RUNG_TRY(const auto width, number("hidden_size", "n_embd", "d_model"));
    RUNG_TRY(const auto latent, number("kv_lora_rank"));
    RUNG_TRY(const auto turned, number("qk_rope_head_dim"));
    RUNG_TRY(const auto latent_key, number("qk_nope_head_dim"));
    RUNG_TRY(const auto latent_value, number("v_head_dim"));
    for (const auto& [key, value] : {std::pair("qk_nope_head_dim", latent_key), std::pair("v_head_dim", latent_value)})
      if (value.value_or(0) > kMostDims)
        return wrong(key, fmt::format("found {}, allowed are 0 to {}", *value, kMostDims));
    config_.width = width.value_or(0);
    for (const char* key : {"rms_norm_eps", "layer_norm_epsilon", "layer_norm_eps"})
      if (const json* epsilon = find(key); epsilon != nullptr && epsilon->is_number())
        config_.metadata.push_back(
            {prefix_ + ".attention.layer_norm_rms_epsilon", GgufValue::f32(epsilon->get<float>())});
    if (latent && turned) add("rope.dimension_count", *turned);
    if (latent) config_.latent_key = latent_key.value_or(0), config_.latent_value = latent_value.value_or(0);
    for (const char* key : {"torch_dtype", "dtype"})
      if (const json* type = find(key); type != nullptr && type->is_string()) config_.weight_type = *type;
    return {};
  }

  const json& json_;
  std::string_view file_;
  std::string prefix_;
  uint64_t draft_ = 0;
  std::vector<LayerType> types_;
  HfConfig config_;
};

}  // namespace

Result<HfConfig> parse_hf_config(std::string_view text, std::string_view file) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return input_error("{}: is not a JSON object", file);
  const json* part = &document;
  for (const char* key : {"text_config", "llm_config", "language_config"}) {
    const auto inner = document.find(key);
    if (inner != document.end() && inner->is_object()) {
      part = &*inner;
      break;
    }
  }
  return Translator(*part, file).translate();
}

}  // namespace rung
