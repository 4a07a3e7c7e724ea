#include "model/tensor_role.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace rung {
namespace {

// In the order of Role. What is kept is what llama-quantize keeps (tensor_allows_quantization in its llama-quant.cpp).
constexpr RoleInfo kRoles[] = {
    {Role::kTokenEmbedding, "token embedding", true},
    {Role::kPerLayerEmbedding, "per-layer embedding", true},
    {Role::kPositionEmbedding, "position embedding", false},
    {Role::kOutput, "output", true},
    {Role::kNorm, "norm", false},
    {Role::kAttentionQ, "attention q", true},
    {Role::kAttentionK, "attention k", true},
    {Role::kAttentionV, "attention v", true},
    {Role::kAttentionKv, "attention kv", true},
    {Role::kAttentionQkv, "attention qkv", true},
    {Role::kAttentionOutput, "attention output", true, MatrixUse::kAttentionOutput},
    {Role::kAttentionGate, "attention gate", true},
    {Role::kAttentionSinks, "attention sinks", false},
    {Role::kAttentionCompressor, "attention compressor", true},
    {Role::kAttentionIndexer, "attention indexer", true},
    {Role::kMlaQA, "mla q_a", true},
    {Role::kMlaQB, "mla q_b", true},
    {Role::kMlaKvA, "mla kv_a", true},
    {Role::kMlaKvB, "mla kv_b", true},
    {Role::kMlaKB, "mla k_b", true},
    {Role::kMlaVB, "mla v_b", true},
    {Role::kMlaOutputA, "mla output_a", true},
    {Role::kMlaOutputB, "mla output_b", true, MatrixUse::kAttentionOutput},
    {Role::kRouter, "router", false},
    {Role::kRoutedExpertGate, "routed expert gate", true},
    {Role::kRoutedExpertUp, "routed expert up", true},
    {Role::kRoutedExpertGateUp, "routed expert gate and up", true},
    {Role::kRoutedExpertDown, "routed expert down", true, MatrixUse::kFfnDown},
    {Role::kSharedExpertGate, "shared expert gate", true},
    {Role::kSharedExpertUp, "shared expert up", true},
    {Role::kSharedExpertDown, "shared expert down", true, MatrixUse::kFfnDown},
    {Role::kSharedExpertRouter, "shared expert router", false},
    {Role::kFfnGate, "ffn gate", true},
    {Role::kFfnUp, "ffn up", true},
    {Role::kFfnDown, "ffn down", true, MatrixUse::kFfnDown},
    {Role::kBias, "bias", false},
    {Role::kScale, "scale", false},
    {Role::kStateSpace, "state space", true},
    {Role::kConvolution, "convolution", false},
    {Role::kHyperConnection, "hyper-connection", true},
    {Role::kRope, "rope factors", false},
    {Role::kNextToken, "next-token prediction", true},
    {Role::kSteering, "steering", false},
    {Role::kMultimodal, "multimodal", true},
    {Role::kOther, "other", true},
};

constexpr bool roles_in_order() {
  for (size_t index = 0; index < std::size(kRoles); ++index)
    if (kRoles[index].role != static_cast<Role>(index)) return false;
  return true;
}
static_assert(roles_in_order() && std::size(kRoles) == static_cast<size_t>(Role::kOther) + 1);

struct Pattern {
  std::string_view glob;  ///< of the name without "blk.N." and ".weight"; * is any text
  Role role;
};

// The first match counts, so the special stands before the general.
constexpr Pattern kPatterns[] = {
    // What is not a matrix of the forward pass, wherever it stands.
    {"exp_probs_b*", Role::kRouter},
    {"*.bias", Role::kBias},
    {"*.scale", Role::kScale},
    {"*.input_scale", Role::kScale},

    {"nextn.*", Role::kNextToken},
    {"altup*", Role::kSteering},
    {"laurel*", Role::kSteering},
    {"*norm*", Role::kNorm},
    {"time_mix_ln", Role::kNorm},

    {"token_embd", Role::kTokenEmbedding},
    {"per_layer_token_embd", Role::kPerLayerEmbedding},
    {"per_layer_model_proj", Role::kSteering},
    {"inp_gate", Role::kPerLayerEmbedding},
    {"proj", Role::kPerLayerEmbedding},
    {"position_embd", Role::kPositionEmbedding},
    {"token_types", Role::kPositionEmbedding},
    {"output", Role::kOutput},
    {"rope_*", Role::kRope},
    {"attn_rot_embd", Role::kRope},
    {"hc_*", Role::kHyperConnection},
    {"output_hc_*", Role::kHyperConnection},
    {"layer_output_scale", Role::kSteering},

    {"indexer.k_proj", Role::kSteering},
    {"indexer.q_proj", Role::kSteering},
    {"indexer*", Role::kAttentionIndexer},
    {"attn_compressor_*", Role::kAttentionCompressor},
    {"attn_sinks", Role::kAttentionSinks},
    {"attn_q_a", Role::kMlaQA},
    {"attn_q_b", Role::kMlaQB},
    {"attn_kv_a_mqa", Role::kMlaKvA},
    {"attn_kv_b", Role::kMlaKvB},
    {"attn_k_b", Role::kMlaKB},
    {"attn_v_b", Role::kMlaVB},
    {"attn_output_a", Role::kMlaOutputA},
    {"attn_output_b", Role::kMlaOutputB},
    {"attn_gate", Role::kAttentionGate},
    {"attn_rel_b", Role::kSteering},
    {"cross_attn_rel_b", Role::kSteering},
    {"attn_q", Role::kAttentionQ},
    {"attn_k", Role::kAttentionK},
    {"attn_v", Role::kAttentionV},
    {"attn_kv", Role::kAttentionKv},
    {"attn_qkv", Role::kAttentionQkv},
    {"attn_output", Role::kAttentionOutput},
    {"attn_o", Role::kAttentionOutput},
    {"cross_attn_q", Role::kAttentionQ},
    {"cross_attn_k", Role::kAttentionK},
    {"cross_attn_v", Role::kAttentionV},
    {"cross_attn_o", Role::kAttentionOutput},
    {"vis_attn_qkv", Role::kAttentionQkv},  // the visual expert of cogvlm
    {"vis_attn_output", Role::kAttentionOutput},

    {"ffn_gate_inp_shexp", Role::kSharedExpertRouter},
    {"ffn_gate_inp*", Role::kRouter},
    {"ffn_gate_tid2eid", Role::kRouter},
    {"ffn_gate_up_exps", Role::kRoutedExpertGateUp},
    {"ffn_gate_*exps", Role::kRoutedExpertGate},
    {"ffn_up_*exps", Role::kRoutedExpertUp},
    {"ffn_down_*exps", Role::kRoutedExpertDown},
    {"ffn_gate_shexp", Role::kSharedExpertGate},
    {"ffn_up_shexp", Role::kSharedExpertUp},
    {"ffn_down_shexp", Role::kSharedExpertDown},
    {"ffn_gate.*", Role::kRoutedExpertGate},  // one tensor per expert, as of old
    {"ffn_up.*", Role::kRoutedExpertUp},
    {"ffn_down.*", Role::kRoutedExpertDown},
    {"ffn_gate", Role::kFfnGate},
    {"ffn_up", Role::kFfnUp},
    {"ffn_down", Role::kFfnDown},
    {"ffn_latent_up", Role::kFfnUp},
    {"ffn_latent_down", Role::kFfnDown},
    {"vis_gate", Role::kFfnGate},
    {"vis_up", Role::kFfnUp},
    {"vis_down", Role::kFfnDown},

    {"ssm_conv1d*", Role::kConvolution},
    {"shortconv.conv", Role::kConvolution},
    {"shortconv.*", Role::kStateSpace},
    {"ssm_*", Role::kStateSpace},

    // RWKV: the matrices of time and channel mixing, then the low-rank and interpolation parts.
    {"channel_mix_key", Role::kFfnUp},
    {"channel_mix_value", Role::kFfnDown},
    {"channel_mix_receptance", Role::kFfnGate},
    {"channel_mix_*", Role::kSteering},
    {"time_mix_key", Role::kStateSpace},
    {"time_mix_value", Role::kStateSpace},
    {"time_mix_receptance", Role::kStateSpace},
    {"time_mix_gate", Role::kStateSpace},
    {"time_mix_output", Role::kStateSpace},
    {"time_mix_*", Role::kSteering},
};

constexpr std::string_view kMultimodalPrefixes[] = {"v.", "a.", "mm.", "sam."};
// What llama-quantize keeps of them: positions, patches, codebooks.
constexpr std::string_view kMultimodalKept[] = {".position_embd", ".rel_pos",      ".patch_embd", ".patch_merger",
                                                "sam.",           ".rvq.codebook", ".code_embd"};

std::optional<Role> multimodal_role(std::string_view stem) {
  const auto begins = [&](std::string_view prefix) { return stem.starts_with(prefix); };
  if (std::none_of(std::begin(kMultimodalPrefixes), std::end(kMultimodalPrefixes), begins)) return std::nullopt;
  const auto has = [&](std::string_view part) { return stem.find(part) != std::string_view::npos; };
  return std::any_of(std::begin(kMultimodalKept), std::end(kMultimodalKept), has) ? Role::kSteering : Role::kMultimodal;
}

/// Whether all of text fits the pattern, in which * stands for any text.
bool fits(std::string_view pattern, std::string_view text) {
  while (!pattern.empty() && pattern.front() != '*') {
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (pattern.empty()) return text.empty();
  pattern.remove_prefix(1);
  for (size_t skipped = 0; skipped <= text.size(); ++skipped)
    if (fits(pattern, text.substr(skipped))) return true;
  return false;
}

/// Takes "blk.N." off the front, if it is there.
std::optional<uint32_t> take_layer(std::string_view& name) {
  constexpr std::string_view kBlock = "blk.";
  if (!name.starts_with(kBlock)) return std::nullopt;
  uint32_t layer = 0;
  const char* const end = name.data() + name.size();
  const auto [digits_end, error] = std::from_chars(name.data() + kBlock.size(), end, layer);
  if (error != std::errc() || digits_end == end || *digits_end != '.') return std::nullopt;
  name.remove_prefix(static_cast<size_t>(digits_end + 1 - name.data()));
  return layer;
}

}  // namespace

std::span<const RoleInfo> all_roles() { return kRoles; }

const RoleInfo& role_info(Role role) { return kRoles[static_cast<size_t>(role)]; }

TensorRole role_of(std::string_view tensor_name) {
  constexpr std::string_view kWeight = ".weight";
  std::string_view stem = tensor_name;
  if (stem.ends_with(kWeight)) stem.remove_suffix(kWeight.size());
  if (stem.starts_with("enc.") || stem.starts_with("dec.")) stem.remove_prefix(4);
  if (const std::optional<Role> role = multimodal_role(stem)) return {*role, std::nullopt};
  const std::optional<uint32_t> layer = take_layer(stem);
  const auto pattern = std::find_if(std::begin(kPatterns), std::end(kPatterns),
                                    [&](const Pattern& candidate) { return fits(candidate.glob, stem); });
  return {pattern != std::end(kPatterns) ? pattern->role : Role::kOther, layer};
}

}  // namespace rung
