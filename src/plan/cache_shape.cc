#include "plan/cache_shape.h"

#include <algorithm>

#include "model/tensor_role.h"
#include "plan/metadata_keys.h"
#include "plan/quantity.h"

namespace rung {
namespace {

constexpr uint64_t kMostLayers = 4096;
constexpr uint64_t kMostTokens = uint64_t{1} << 40;

class ShapeReader {
 public:
  explicit ShapeReader(const GgufFile& model) : model_(model), keys_(model) {}

  Result<CacheShape> read() {
    RUNG_TRY(const auto layers, keys_.number("block_count", kMostLayers));
    RUNG_TRY(const auto trained, keys_.number("context_length", kMostTokens));
    shape_.trained_context = trained.value_or(0);
    if (!layers || *layers == 0) return unknown({"block_count"});
    layers_ = *layers;
    RUNG_TRY(const auto draft, keys_.number("nextn_predict_layers", layers_ - 1));
    shape_.layers.resize(layers_);
    for (size_t layer = layers_ - draft.value_or(0); layer < layers_; ++layer) shape_.layers[layer].draft = true;
    RUNG_CHECK(read_heads());
    if (!shape_.missing.empty()) return unknown({});
    RUNG_CHECK(read_states());
    RUNG_CHECK(read_latent());
    RUNG_CHECK(read_spans());
    RUNG_CHECK(read_compression());
    RUNG_CHECK(read_shared());
    RUNG_CHECK(compare_with_tensors());
    if (!shape_.missing.empty()) return unknown({});
    return std::move(shape_);
  }

 private:
  Result<CacheShape> unknown(std::vector<std::string_view> missing) {
    for (const std::string_view key : missing) add_missing(key);
    shape_.certainty = CacheShape::Certainty::kUnknown;
    shape_.layers.clear();
    return std::move(shape_);
  }
  void add_missing(std::string_view key) { shape_.missing.push_back(keys_.full_name(key)); }
  void at_most(std::string note) {
    shape_.certainty = CacheShape::Certainty::kAtMost;
    shape_.notes.push_back(std::move(note));
  }

  /// Heads and their sizes. A layer whose number of key and value heads is 0 does not attend.
  Status read_heads() {
    RUNG_TRY(const auto heads, keys_.each_layer("attention.head_count", layers_, kMostDims));
    RUNG_TRY(const auto kv_heads, keys_.each_layer("attention.head_count_kv", layers_, kMostDims));
    RUNG_TRY(const auto width, keys_.number("embedding_length", kMostDims));
    RUNG_TRY(const auto key_dim, keys_.number("attention.key_length", kMostDims));
    RUNG_TRY(const auto value_dim, keys_.number("attention.value_length", kMostDims));
    if (!heads && !kv_heads) add_missing("attention.head_count");
    if (!key_dim && (!width || !heads)) add_missing("attention.key_length");
    if (!shape_.missing.empty()) return {};
    for (size_t index = 0; index < layers_; ++index) {
      CacheLayer& layer = shape_.layers[index];
      layer.kv_heads = kv_heads ? (*kv_heads)[index] : (*heads)[index];
      const uint64_t all_heads = heads ? (*heads)[index] : 0;
      if (layer.kv_heads != 0 && all_heads % layer.kv_heads != 0)
        return keys_.contradiction(
            "attention.head_count_kv",
            fmt::format("found {}, allowed is a divisor of the {} heads", layer.kv_heads, all_heads));
      const uint64_t share = all_heads == 0 ? 0 : width.value_or(0) / all_heads;
      layer.key_dim = key_dim.value_or(share);
      layer.value_dim = value_dim.value_or(key_dim.value_or(share));
      if (layer.kv_heads != 0 && layer.key_dim == 0)
        return keys_.contradiction("attention.key_length", "keys of 0 values");
      if (layer.kv_heads == 0) layer.kind = CacheKind::kNone;
    }
    return {};
  }

  /// The layers that keep a state: those listed, or all but every so manieth, or those without heads.
  Status read_states() {
    RUNG_TRY(const auto listed, keys_.each_layer("attention.recurrent_layers", layers_, 1));
    RUNG_TRY(const auto interval, keys_.number("full_attention_interval", kMostLayers));
    RUNG_TRY(const uint64_t values, state_values());
    RUNG_TRY(const auto feed_forward, keys_.each_layer("feed_forward_length", layers_, kMostDims));
    // Where some layers have no feed-forward part, each layer is one thing only.
    const bool one_thing =
        feed_forward && std::find(feed_forward->begin(), feed_forward->end(), 0) != feed_forward->end();
    bool wants_state = false;
    const bool any_without_heads = std::any_of(shape_.layers.begin(), shape_.layers.end(),
                                               [](const CacheLayer& layer) { return layer.kv_heads == 0; });
    for (size_t index = 0; index < layers_; ++index) {
      CacheLayer& layer = shape_.layers[index];
      const bool by_interval = interval.value_or(0) > 1 && !layer.draft && (index + 1) % *interval != 0;
      const bool instead = listed ? (*listed)[index] != 0 : interval ? by_interval : layer.kv_heads == 0;
      const bool beside = !listed && !interval && !any_without_heads && values != 0;  // both in every layer
      if (instead) layer.kind = values != 0 ? CacheKind::kState : CacheKind::kNone, layer.kv_heads = 0;
      if (instead && one_thing && (*feed_forward)[index] != 0) layer.kind = CacheKind::kNone;
      if (layer.kind == CacheKind::kState || beside) layer.state_values = values;
      wants_state = wants_state || (instead && (listed || interval));
    }
    if (wants_state && values == 0) add_missing("ssm.state_size"), add_missing("ssm.inner_size");
    return {};
  }

  /// Floats that one layer keeps of a sequence: the last inputs of its convolution, and the state itself.
  Result<uint64_t> state_values() const {
    const auto get = [&](std::string_view key) -> Result<uint64_t> {
      RUNG_TRY(const auto number, keys_.number(key, kMostDims));
      return number.value_or(0);
    };
    RUNG_TRY(const uint64_t width, get("embedding_length"));
    RUNG_TRY(const uint64_t wkv_head, get("wkv.head_size"));
    RUNG_TRY(const uint64_t shifts, get("token_shift_count"));
    RUNG_TRY(const uint64_t short_convolution, get("shortconv.l_cache"));
    RUNG_TRY(const uint64_t kernel, get("ssm.conv_kernel"));
    RUNG_TRY(const uint64_t inner, get("ssm.inner_size"));
    RUNG_TRY(const uint64_t state, get("ssm.state_size"));
    RUNG_TRY(const uint64_t groups, get("ssm.group_count"));
    RUNG_TRY(const uint64_t gated_head, get("kda.head_dim"));
    const uint64_t before = kernel == 0 ? 0 : kernel - 1;
    if (wkv_head != 0)
      return saturating_sum({saturating_product({shifts, width}), saturating_product({width, wkv_head})});
    if (short_convolution != 0) return saturating_product({width, short_convolution - 1});
    if (gated_head != 0) {
      RUNG_TRY(const auto heads, keys_.each_layer("attention.head_count", layers_, kMostDims));
      const uint64_t all = saturating_product({heads ? heads->front() : 0, gated_head});
      return saturating_sum({saturating_product({3, before, all}), saturating_product({gated_head, all})});
    }
    const uint64_t channels = saturating_sum({inner, saturating_product({2, groups, state})});
    return saturating_sum({saturating_product({before, channels}), saturating_product({state, inner})});
  }

  Status read_latent() {
    RUNG_TRY(const auto rank, keys_.number("attention.kv_lora_rank", kMostDims));
    RUNG_TRY(const auto rope, keys_.number("rope.dimension_count", kMostDims));
    RUNG_TRY(const auto index_dim, keys_.number("attention.indexer.key_length", kMostDims));
    RUNG_TRY(const auto index_top, keys_.number("attention.indexer.top_k", kMostTokens));
    for (CacheLayer& layer : shape_.layers) {
      if (layer.kind != CacheKind::kFull) continue;
      layer.index_dim = index_dim.value_or(0);
      layer.index_top = index_dim ? index_top.value_or(0) : 0;
      if (rank.value_or(0) == 0) continue;
      if (!rope) {
        add_missing("rope.dimension_count");
        return {};
      }
      layer.kind = CacheKind::kLatent;
      layer.kv_heads = 1;
      layer.key_dim = *rank + *rope;
      layer.value_dim = 0;
    }
    return {};
  }

  /// Windows and chunks, and which layers have them: by layer, or all but every so manieth.
  Status read_spans() {
    RUNG_TRY(const auto window, keys_.number("attention.sliding_window", kMostTokens));
    RUNG_TRY(const auto chunk, keys_.number("attention.chunk_size", kMostTokens));
    const uint64_t span = chunk.value_or(0) != 0 ? *chunk : window.value_or(0);
    if (span == 0 || keys_.has("attention.compress_ratios")) return {};
    constexpr std::string_view kPattern = "attention.sliding_window_pattern";
    if (!keys_.has(kPattern)) {
      at_most(fmt::format("there is a window of {} tokens, but no key {} says in which layers: counted without", span,
                          keys_.full_name(kPattern)));
      return {};
    }
    RUNG_TRY(const auto pattern, keys_.each_layer(kPattern, layers_, kMostLayers));
    RUNG_TRY(const auto key_dim, keys_.number("attention.key_length_swa", kMostDims));
    RUNG_TRY(const auto value_dim, keys_.number("attention.value_length_swa", kMostDims));
    for (size_t index = 0; index < layers_; ++index) {
      CacheLayer& layer = shape_.layers[index];
      const uint64_t period = (*pattern)[index];
      const bool windowed = keys_.is_array(kPattern) ? period != 0 : period == 0 || index % period < period - 1;
      if (!windowed || layer.kind != CacheKind::kFull) continue;
      layer.kind = chunk.value_or(0) != 0 ? CacheKind::kChunk : CacheKind::kWindow;
      layer.span = span;
      layer.key_dim = key_dim.value_or(layer.key_dim);
      layer.value_dim = value_dim.value_or(layer.value_dim);
    }
    return {};
  }

  /// Layers that pool the keys of several tokens into one beside a window of single ones.
  Status read_compression() {
    RUNG_TRY(const auto ratios, keys_.each_layer("attention.compress_ratios", layers_, kMostTokens, true));
    if (!ratios) return {};
    RUNG_TRY(const auto window, keys_.number("attention.sliding_window", kMostTokens));
    if (!window) {
      add_missing("attention.sliding_window");
      return {};
    }
    const uint64_t densest = densest_ratio(*ratios);
    for (size_t index = 0; index < layers_; ++index) {
      CacheLayer& layer = shape_.layers[index];
      if (layer.kind != CacheKind::kFull) continue;
      layer.kind = CacheKind::kCompressed;
      layer.value_dim = 0;
      layer.span = *window;
      layer.ratio = (*ratios)[index];
      if (layer.ratio != densest) layer.index_dim = layer.index_top = 0;  // only the long lists are worth a choice
    }
    return {};
  }

  static uint64_t densest_ratio(const std::vector<uint64_t>& ratios) {
    uint64_t densest = 0;
    for (const uint64_t ratio : ratios)
      if (ratio != 0 && (densest == 0 || ratio < densest)) densest = ratio;
    return densest;
  }

  /// The last layers may read what others keep.
  Status read_shared() {
    RUNG_TRY(const auto shared, keys_.number("attention.shared_kv_layers", layers_));
    for (size_t index = layers_ - shared.value_or(0); index < layers_; ++index)
      shape_.layers[index].kind = CacheKind::kShared;
    return {};
  }

  /// What the metadata says must be what the matrices are for.
  Status compare_with_tensors() const {
    for (const GgufTensor& tensor : model_.tensors()) {
      const TensorRole role = role_of(tensor.name);
      if (!role.layer || !tensor.name.starts_with("blk.")) continue;
      if (*role.layer >= layers_)
        return keys_.contradiction("block_count",
                                   fmt::format("found {}, but there is a tensor {}", layers_, tensor.name));
      const CacheLayer& layer = shape_.layers[*role.layer];
      const bool is_key = role.role == Role::kAttentionK && tensor.shape.size() == 2;
      const bool attends =
          layer.kind == CacheKind::kFull || layer.kind == CacheKind::kWindow || layer.kind == CacheKind::kChunk;
      if (!is_key || (!attends && layer.kind != CacheKind::kState)) continue;
      const uint64_t announced = layer.kv_heads * layer.key_dim;
      if (tensor.rows() != announced)
        return keys_.contradiction("attention.head_count_kv",
                                   fmt::format("{} heads of {} values in layer {}, but {} has {} rows", layer.kv_heads,
                                               layer.key_dim, *role.layer, tensor.name, tensor.rows()));
    }
    return {};
  }

  const GgufFile& model_;
  const MetadataKeys keys_;
  size_t layers_ = 0;
  CacheShape shape_;
};

/// Without any metadata: the rows of the key and value matrices are the values kept of a token. What shapes do not show
/// is whether a window makes it less.
CacheShape cache_shape_of_tensors(const GgufFile& model) {
  CacheShape shape;
  shape.certainty = CacheShape::Certainty::kAtMost;
  shape.notes.push_back("there is no metadata: keys and values counted from their matrices, for every token");
  bool has_states = false, has_fused = false;
  for (const GgufTensor& tensor : model.tensors()) {
    const TensorRole role = role_of(tensor.name);
    if (!role.layer || *role.layer >= kMostLayers) continue;
    if (*role.layer >= shape.layers.size()) shape.layers.resize(*role.layer + 1, {.kind = CacheKind::kNone});
    CacheLayer& layer = shape.layers[*role.layer];
    const bool is_matrix = tensor.shape.size() == 2;
    if (role.role == Role::kAttentionK && is_matrix)
      layer.kind = CacheKind::kFull, layer.kv_heads = 1, layer.key_dim = tensor.rows();
    if (role.role == Role::kAttentionV && is_matrix) layer.value_dim = tensor.rows();
    if (role.role == Role::kMlaKvA && is_matrix)
      layer.kind = CacheKind::kLatent, layer.kv_heads = 1, layer.key_dim = tensor.rows();
    has_states = has_states || role.role == Role::kStateSpace;
    has_fused = has_fused || role.role == Role::kAttentionQkv || role.role == Role::kAttentionKv;
  }
  for (CacheLayer& layer : shape.layers)  // values that are the keys, normed differently, are kept all the same
    if (layer.kind == CacheKind::kFull && layer.value_dim == 0) layer.value_dim = layer.key_dim;
  const bool attends = std::any_of(shape.layers.begin(), shape.layers.end(),
                                   [](const CacheLayer& layer) { return layer.kind != CacheKind::kNone; });
  if (!attends || (has_fused && !has_states)) {
    shape.certainty = CacheShape::Certainty::kUnknown;
    shape.layers.clear();
    shape.missing = {"general.architecture", "ARCHITECTURE.block_count", "ARCHITECTURE.attention.head_count_kv",
                     "ARCHITECTURE.attention.key_length"};
  } else if (has_states) {
    shape.notes.push_back("the states of the recurrent layers, a fixed size for each sequence, are not counted");
  }
  return shape;
}

}  // namespace

std::string_view cache_kind_name(CacheKind kind) {
  switch (kind) {
    case CacheKind::kFull:
      return "full";
    case CacheKind::kWindow:
      return "sliding window";
    case CacheKind::kChunk:
      return "chunk";
    case CacheKind::kShared:
      return "shared";
    case CacheKind::kLatent:
      return "latent";
    case CacheKind::kCompressed:
      return "compressed";
    case CacheKind::kState:
      return "recurrent state";
    case CacheKind::kNone:
      break;
  }
  return "none";
}

Result<CacheShape> read_cache_shape(const GgufFile& model) {
  if (model.find("general.architecture") != nullptr) return ShapeReader(model).read();
  return cache_shape_of_tensors(model);
}

}  // namespace rung
