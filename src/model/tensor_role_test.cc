// Names of tensors to roles: one known name or more for every role, all names of the golden models and of real models.
#include "model/tensor_role.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "io/gguf.h"

namespace rung {
namespace {

struct Known {
  const char* name;
  Role role;
  int layer;  ///< -1: none
};

// Names as llama.cpp's converters write them (gguf-py/gguf/constants.py, TENSOR_NAMES).
constexpr Known kKnown[] = {
    {"token_embd.weight", Role::kTokenEmbedding, -1},
    {"token_embd_norm.weight", Role::kNorm, -1},
    {"per_layer_token_embd.weight", Role::kPerLayerEmbedding, -1},
    {"blk.3.inp_gate.weight", Role::kPerLayerEmbedding, 3},
    {"per_layer_model_proj.weight", Role::kSteering, -1},
    {"position_embd.weight", Role::kPositionEmbedding, -1},
    {"output.weight", Role::kOutput, -1},
    {"output_norm.weight", Role::kNorm, -1},
    {"blk.0.attn_norm.weight", Role::kNorm, 0},
    {"blk.0.post_ffw_norm_1.weight", Role::kNorm, 0},
    {"blk.0.attn_q_a_norm.weight", Role::kNorm, 0},
    {"blk.0.indexer.k_norm.weight", Role::kNorm, 0},
    {"blk.12.attn_q.weight", Role::kAttentionQ, 12},
    {"dec.blk.5.cross_attn_q.weight", Role::kAttentionQ, 5},
    {"blk.0.attn_k.weight", Role::kAttentionK, 0},
    {"blk.0.attn_v.weight", Role::kAttentionV, 0},
    {"blk.0.attn_kv.weight", Role::kAttentionKv, 0},
    {"blk.0.attn_qkv.weight", Role::kAttentionQkv, 0},
    {"blk.0.attn_output.weight", Role::kAttentionOutput, 0},
    {"enc.blk.1.attn_o.weight", Role::kAttentionOutput, 1},
    {"blk.0.attn_gate.weight", Role::kAttentionGate, 0},
    {"blk.0.attn_sinks.weight", Role::kAttentionSinks, 0},
    {"blk.0.attn_compressor_kv.weight", Role::kAttentionCompressor, 0},
    {"blk.0.indexer.attn_q_b.weight", Role::kAttentionIndexer, 0},
    {"blk.0.indexer_compressor_gate.weight", Role::kAttentionIndexer, 0},
    {"blk.0.indexer.k_proj.weight", Role::kSteering, 0},
    {"blk.0.attn_q_a.weight", Role::kMlaQA, 0},
    {"blk.0.attn_q_b.weight", Role::kMlaQB, 0},
    {"blk.0.attn_kv_a_mqa.weight", Role::kMlaKvA, 0},
    {"blk.0.attn_kv_b.weight", Role::kMlaKvB, 0},
    {"blk.0.attn_k_b.weight", Role::kMlaKB, 0},
    {"blk.0.attn_v_b.weight", Role::kMlaVB, 0},
    {"blk.0.attn_output_a.weight", Role::kMlaOutputA, 0},
    {"blk.0.attn_output_b.weight", Role::kMlaOutputB, 0},
    {"blk.60.ffn_gate_inp.weight", Role::kRouter, 60},
    {"blk.0.exp_probs_b.bias", Role::kRouter, 0},
    {"blk.0.ffn_gate_tid2eid.weight", Role::kRouter, 0},
    {"blk.0.ffn_gate_exps.weight", Role::kRoutedExpertGate, 0},
    {"blk.0.ffn_gate.7.weight", Role::kRoutedExpertGate, 0},
    {"blk.0.ffn_up_exps.weight", Role::kRoutedExpertUp, 0},
    {"blk.0.ffn_gate_up_exps.weight", Role::kRoutedExpertGateUp, 0},
    {"blk.0.ffn_down_exps.weight", Role::kRoutedExpertDown, 0},
    {"blk.0.ffn_down_chexps.weight", Role::kRoutedExpertDown, 0},
    {"blk.0.ffn_gate_shexp.weight", Role::kSharedExpertGate, 0},
    {"blk.0.ffn_up_shexp.weight", Role::kSharedExpertUp, 0},
    {"blk.0.ffn_down_shexp.weight", Role::kSharedExpertDown, 0},
    {"blk.0.ffn_gate_inp_shexp.weight", Role::kSharedExpertRouter, 0},
    {"blk.0.ffn_gate.weight", Role::kFfnGate, 0},
    {"blk.0.ffn_up.weight", Role::kFfnUp, 0},
    {"blk.0.ffn_down.weight", Role::kFfnDown, 0},
    {"blk.0.channel_mix_value.weight", Role::kFfnDown, 0},
    {"blk.0.attn_q.bias", Role::kBias, 0},
    {"blk.0.ffn_down_exps.bias", Role::kBias, 0},
    {"blk.0.ssm_dt.bias", Role::kBias, 0},
    {"blk.0.ffn_up.scale", Role::kScale, 0},
    {"blk.0.ffn_up.input_scale", Role::kScale, 0},
    {"blk.0.ssm_out.weight", Role::kStateSpace, 0},
    {"blk.0.ssm_a", Role::kStateSpace, 0},
    {"blk.0.time_mix_key.weight", Role::kStateSpace, 0},
    {"blk.0.time_mix_decay_w1.weight", Role::kSteering, 0},
    {"blk.0.ssm_conv1d.weight", Role::kConvolution, 0},
    {"blk.0.shortconv.conv.weight", Role::kConvolution, 0},
    {"blk.0.shortconv.in_proj.weight", Role::kStateSpace, 0},
    {"blk.0.hc_attn_fn.weight", Role::kHyperConnection, 0},
    {"output_hc_scale.weight", Role::kHyperConnection, -1},
    {"rope_freqs.weight", Role::kRope, -1},
    {"blk.0.rope_factors_long.weight", Role::kRope, 0},
    {"blk.61.nextn.eh_proj.weight", Role::kNextToken, 61},
    {"blk.61.nextn.shared_head_norm.weight", Role::kNextToken, 61},
    {"blk.0.laurel_l.weight", Role::kSteering, 0},
    {"altup_proj.weight", Role::kSteering, -1},
    {"v.blk.3.attn_q.weight", Role::kMultimodal, -1},
    {"mm.0.weight", Role::kMultimodal, -1},
    {"v.patch_embd.weight", Role::kSteering, -1},
    {"cls.output.weight", Role::kOther, -1},
    {"", Role::kOther, -1},
    {"blk.", Role::kOther, -1},
    {"blk.4", Role::kOther, -1},
    {"blk.x.attn_q.weight", Role::kOther, -1},
    {"blk.99999999999.attn_z.weight", Role::kOther, -1},
    {"xattn_qx.weight", Role::kOther, -1},
};

TEST(TensorRole, KnownNames) {
  for (const Known& known : kKnown) {
    const TensorRole found = role_of(known.name);
    EXPECT_EQ(role_info(found.role).label, role_info(known.role).label) << known.name;
    EXPECT_EQ(found.layer ? static_cast<int>(*found.layer) : -1, known.layer) << known.name;
  }
}

TEST(TensorRole, EveryRoleHasAKnownNameAndALabelOfItsOwn) {
  std::set<Role> named;
  for (const Known& known : kKnown) named.insert(known.role);
  std::set<std::string_view> labels;
  for (const RoleInfo& info : all_roles()) {
    EXPECT_TRUE(named.contains(info.role)) << info.label;
    EXPECT_TRUE(labels.insert(info.label).second) << info.label;
  }
}

/// What llama-quantize keeps whatever the type (tensor_allows_quantization in its llama-quant.cpp), and what it does
/// not.
TEST(TensorRole, KeepsWhatLlamaQuantizeKeeps) {
  for (const char* name :
       {"blk.0.attn_norm.weight", "blk.0.ffn_gate_inp.weight", "blk.0.ffn_gate_tid2eid.weight",
        "blk.0.altup_router.weight", "blk.0.laurel_r.weight", "per_layer_model_proj.weight", "position_embd.weight",
        "token_types.weight", "blk.0.ssm_conv1d.weight", "blk.0.shortconv.conv.weight", "blk.0.indexer.q_proj.weight",
        "blk.0.time_mix_w1.weight", "blk.0.attn_rel_b.weight", "v.position_embd.weight", "v.patch_embd.weight"})
    EXPECT_FALSE(role_info(role_of(name).role).quantizable) << name;
  for (const char* name : {"token_embd.weight", "output.weight", "blk.0.attn_k_b.weight", "blk.0.ssm_out.weight",
                           "blk.0.ffn_gate_exps.weight", "blk.0.attn_gate.weight", "blk.0.nextn.eh_proj.weight",
                           "blk.0.indexer.attn_q_b.weight", "blk.0.hc_attn_fn.weight"})
    EXPECT_TRUE(role_info(role_of(name).role).quantizable) << name;
}

TEST(TensorRole, WhatIsAddedToTheResidualStreamIsTold) {
  const auto use = [](std::string_view name) { return role_info(role_of(name).role).use; };
  for (const char* name : {"blk.0.attn_output.weight", "blk.3.attn_output_b.weight"})
    EXPECT_EQ(use(name), MatrixUse::kAttentionOutput) << name;
  for (const char* name : {"blk.0.ffn_down.weight", "blk.1.ffn_down_exps.weight", "blk.1.ffn_down_shexp.weight"})
    EXPECT_EQ(use(name), MatrixUse::kFfnDown) << name;
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_v.weight", "blk.0.ffn_gate.weight",
                           "blk.1.ffn_up_exps.weight", "output.weight", "token_embd.weight", "blk.0.unheard.weight"})
    EXPECT_EQ(use(name), MatrixUse::kGeneral) << name;
}

TEST(TensorRoleGolden, NoTensorOfAGoldenModelIsOther) {
  const std::filesystem::path golden = std::filesystem::path(RUNG_SHARED_DIR) / "golden";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << golden << " is absent";
  size_t tensors = 0;
  for (const auto& folder : std::filesystem::directory_iterator(golden)) {
    if (!std::filesystem::exists(folder.path() / "model.gguf")) continue;
    const auto file = GgufFile::open(folder.path() / "model.gguf");
    ASSERT_TRUE(file) << file.error().message;
    for (const GgufTensor& tensor : file->tensors()) {
      EXPECT_NE(role_of(tensor.name).role, Role::kOther) << folder.path() << ' ' << tensor.name;
      EXPECT_EQ(role_of(tensor.name).layer.has_value(), tensor.name.starts_with("blk.")) << tensor.name;
      ++tensors;
    }
  }
  EXPECT_GT(tensors, 500u);
}

/// The third of the fields that colons separate in a line of a map is the tensor's name.
TEST(TensorRoleGolden, NoTensorOfARealModelIsOther) {
  const std::filesystem::path maps = std::filesystem::path(RUNG_SHARED_DIR) / "sensitivity";
  if (!std::filesystem::exists(maps)) GTEST_SKIP() << maps << " is absent";
  size_t tensors = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(maps)) {
    if (entry.path().extension() != ".map") continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line); ++tensors) {
      const size_t begin = line.find(':', line.find(':') + 1) + 1;
      const std::string name = line.substr(begin, line.find(':', begin) - begin);
      EXPECT_NE(role_of(name).role, Role::kOther) << entry.path() << ' ' << name;
    }
  }
  EXPECT_GT(tensors, 5000u);
}

}  // namespace
}  // namespace rung
