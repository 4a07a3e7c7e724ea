// For tests: published models by the shapes of their tensors. Shapes follow from the models' configurations; byte
// totals to compare with are those of the maps in Thireus' GGUF Tool Suite (github: Thireus/GGUF-Tool-Suite, 384c1f8),
// credit: Thireus and its contributors.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace rung::test {

inline constexpr uint32_t kF32 = 0, kBf16 = 30, kI32 = 26;

/// A tensor of layers first to last, step by step; layers < 0: outside them.
struct TensorRow {
  std::string_view stem;
  std::vector<uint64_t> shape;
  uint32_t type = kBf16;
  int first = -1, last = -1, step = 1;
};

inline std::vector<GgufTensor> tensors_of(const std::vector<TensorRow>& rows) {
  std::vector<GgufTensor> tensors;
  const auto add = [&](std::string name, const TensorRow& row) {
    GgufTensor tensor;
    tensor.name = std::move(name);
    tensor.shape = row.shape;
    tensor.ggml_type = row.type;
    tensors.push_back(std::move(tensor));
  };
  for (const TensorRow& row : rows) {
    if (row.first < 0) add(std::string(row.stem), row);
    for (int layer = row.first; layer >= 0 && layer <= row.last; layer += row.step)
      add(fmt::format("blk.{}.{}", layer, row.stem), row);
  }
  return tensors;
}

inline GgufFile model_of(const std::vector<TensorRow>& rows, std::vector<GgufEntry> metadata = {}) {
  auto file = GgufFile::describe("model", std::move(metadata), tensors_of(rows));
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

inline std::vector<TensorRow> qwen3_4b() {
  return {{"token_embd.weight", {2560, 151936}},           {"output_norm.weight", {2560}, kF32},
          {"attn_norm.weight", {2560}, kF32, 0, 35},       {"ffn_norm.weight", {2560}, kF32, 0, 35},
          {"attn_q_norm.weight", {128}, kF32, 0, 35},      {"attn_k_norm.weight", {128}, kF32, 0, 35},
          {"attn_q.weight", {2560, 4096}, kBf16, 0, 35},   {"attn_k.weight", {2560, 1024}, kBf16, 0, 35},
          {"attn_v.weight", {2560, 1024}, kBf16, 0, 35},   {"attn_output.weight", {4096, 2560}, kBf16, 0, 35},
          {"ffn_gate.weight", {2560, 9728}, kBf16, 0, 35}, {"ffn_up.weight", {2560, 9728}, kBf16, 0, 35},
          {"ffn_down.weight", {9728, 2560}, kBf16, 0, 35}};
}

/// DeepSeek-V3.1, and with other numbers Kimi-K2.5.
struct LatentModel {
  uint64_t heads = 128, experts = 256, vocabulary = 129280;
  int dense_layers = 3;
};
inline std::vector<TensorRow> latent_model(const LatentModel& model) {
  const int last_dense = model.dense_layers - 1, first = model.dense_layers;
  return {{"token_embd.weight", {7168, model.vocabulary}},
          {"output.weight", {7168, model.vocabulary}},
          {"output_norm.weight", {7168}, kF32},
          {"attn_norm.weight", {7168}, kF32, 0, 60},
          {"ffn_norm.weight", {7168}, kF32, 0, 60},
          {"attn_q_a.weight", {7168, 1536}, kBf16, 0, 60},
          {"attn_q_a_norm.weight", {1536}, kF32, 0, 60},
          {"attn_q_b.weight", {1536, model.heads * 192}, kBf16, 0, 60},
          {"attn_kv_a_mqa.weight", {7168, 576}, kBf16, 0, 60},
          {"attn_kv_a_norm.weight", {512}, kF32, 0, 60},
          {"attn_k_b.weight", {128, 512, model.heads}, kBf16, 0, 60},
          {"attn_v_b.weight", {512, 128, model.heads}, kBf16, 0, 60},
          {"attn_output.weight", {model.heads * 128, 7168}, kBf16, 0, 60},
          {"ffn_gate.weight", {7168, 18432}, kBf16, 0, last_dense},
          {"ffn_up.weight", {7168, 18432}, kBf16, 0, last_dense},
          {"ffn_down.weight", {18432, 7168}, kBf16, 0, last_dense},
          {"exp_probs_b.bias", {model.experts}, kF32, first, 60},
          {"ffn_gate_inp.weight", {7168, model.experts}, kF32, first, 60},
          {"ffn_gate_shexp.weight", {7168, 2048}, kBf16, first, 60},
          {"ffn_up_shexp.weight", {7168, 2048}, kBf16, first, 60},
          {"ffn_down_shexp.weight", {2048, 7168}, kBf16, first, 60},
          {"ffn_gate_exps.weight", {7168, 2048, model.experts}, kBf16, first, 60},
          {"ffn_up_exps.weight", {7168, 2048, model.experts}, kBf16, first, 60},
          {"ffn_down_exps.weight", {2048, 7168, model.experts}, kBf16, first, 60}};
}

/// Three of four layers keep a state.
inline std::vector<TensorRow> qwen35_35b_a3b() {
  std::vector<TensorRow> rows = {{"token_embd.weight", {2048, 248320}},
                                 {"output.weight", {2048, 248320}},
                                 {"output_norm.weight", {2048}, kF32},
                                 {"attn_norm.weight", {2048}, kF32, 0, 39},
                                 {"post_attention_norm.weight", {2048}, kF32, 0, 39},
                                 {"ffn_gate_inp.weight", {2048, 256}, kF32, 0, 39},
                                 {"ffn_gate_inp_shexp.weight", {2048}, kF32, 0, 39},
                                 {"ffn_gate_shexp.weight", {2048, 512}, kBf16, 0, 39},
                                 {"ffn_up_shexp.weight", {2048, 512}, kBf16, 0, 39},
                                 {"ffn_down_shexp.weight", {512, 2048}, kBf16, 0, 39},
                                 {"ffn_gate_exps.weight", {2048, 512, 256}, kBf16, 0, 39},
                                 {"ffn_up_exps.weight", {2048, 512, 256}, kBf16, 0, 39},
                                 {"ffn_down_exps.weight", {512, 2048, 256}, kBf16, 0, 39},
                                 {"attn_q.weight", {2048, 8192}, kBf16, 3, 39, 4},
                                 {"attn_k.weight", {2048, 512}, kBf16, 3, 39, 4},
                                 {"attn_v.weight", {2048, 512}, kBf16, 3, 39, 4},
                                 {"attn_output.weight", {4096, 2048}, kBf16, 3, 39, 4},
                                 {"attn_q_norm.weight", {256}, kF32, 3, 39, 4},
                                 {"attn_k_norm.weight", {256}, kF32, 3, 39, 4}};
  for (int first = 0; first < 3; ++first)
    for (const TensorRow& row : std::vector<TensorRow>{{"attn_qkv.weight", {2048, 8192}},
                                                       {"attn_gate.weight", {2048, 4096}},
                                                       {"ssm_a", {32}, kF32},
                                                       {"ssm_alpha.weight", {2048, 32}},
                                                       {"ssm_beta.weight", {2048, 32}},
                                                       {"ssm_conv1d.weight", {4, 8192}, kF32},
                                                       {"ssm_dt.bias", {32}, kF32},
                                                       {"ssm_norm.weight", {128}, kF32},
                                                       {"ssm_out.weight", {4096, 2048}}})
      rows.push_back({row.stem, row.shape, row.type, first, 39, 4});
  return rows;
}

/// DeepSeek-V4-Flash (antirez/ds4): 43 layers, even ones from 2 pool 4 tokens, odd ones 128.
inline std::vector<TensorRow> deepseek_v4_flash() {
  constexpr int kLast = 42;
  std::vector<TensorRow> rows = {{"token_embd.weight", {4096, 129280}},
                                 {"output.weight", {4096, 129280}},
                                 {"output_norm.weight", {4096}, kF32},
                                 {"output_hc_fn.weight", {16384, 4}},
                                 {"output_hc_base.weight", {4}, kF32},
                                 {"output_hc_scale.weight", {1}, kF32},
                                 {"ffn_gate_tid2eid.weight", {6, 129280}, kI32, 0, 2},
                                 {"exp_probs_b.bias", {256}, kF32, 3, kLast}};
  const std::vector<TensorRow> all = {
      {"hc_attn_fn.weight", {16384, 24}},        {"hc_ffn_fn.weight", {16384, 24}},
      {"hc_attn_base.weight", {24}, kF32},       {"hc_ffn_base.weight", {24}, kF32},
      {"hc_attn_scale.weight", {3}, kF32},       {"hc_ffn_scale.weight", {3}, kF32},
      {"attn_norm.weight", {4096}, kF32},        {"ffn_norm.weight", {4096}, kF32},
      {"attn_q_a.weight", {4096, 1024}},         {"attn_q_a_norm.weight", {1024}, kF32},
      {"attn_q_b.weight", {1024, 32768}},        {"attn_kv.weight", {4096, 512}},
      {"attn_kv_a_norm.weight", {512}, kF32},    {"attn_sinks.weight", {64}, kF32},
      {"attn_output_a.weight", {4096, 8192}},    {"attn_output_b.weight", {8192, 4096}},
      {"ffn_gate_inp.weight", {4096, 256}},      {"ffn_gate_exps.weight", {4096, 2048, 256}},
      {"ffn_up_exps.weight", {4096, 2048, 256}}, {"ffn_down_exps.weight", {2048, 4096, 256}},
      {"ffn_gate_shexp.weight", {4096, 2048}},   {"ffn_up_shexp.weight", {4096, 2048}},
      {"ffn_down_shexp.weight", {2048, 4096}}};
  for (const TensorRow& row : all) rows.push_back({row.stem, row.shape, row.type, 0, kLast});
  const auto pooled = [&](uint64_t width, uint64_t ratio, int first) {
    for (const char* stem : {"attn_compressor_kv.weight", "attn_compressor_gate.weight"})
      rows.push_back({stem, {4096, width}, kBf16, first, kLast, 2});
    rows.push_back({"attn_compressor_ape.weight", {width, ratio}, kBf16, first, kLast, 2});
    rows.push_back({"attn_compressor_norm.weight", {512}, kF32, first, kLast, 2});
  };
  pooled(1024, 4, 2);
  pooled(512, 128, 3);
  const std::vector<TensorRow> index = {
      {"indexer.attn_q_b.weight", {1024, 8192}},     {"indexer.proj.weight", {4096, 64}},
      {"indexer_compressor_kv.weight", {4096, 256}}, {"indexer_compressor_gate.weight", {4096, 256}},
      {"indexer_compressor_ape.weight", {256, 4}},   {"indexer_compressor_norm.weight", {128}, kF32}};
  for (const TensorRow& row : index) rows.push_back({row.stem, row.shape, row.type, 2, kLast, 2});
  return rows;
}

}  // namespace rung::test
