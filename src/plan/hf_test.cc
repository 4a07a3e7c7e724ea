// Hugging Face models: configurations that cannot be, names and shapes of checkpoints, folders with and without what is
// needed.
#include <gmock/gmock.h>

#include <fstream>

#include "base/temp_folder_for_tests.h"
#include "plan/cache_count.h"
#include "plan/hf_config.h"
#include "plan/hf_tensors.h"
#include "plan/planner.h"

namespace rung {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kQwen3 =
    R"({"model_type":"qwen3","torch_dtype":"bfloat16","num_hidden_layers":36,"hidden_size":2560,"head_dim":128,)"
    R"("num_attention_heads":32,"num_key_value_heads":8,"max_position_embeddings":262144,"vocab_size":151936,)"
    R"("rms_norm_eps":1e-06,"tie_word_embeddings":true})";

struct Stored {
  std::string name;
  std::vector<uint64_t> shape;
  std::string type = "BF16";
};

uint64_t bytes_of(const Stored& tensor) {
  uint64_t bytes = tensor.type == "F32" ? 4 : tensor.type == "BF16" ? 2 : 1;
  for (const uint64_t size : tensor.shape) bytes *= size;
  return bytes;
}

/// Qwen3-4B's checkpoint: its published index says total_size 8044936192.
std::vector<Stored> qwen3_tensors() {
  std::vector<Stored> tensors = {{"model.embed_tokens.weight", {151936, 2560}}, {"model.norm.weight", {2560}}};
  for (int layer = 0; layer < 36; ++layer)
    for (const Stored& one : std::vector<Stored>{{"self_attn.q_proj.weight", {4096, 2560}},
                                                 {"self_attn.k_proj.weight", {1024, 2560}},
                                                 {"self_attn.v_proj.weight", {1024, 2560}},
                                                 {"self_attn.o_proj.weight", {2560, 4096}},
                                                 {"self_attn.q_norm.weight", {128}},
                                                 {"self_attn.k_norm.weight", {128}},
                                                 {"mlp.gate_proj.weight", {9728, 2560}},
                                                 {"mlp.up_proj.weight", {9728, 2560}},
                                                 {"mlp.down_proj.weight", {2560, 9728}},
                                                 {"input_layernorm.weight", {2560}},
                                                 {"post_attention_layernorm.weight", {2560}}})
      tensors.push_back({fmt::format("model.layers.{}.{}", layer, one.name), one.shape});
  return tensors;
}

/// The header alone, without any data.
void write_header(const std::filesystem::path& path, const std::vector<Stored>& tensors) {
  std::string json = "{";
  uint64_t end = 0;
  for (const Stored& tensor : tensors) {
    const uint64_t begin = end;
    end += bytes_of(tensor);
    json += fmt::format("{}\"{}\":{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}",
                        json.size() > 1 ? "," : "", tensor.name, tensor.type, fmt::join(tensor.shape, ","), begin, end);
  }
  json += "}";
  std::ofstream out(path, std::ios::binary);
  for (int byte = 0; byte < 8; ++byte) out.put(static_cast<char>(json.size() >> (8 * byte)));
  out << json;
}

void write_text(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }

Result<ModelPlan> plan_of(const std::filesystem::path& path, std::vector<std::string> recipes = {}) {
  PlanRequest request;
  request.devices = {{"memory", uint64_t{24} << 30, 0, 0}};
  request.types = KvTypes::parse("f16", "--kv").value();
  request.recipes = std::move(recipes);
  RUNG_TRY(ModelShapes shapes, open_model_shapes(path.string()));
  return plan_model(std::move(shapes), request);
}

TEST(HuggingFace, HeadersAloneGiveTheBytesAsStoredAndAsQuantized) {
  const test::TempFolder folder;
  write_text(folder.path() / "config.json", kQwen3);
  write_header(folder.path() / "model.safetensors", qwen3_tensors());
  const auto plan = plan_of(folder.path());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->rungs.front().weights.bytes, 8044936192u);  // norms in BF16
  EXPECT_THAT(plan->notes, IsEmpty());
  EXPECT_EQ(plan->cache.bytes, 8192u * 36 * 8 * 128 * 2 * 2);
  // As GGUF, norms in F32: the totals of the maps (see shapes_for_tests.h).
  EXPECT_EQ(plan_of(folder.path(), {"q4_k"})->rungs.front().weights.bytes, 2263312384u);
  EXPECT_EQ(plan_of(folder.path(), {"bf16"})->rungs.front().weights.bytes, 8045328384u);
}

TEST(HuggingFace, TheIndexAloneGivesTheTotal) {
  const test::TempFolder folder;
  write_text(folder.path() / "config.json", kQwen3);
  write_text(
      folder.path() / "model.safetensors.index.json",
      R"({"metadata":{"total_size":8044936192},"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}})");
  const auto plan = plan_of(folder.path());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->rungs.front().weights.bytes, 8044936192u);
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("index alone")));
  EXPECT_TRUE(plan->rungs[1].estimated);
  write_header(folder.path() / "model-1.safetensors", {{"a", {4}}});
  EXPECT_THAT(plan_of(folder.path()).error().message, HasSubstr("1 of 2 files are missing"));
  write_header(folder.path() / "model-2.safetensors", {{"b", {4}}});
  EXPECT_THAT(plan_of(folder.path()).error().message,
              HasSubstr("total_size is 8044936192, the files' tensors have 16"));
}

TEST(HuggingFace, TheConfigurationAloneGivesTheCache) {
  const test::TempFolder folder;
  write_text(folder.path() / "config.json", kQwen3);
  const auto plan = plan_of(folder.path() / "config.json");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->rungs, IsEmpty());
  EXPECT_GT(plan->cache.bytes, 0u);
}

TEST(HuggingFace, WithoutConfigurationTheCacheIsUnknown) {
  const test::TempFolder folder;
  EXPECT_THAT(plan_of(folder.path()).error().message, HasSubstr("has no config.json"));
  write_header(folder.path() / "model.safetensors", qwen3_tensors());
  const auto plan = plan_of(folder.path());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->rungs.front().weights.bytes, 8044936192u);
  EXPECT_FALSE(plan->cache_known());
  EXPECT_THAT(plan->cache_shape.missing, ElementsAre("config.json"));
}

std::vector<SafetensorsTensor> headers_of(const std::vector<Stored>& tensors) {
  std::vector<SafetensorsTensor> result;
  for (const Stored& tensor : tensors) result.push_back({tensor.name, tensor.type, tensor.shape, 0, bytes_of(tensor)});
  return result;
}

std::string text_of(const GgufTensor& tensor) {
  return fmt::format("{} {} {}", tensor.name, ggml_type_name(tensor.ggml_type), fmt::join(tensor.shape, "x"));
}
std::vector<std::string> converted(const std::vector<Stored>& tensors, const std::string& config) {
  std::vector<std::string> lines;
  for (const GgufTensor& tensor : gguf_tensors_of(headers_of(tensors), parse_hf_config(config, "c").value()).tensors)
    lines.push_back(text_of(tensor));
  return lines;
}

TEST(HuggingFace, ExpertsBecomeOneTensorAndFp8BecomesBf16) {
  const std::string config = R"({"model_type":"x","num_hidden_layers":1,"hidden_size":64,"num_attention_heads":2,)"
                             R"("kv_lora_rank":32,"qk_rope_head_dim":8,"qk_nope_head_dim":16,"v_head_dim":24})";
  EXPECT_THAT(converted({{"model.layers.0.mlp.experts.0.up_proj.weight", {128, 64}, "F8_E4M3"},
                         {"model.layers.0.mlp.experts.0.up_proj.weight_scale_inv", {1, 1}, "F32"},
                         {"model.layers.0.mlp.experts.1.up_proj.weight", {128, 64}, "F8_E4M3"},
                         {"model.layers.0.mlp.gate.weight", {2, 64}},
                         {"model.layers.0.mlp.gate.e_score_correction_bias", {2}},
                         {"model.layers.0.mlp.shared_experts.down_proj.weight", {64, 128}},
                         {"model.layers.0.self_attn.kv_b_proj.weight", {80, 32}},
                         {"model.layers.1.mlp.up_proj.weight", {128, 64}}},
                        config),
              ElementsAre("blk.0.ffn_up_exps.weight bf16 64x128x2", "blk.0.ffn_gate_inp.weight f32 64x2",
                          "blk.0.exp_probs_b.bias f32 2", "blk.0.ffn_down_shexp.weight bf16 128x64",
                          "blk.0.attn_k_b.weight bf16 16x32x2", "blk.0.attn_v_b.weight bf16 32x24x2",
                          "blk.1.ffn_up.weight bf16 64x128"));
  const HfTensors tensors = gguf_tensors_of(headers_of({{"layers.0.mlp.up_proj.weight", {128, 64}, "F8_E4M3"},
                                                        {"layers.0.mlp.up_proj.weight_scale_inv", {1, 1}, "F32"}}),
                                            parse_hf_config(config, "c").value());
  EXPECT_THAT(tensors.stored_bytes, ElementsAre(128 * 64 + 4));
}

TEST(HuggingFace, FusedExpertsStateLayersAndEyes) {
  const std::string config = R"({"model_type":"x","num_hidden_layers":2,"hidden_size":64,"num_attention_heads":2})";
  EXPECT_THAT(converted({{"model.language_model.layers.0.mlp.experts.gate_up_proj", {4, 64, 256}},
                         {"model.language_model.layers.0.mlp.experts.down_proj", {4, 128, 64}},
                         {"model.language_model.layers.1.linear_attn.conv1d.weight", {96, 1, 4}},
                         {"model.language_model.layers.1.linear_attn.A_log", {8}},
                         {"model.visual.blocks.0.attn.proj.weight", {32, 32}},
                         {"mtp.layers.0.mlp.up_proj.weight", {128, 64}},
                         {"model.layers.0.mlp.strange.weight", {128, 64}}},
                        config),
              ElementsAre("blk.0.ffn_gate_up_exps.weight bf16 64x256x4", "blk.0.ffn_down_exps.weight bf16 128x64x4",
                          "blk.1.ssm_conv1d.weight f32 4x96", "blk.1.ssm_a f32 8",
                          "v.model.visual.blocks.0.attn.proj.weight bf16 32x32", "blk.2.ffn_up.weight bf16 64x128",
                          "blk.0.model.layers.0.mlp.strange.weight bf16 64x128"));
}

TEST(HuggingFace, DeepSeekV4sNamesAndCodes) {  // names and shapes: deepseek-v4.md 3.2
  const std::string config = R"({"model_type":"deepseek_v4","num_hidden_layers":4,"hidden_size":64})";
  EXPECT_THAT(converted({{"embed.weight", {100, 64}},
                         {"layers.2.attn.wq_a.weight", {16, 64}, "F8_E4M3"},
                         {"layers.2.attn.wq_a.scale", {1, 1}, "F8_E8M0"},
                         {"layers.2.attn.compressor.wkv.weight", {32, 64}},
                         {"layers.2.attn.indexer.compressor.wkv.weight", {16, 64}},
                         {"layers.2.ffn.experts.0.w1.weight", {128, 32}, "I8"},
                         {"layers.2.ffn.experts.0.w1.scale", {128, 2}, "F8_E8M0"},
                         {"layers.2.ffn.experts.1.w1.weight", {128, 32}, "I8"},
                         {"layers.2.ffn.shared_experts.w2.weight", {64, 128}},
                         {"layers.2.ffn.gate.tid2eid", {100, 6}, "I64"}},
                        config),
              ElementsAre("token_embd.weight bf16 64x100", "blk.2.attn_q_a.weight bf16 64x16",
                          "blk.2.attn_compressor_kv.weight bf16 64x32", "blk.2.indexer_compressor_kv.weight bf16 64x16",
                          "blk.2.ffn_gate_exps.weight mxfp4 64x128x2", "blk.2.ffn_down_shexp.weight bf16 128x64",
                          "blk.2.ffn_gate_tid2eid.weight i32 6x100"));
}

TEST(HuggingFace, NamesAndShapesThatCannotBe) {
  const std::string config = R"({"model_type":"x","num_hidden_layers":1,"hidden_size":64,"kv_lora_rank":32,)"
                             R"("qk_nope_head_dim":16,"v_head_dim":24})";
  EXPECT_THAT(converted({{"attn_kv_b.weight", {80, 32}},
                         {"visual.attn_kv_b.weight", {80, 32}},
                         {"visual.attn_kv_b.weight_scale_inv", {1}, "F32"},
                         {"layers.0.mlp.experts.0.up_proj.weight", {}, "I8"}},
                        config),
              ElementsAre("attn_kv_b.weight bf16 32x80", "v.visual.attn_kv_b.weight bf16 32x80",
                          "blk.0.ffn_up_exps.weight mxfp4 2x1"));
}

TEST(HuggingFace, PackedCheckpointsAreCountedAsStored) {
  const test::TempFolder folder;
  write_text(folder.path() / "config.json", kQwen3);
  write_header(folder.path() / "model.safetensors", {{"model.layers.0.mlp.up_proj.qweight", {32, 128}, "I8"}});
  const auto plan = plan_of(folder.path());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->rungs.front().weights.bytes, 32u * 128);
  EXPECT_THAT(plan->notes, testing::Contains(HasSubstr("quantized already")));
}

TEST(HuggingFace, ConfigurationsThatCannotBe) {
  const auto error = [](const std::string& text) {
    const auto config = parse_hf_config(text, "config.json");
    if (!config) return config.error().message;
    const auto file = GgufFile::describe("m", config->metadata, {});
    if (!file) return file.error().message;
    const auto shape = read_cache_shape(*file);
    return shape ? std::string("no error") : shape.error().message;
  };
  EXPECT_THAT(error("[1]"), HasSubstr("not a JSON object"));
  EXPECT_THAT(error("{\"a\""), HasSubstr("not a JSON object"));
  EXPECT_THAT(error(R"({"num_hidden_layers":"many"})"), HasSubstr("num_hidden_layers: is no whole number"));
  EXPECT_THAT(error(R"({"num_hidden_layers":-2})"), HasSubstr("num_hidden_layers: is no whole number"));
  EXPECT_THAT(error(R"({"num_hidden_layers":1000000000000})"), HasSubstr("no number of layers"));
  EXPECT_THAT(error(R"({"num_hidden_layers":2,"layer_types":["full_attention"]})"), HasSubstr("1 values for 2 layers"));
  EXPECT_THAT(error(R"({"num_hidden_layers":2,"hidden_size":64,"num_attention_heads":6,"num_key_value_heads":4})"),
              HasSubstr("divisor of the 6 heads"));
  EXPECT_THAT(error(R"({"num_hidden_layers":2,"hidden_size":18446744073709551615,"num_attention_heads":6})"),
              HasSubstr("embedding_length: found 18446744073709551615"));
  // Their sum would be 0.
  EXPECT_THAT(error(R"({"kv_lora_rank":32,"qk_nope_head_dim":9223372036854775808,"v_head_dim":9223372036854775808})"),
              HasSubstr("qk_nope_head_dim: found 9223372036854775808"));
  EXPECT_THAT(parse_hf_config(R"({"num_hidden_layers":1,"layer_types":["telepathy"]})", "c")->not_understood,
              ElementsAre("layer_types \"telepathy\""));
  const std::string deep(1000000, '['), end(1000000, ']');
  EXPECT_THAT(parse_hf_config("{\"num_hidden_layers\":1,\"layer_types\":[" + deep + end + "]}", "c")->not_understood,
              ElementsAre("layer_types array"));
}

}  // namespace
}  // namespace rung
