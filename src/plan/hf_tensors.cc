#include "plan/hf_tensors.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "codec/format.h"
#include "model/tensor_role.h"

namespace rung {
namespace {

constexpr uint32_t kF32 = 0, kF16 = 1, kI32 = 26, kBf16 = 30, kMxfp4 = 39;

struct NamePair {
  std::string_view hugging_face, gguf;
};

// After "layers.N."; endings, so that every family's module names fit.
constexpr std::array kLayerNames = {
    NamePair{"q_proj", "attn_q"},
    NamePair{"k_proj", "attn_k"},
    NamePair{"v_proj", "attn_v"},
    NamePair{"qkv_proj", "attn_qkv"},
    NamePair{"in_proj_qkvz", "attn_qkv"},
    NamePair{"in_proj_qkv", "attn_qkv"},
    NamePair{"in_proj_z", "attn_gate"},
    NamePair{"in_proj_ba", "ssm_ba"},
    NamePair{"in_proj_b", "ssm_beta"},
    NamePair{"in_proj_a", "ssm_alpha"},
    NamePair{"linear_attn.out_proj", "ssm_out"},
    NamePair{"mamba.out_proj", "ssm_out"},
    NamePair{"mamba.in_proj", "ssm_in"},
    NamePair{"conv1d", "ssm_conv1d"},
    NamePair{"A_log", "ssm_a"},
    NamePair{"dt_bias", "ssm_dt.bias"},
    NamePair{"o_proj", "attn_output"},
    NamePair{"self_attn.out_proj", "attn_output"},
    NamePair{"q_a_proj", "attn_q_a"},
    NamePair{"q_b_proj", "attn_q_b"},
    NamePair{"kv_a_proj_with_mqa", "attn_kv_a_mqa"},
    NamePair{"kv_b_proj", "attn_kv_b"},
    NamePair{"sinks", "attn_sinks"},
    NamePair{"attn.wq_a", "attn_q_a"},
    NamePair{"indexer.wq_b", "indexer.attn_q_b"},
    NamePair{"indexer.weights_proj", "indexer.proj"},
    NamePair{"indexer.compressor.wkv", "indexer_compressor_kv"},
    NamePair{"indexer.compressor.wgate", "indexer_compressor_gate"},
    NamePair{"indexer.compressor.ape", "indexer_compressor_ape"},
    NamePair{"indexer.compressor.norm", "indexer_compressor_norm"},
    NamePair{"compressor.wkv", "attn_compressor_kv"},
    NamePair{"compressor.wgate", "attn_compressor_gate"},
    NamePair{"compressor.ape", "attn_compressor_ape"},
    NamePair{"compressor.norm", "attn_compressor_norm"},
    NamePair{"attn.wq_b", "attn_q_b"},
    NamePair{"attn.wkv", "attn_kv"},
    NamePair{"attn.wo_a", "attn_output_a"},
    NamePair{"attn.wo_b", "attn_output_b"},
    NamePair{"attn_sink", "attn_sinks"},
    NamePair{"hc_attn_fn", "hc_attn_fn"},
    NamePair{"hc_attn_base", "hc_attn_base"},
    NamePair{"hc_attn_scale", "hc_attn_scale"},
    NamePair{"hc_ffn_fn", "hc_ffn_fn"},
    NamePair{"hc_ffn_base", "hc_ffn_base"},
    NamePair{"hc_ffn_scale", "hc_ffn_scale"},
    NamePair{"gate.tid2eid", "ffn_gate_tid2eid"},
    NamePair{"ffn.gate", "ffn_gate_inp"},
    NamePair{"shared_experts.w1", "ffn_gate_shexp"},
    NamePair{"shared_experts.w3", "ffn_up_shexp"},
    NamePair{"shared_experts.w2", "ffn_down_shexp"},
    NamePair{"shared_expert_gate", "ffn_gate_inp_shexp"},
    NamePair{"shared_expert.gate_proj", "ffn_gate_shexp"},
    NamePair{"shared_expert.up_proj", "ffn_up_shexp"},
    NamePair{"shared_expert.down_proj", "ffn_down_shexp"},
    NamePair{"shared_experts.gate_proj", "ffn_gate_shexp"},
    NamePair{"shared_experts.up_proj", "ffn_up_shexp"},
    NamePair{"shared_experts.down_proj", "ffn_down_shexp"},
    NamePair{"experts.gate_up_proj", "ffn_gate_up_exps"},
    NamePair{"experts.gate_proj", "ffn_gate_exps"},
    NamePair{"experts.up_proj", "ffn_up_exps"},
    NamePair{"experts.down_proj", "ffn_down_exps"},
    NamePair{"experts.w1", "ffn_gate_exps"},
    NamePair{"experts.w3", "ffn_up_exps"},
    NamePair{"experts.w2", "ffn_down_exps"},
    NamePair{"gate_up_proj", "ffn_up"},
    NamePair{"gate_proj", "ffn_gate"},
    NamePair{"up_proj", "ffn_up"},
    NamePair{"down_proj", "ffn_down"},
    NamePair{"fc1", "ffn_up"},
    NamePair{"fc2", "ffn_down"},
    NamePair{"e_score_correction_bias", "exp_probs_b.bias"},
    NamePair{"mlp.gate", "ffn_gate_inp"},
    NamePair{"block_sparse_moe.gate", "ffn_gate_inp"},
    NamePair{"router", "ffn_gate_inp"},
    NamePair{"layernorm", "attn_norm"},
    NamePair{"norm", "attn_norm"},
};
constexpr std::array kGlobalNames = {NamePair{"embed_tokens", "token_embd"},
                                     NamePair{"wte", "token_embd"},
                                     NamePair{"lm_head", "output"},
                                     NamePair{"embed", "token_embd"},
                                     NamePair{"hc_head_fn", "output_hc_fn"},
                                     NamePair{"hc_head_base", "output_hc_base"},
                                     NamePair{"hc_head_scale", "output_hc_scale"},
                                     NamePair{"head", "output"},
                                     NamePair{"norm", "output_norm"},
                                     NamePair{"final_layernorm", "output_norm"}};
constexpr std::array<std::string_view, 6> kSenses = {"visual.",      "vision_", "multi_modal",
                                                     "mm_projector", "audio",   "embed_vision"};
constexpr std::array<std::string_view, 6> kPackedEndings = {".qweight", ".weight_packed", ".qzeros",
                                                            ".absmax",  ".trellis",       ".weight_scale_2"};

/// "layers.12." taken off the front.
std::optional<uint64_t> take_layer(std::string_view& name) {
  const size_t at = name.find("layers.");
  if (at == std::string_view::npos || (at != 0 && name[at - 1] != '.')) return std::nullopt;
  const char* const begin = name.data() + at + 7;
  const char* const end = name.data() + name.size();
  uint64_t layer = 0;
  const auto [digits_end, error] = std::from_chars(begin, end, layer);
  if (error != std::errc() || digits_end == end || *digits_end != '.' || layer > 65536) return std::nullopt;
  name = std::string_view(digits_end + 1, static_cast<size_t>(end - digits_end - 1));
  return layer;
}

/// "mlp.experts.17.up_proj" without its number.
std::string without_expert(std::string_view name, bool& numbered) {
  constexpr std::string_view kExperts = "experts.";
  const size_t at = name.find(kExperts);
  numbered = false;
  if (at == std::string_view::npos) return std::string(name);
  size_t end = at + kExperts.size();
  while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
  numbered = end > at + kExperts.size() && end < name.size() && name[end] == '.';
  if (!numbered) return std::string(name);
  return std::string(name.substr(0, at + kExperts.size())) + std::string(name.substr(end + 1));
}

template <size_t kCount>
std::optional<std::string_view> gguf_name(const std::array<NamePair, kCount>& pairs, std::string_view stem) {
  for (const NamePair& pair : pairs)
    if (stem.ends_with(pair.hugging_face)) return pair.gguf;
  return std::nullopt;
}

class Renamer {
 public:
  explicit Renamer(const HfConfig& config) : config_(config) {}

  HfTensors run(const std::vector<SafetensorsTensor>& tensors) {
    for (const SafetensorsTensor& tensor : tensors) {
      const auto ends = [&](std::string_view ending) { return tensor.name.ends_with(ending); };
      if (std::any_of(kPackedEndings.begin(), kPackedEndings.end(), ends)) result_.packed = true;
    }
    if (result_.packed) return std::move(result_);
    for (const SafetensorsTensor& tensor : tensors) add(tensor);
    for (const SafetensorsTensor* scale : scales_) add_scale(*scale);
    return std::move(result_);
  }

 private:
  void add(const SafetensorsTensor& source) {
    if (!scaled_name(source.name).empty() || source.values() == 0) {
      scales_.push_back(&source);
      return;
    }
    bool numbered = false;
    std::optional<uint64_t> layer;
    const std::string name = name_of(source, layer, numbered);
    if (layer && name.ends_with("attn_kv_b.weight") && split_latent(*layer, source)) return;
    if (numbered) return merge(name, source);
    push(name, source, source.shape.empty() ? std::vector<uint64_t>{1} : shape_of(source));
  }

  /// What a tensor of factors belongs to; empty: it is none.
  static std::string scaled_name(std::string_view name) {
    for (const auto& [ending, instead] :
         {NamePair{".weight_scale_inv", ".weight"}, NamePair{".scale", ".weight"}, NamePair{"_scales", "_blocks"}})
      if (name.ends_with(ending))
        return std::string(name.substr(0, name.size() - ending.size())) + std::string(instead);
    return "";
  }

  /// The factors disappear on conversion; what is stored of them counts with the tensor that they scale.
  void add_scale(const SafetensorsTensor& source) {
    SafetensorsTensor scaled = source;
    scaled.name = scaled_name(source.name);
    std::optional<uint64_t> layer;
    bool numbered = false;
    std::string name = scaled.name.empty() ? "" : name_of(scaled, layer, numbered);
    if (layer && name.ends_with("attn_kv_b.weight")) name = fmt::format("blk.{}.attn_k_b.weight", *layer);
    const auto found = places_.find(name);
    if (found != places_.end()) {
      result_.stored_bytes[found->second] += source.bytes();
    } else if (source.values() != 0) {
      result_.unknown.push_back(source.name);
      push(source.name, source, source.shape.empty() ? std::vector<uint64_t>{1} : reversed(source));
    }
  }

  /// In GGUF; layer and numbered: of what it is, and whether it is one expert of many.
  std::string name_of(const SafetensorsTensor& source, std::optional<uint64_t>& layer, bool& numbered) {
    std::string_view name = source.name;
    for (const std::string_view sense : kSenses)
      if (name.find(sense) != std::string_view::npos) return "v." + std::string(name);
    const bool draft = name.starts_with("mtp.") || name.find(".mtp.") != std::string_view::npos;
    std::string ending = ".weight";
    if (name.ends_with(".weight")) name.remove_suffix(7);
    if (name.ends_with(".bias")) name.remove_suffix(5), ending = ".bias";
    if (name.ends_with("_blocks")) name.remove_suffix(7);
    layer = take_layer(name);
    if (draft) layer = config_.layers + layer.value_or(0);
    const std::string stem = without_expert(name, numbered);
    const auto found = layer ? gguf_name(kLayerNames, stem) : gguf_name(kGlobalNames, stem);
    if (!found) {
      if (scaled_name(source.name).empty()) result_.unknown.push_back(source.name);
      return layer ? fmt::format("blk.{}.{}", *layer, source.name) : source.name;
    }
    std::string gguf(*found);
    if (gguf.starts_with("attn_norm")) gguf = norm_name(stem);
    if (gguf.find('.') == std::string::npos && gguf != "ssm_a") gguf += ending;
    return layer ? fmt::format("blk.{}.{}", *layer, gguf) : gguf;
  }

  /// Norms have one role whatever they are called; a name of their own each.
  static std::string norm_name(std::string_view stem) {
    std::string name(stem);
    std::replace(name.begin(), name.end(), '.', '_');
    return name.ends_with("norm") ? name : name + "_norm";
  }

  static std::vector<uint64_t> reversed(const SafetensorsTensor& source) {
    std::vector<uint64_t> shape(source.shape.rbegin(), source.shape.rend());
    while (shape.size() > 4) shape[shape.size() - 2] *= shape.back(), shape.pop_back();
    return shape;
  }

  std::vector<uint64_t> shape_of(const SafetensorsTensor& source) const {
    if (source.name.ends_with("_blocks") && source.shape.size() == 4)  // (experts, rows, blocks, 16 bytes of two codes)
      return {source.shape[2] * source.shape[3] * 2, source.shape[1], source.shape[0]};
    std::vector<uint64_t> shape = reversed(source);
    shape.erase(std::remove(shape.begin() + 1, shape.end(), uint64_t{1}), shape.end());
    if (shape.size() != 3 || config_.width == 0) return shape;
    // Fused experts stand either way round; inputs are the model's width, but of the last matrix what it is not.
    const bool is_down = source.name.find("down_proj") != std::string::npos;
    if ((shape[0] == config_.width) == is_down && shape[0] != shape[1]) std::swap(shape[0], shape[1]);
    return shape;
  }

  /// kv_b holds, head by head, what the converter stores as two tensors.
  bool split_latent(uint64_t layer, const SafetensorsTensor& source) {
    const uint64_t head = config_.latent_key + config_.latent_value;
    if (config_.latent_key == 0 || config_.latent_value == 0 || source.shape.size() != 2 || source.shape[0] % head != 0)
      return false;
    const uint64_t heads = source.shape[0] / head, rank = source.shape[1];
    push(fmt::format("blk.{}.attn_k_b.weight", layer), source, {config_.latent_key, rank, heads});
    result_.stored_bytes.back() = source.bytes() / head * config_.latent_key;
    push(fmt::format("blk.{}.attn_v_b.weight", layer), source, {rank, config_.latent_value, heads});
    result_.stored_bytes.back() = source.bytes() / head * config_.latent_value;
    return true;
  }

  static uint32_t type_of(const SafetensorsTensor& source, std::string_view name, const std::vector<uint64_t>& shape) {
    if (source.name.ends_with("_blocks")) return kMxfp4;
    if (source.type == "I64" || source.type == "I32") return kI32;
    const Role role = role_of(name).role;
    const bool is_vector = std::all_of(shape.begin() + 1, shape.end(), [](uint64_t size) { return size == 1; });
    if (is_vector || role == Role::kNorm || role == Role::kRouter || role == Role::kSharedExpertRouter ||
        role == Role::kConvolution)
      return kF32;
    if (source.type == "F32" || source.type == "F64") return kF32;
    return source.type == "F16" ? kF16 : kBf16;
  }

  void push(std::string name, const SafetensorsTensor& source, std::vector<uint64_t> shape) {
    GgufTensor tensor;
    tensor.ggml_type = type_of(source, name, shape);
    tensor.name = std::move(name);
    tensor.shape = std::move(shape);
    places_.emplace(tensor.name, result_.tensors.size());
    result_.tensors.push_back(std::move(tensor));
    result_.stored_bytes.push_back(source.bytes());
  }

  void merge(const std::string& name, const SafetensorsTensor& source) {
    const auto found = places_.find(name);
    if (found != places_.end()) {
      ++result_.tensors[found->second].shape.back();
      result_.stored_bytes[found->second] += source.bytes();
      return;
    }
    std::vector<uint64_t> shape = source.shape.empty() ? std::vector<uint64_t>{1} : reversed(source);
    const bool codes = source.type == "I8";  // two in a byte, with scales beside: DeepSeek's FP4, which is MXFP4
    if (codes) shape[0] *= 2;
    shape.push_back(1);
    push(name, source, std::move(shape));
    if (codes) result_.tensors.back().ggml_type = kMxfp4;
  }

  const HfConfig& config_;
  std::map<std::string, size_t> places_;  ///< in result_, by name in GGUF
  std::vector<const SafetensorsTensor*> scales_;
  HfTensors result_;
};

}  // namespace

HfTensors gguf_tensors_of(const std::vector<SafetensorsTensor>& tensors, const HfConfig& config) {
  return Renamer(config).run(tensors);
}

}  // namespace rung
