// What a cache takes, against published values (the models' own papers and issue trackers; each test says which), from
// configuration values alone.
#include <gmock/gmock.h>

#include "plan/cache_count.h"
#include "plan/hf_config.h"

namespace rung {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kGiB = 1024.0 * 1024 * 1024;

GgufFile file_of(std::vector<GgufEntry> metadata, std::vector<GgufTensor> tensors = {}) {
  return GgufFile::describe("model", std::move(metadata), std::move(tensors)).value();
}

CacheShape shape_of_config(const std::string& json) {
  const auto config = parse_hf_config(json, "config.json");
  EXPECT_TRUE(config) << config.error().message;
  const auto shape = read_cache_shape(file_of(config->metadata));
  EXPECT_TRUE(shape) << shape.error().message;
  return *shape;
}

CacheUse use_of(uint64_t context, const std::string& types = "f16") {
  return {context, 1, KvTypes::parse(types, "--kv").value()};
}

double gib(const CacheShape& shape, uint64_t context) {
  return static_cast<double>(count_cache(shape, use_of(context)).bytes) / kGiB;
}

std::string error_of(std::vector<GgufEntry> metadata, std::vector<GgufTensor> tensors = {}) {
  const auto shape = read_cache_shape(file_of(std::move(metadata), std::move(tensors)));
  return shape ? "no error" : shape.error().message;
}

std::string list_of(size_t count, const std::string& many, size_t period, const std::string& each_last) {
  std::string text;
  for (size_t layer = 0; layer < count; ++layer)
    text += (layer == 0 ? "\"" : ",\"") + (layer % period == period - 1 ? each_last : many) + "\"";
  return "[" + text + "]";
}

// methods.md, section 7: self-tests re-derived from published numbers.

TEST(Cache, LlamaEightAndSeventyBillion) {
  const auto per_token = [](int layers, int heads, int width) {
    return count_cache(shape_of_config(fmt::format(R"({{"model_type":"llama","num_hidden_layers":{},"hidden_size":{},)"
                                                   R"("num_attention_heads":{},"num_key_value_heads":8}})",
                                                   layers, width, heads)),
                       use_of(1))
        .bytes;
  };
  EXPECT_EQ(per_token(32, 32, 4096), 128u * 1024);
  EXPECT_EQ(per_token(80, 64, 8192), 320u * 1024);
}

TEST(Cache, HeadsWiderThanTheModelsShare) {  // Qwen3-0.6B: 16 heads of 128 in a width of 1024
  const CacheShape shape =
      shape_of_config(R"({"model_type":"qwen3","num_hidden_layers":28,"hidden_size":1024,"num_attention_heads":16,)"
                      R"("num_key_value_heads":8,"head_dim":128,"sliding_window":null,"use_sliding_window":false})");
  EXPECT_EQ(shape.certainty, CacheShape::Certainty::kExact);
  EXPECT_DOUBLE_EQ(gib(shape, 40960), 4.375);
}

TEST(Cache, SlidingWindowsInFiveOfSixLayers) {  // Gemma-3-27B
  const std::string config =
      R"({"model_type":"gemma3","text_config":{"model_type":"gemma3_text","num_hidden_layers":62,"hidden_size":5376,)"
      R"("num_attention_heads":32,"num_key_value_heads":16,"head_dim":128,"sliding_window":1024PATTERN}})";
  const auto with = [&](const std::string& pattern) {
    std::string text = config;
    return shape_of_config(text.replace(text.find("PATTERN"), 7, pattern));
  };
  EXPECT_NEAR(gib(with(R"(,"sliding_window_pattern":6)"), 131072), 10.41, 0.005 * 10.41);
  EXPECT_NEAR(gib(with(R"(,"layer_types":)" + list_of(62, "sliding_attention", 6, "full_attention")), 131072), 10.41,
              0.005 * 10.41);
  EXPECT_NEAR(gib(with(""), 131072), 10.41, 0.005 * 10.41);  // as first published: the pattern is implied
}

TEST(Cache, LatentAttention) {  // DeepSeek-V3.1; Kimi-K2.5
  const std::string config =
      R"({"model_type":"deepseek_v3","num_hidden_layers":61,"hidden_size":7168,"num_attention_heads":128,)"
      R"("num_key_value_heads":128,"kv_lora_rank":512,"qk_rope_head_dim":64,"qk_nope_head_dim":128,"v_head_dim":128})";
  const CacheShape shape = shape_of_config(config);
  EXPECT_NEAR(gib(shape, 163840), 10.72, 0.005 * 10.72);
  EXPECT_NEAR(gib(shape, 262144), 17.16, 0.005 * 17.16);
  EXPECT_EQ(shape.layers[0].kind, CacheKind::kLatent);
}

TEST(Cache, ALayerInFourAttendsTheOthersKeepAState) {  // Qwen3.5-27B
  const std::string base =
      R"({"model_type":"qwen3_5_text","num_hidden_layers":64,"hidden_size":5120,"num_attention_heads":24,)"
      R"("num_key_value_heads":4,"head_dim":256,"linear_key_head_dim":128,"linear_value_head_dim":128,)"
      R"("linear_num_key_heads":16,"linear_num_value_heads":48,"linear_conv_kernel_dim":4,)";
  for (const std::string& layers : {std::string(R"("full_attention_interval":4})"),
                                    R"("layer_types":)" + list_of(64, "linear_attention", 4, "full_attention") + "}"}) {
    const CacheCount count = count_cache(shape_of_config(base + layers), use_of(262144));
    EXPECT_DOUBLE_EQ(static_cast<double>(count.bytes - count.state_bytes) / kGiB, 16.00);
    EXPECT_NEAR(static_cast<double>(count.state_bytes) / kGiB, 0.15, 0.005);
  }
}

TEST(Cache, EverySecondLayerHasAWindow) {  // gpt-oss-120b: 2 KiB a token and layer, 18 of 36 windowed
  const CacheShape shape =
      shape_of_config(R"({"model_type":"gpt_oss","num_hidden_layers":36,"hidden_size":2880,"num_attention_heads":64,)"
                      R"("num_key_value_heads":8,"head_dim":64,"sliding_window":128,"layer_types":)" +
                      list_of(36, "sliding_attention", 2, "full_attention") + "}");
  const CacheCount one = count_cache(shape, use_of(1));
  EXPECT_EQ(one.bytes, 36u * 2048);
  EXPECT_EQ(count_cache(shape, use_of(131072)).bytes, uint64_t{18} * 2048 * (131072 + 128));
}

TEST(Cache, CompressedRowsBesideAWindow) {
  // DeepSeek-V4-Flash kept in F32: 13,760 bytes a token (deepseek-v4.md 3.4, the engine's published CSV): 21 layers
  // that pool 4 tokens and have an index of 128, 20 that pool 128, 2 with the window alone.
  std::string ratios = "[0,0";
  for (int layer = 2; layer < 43; ++layer) ratios += layer % 2 == 0 ? ",4" : ",128";
  const CacheShape shape = shape_of_config(
      R"({"model_type":"deepseek_v4","num_hidden_layers":43,"hidden_size":4096,"num_attention_heads":64,)"
      R"("num_key_value_heads":1,"head_dim":512,"sliding_window":128,"index_head_dim":128,"index_topk":512,)"
      R"("compress_ratios":)" +
      ratios + "]}");
  const auto bytes = [&](uint64_t context) { return count_cache(shape, use_of(context, "f32")).bytes; };
  EXPECT_EQ((bytes(65536) - bytes(32768)) / 32768, 13760u);
  EXPECT_EQ(bytes(65536) - 65536u * 13760u, 43u * 128 * 512 * 4);
  const CacheCount far = count_cache(shape, use_of(1u << 20, "f32"));
  EXPECT_LT(far.read_bytes, far.bytes);  // of the rows that pool 4 tokens at most 512 are read
}

// One layer type a test; the numbers by hand.

GgufEntry number(const std::string& key, uint64_t value) { return {"x." + key, GgufValue::u64(value)}; }
GgufEntry list(const std::string& key, const std::vector<uint64_t>& values) {
  auto array = std::make_shared<GgufArray>();
  array->element = GgufType::kU64;
  for (const uint64_t value : values) array->values.push_back(GgufValue::u64(value));
  return {"x." + key, {GgufType::kArray, std::shared_ptr<const GgufArray>(array)}};
}
std::vector<GgufEntry> model_with(std::vector<GgufEntry> more, uint64_t layers = 4) {
  std::vector<GgufEntry> all = {{"general.architecture", GgufValue::string("x")},
                                number("block_count", layers),
                                number("embedding_length", 64),
                                number("attention.head_count", 4),
                                number("attention.key_length", 32),
                                number("attention.value_length", 16)};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
std::vector<uint64_t> layer_bytes(const std::vector<GgufEntry>& metadata, const CacheUse& use) {
  return count_cache(read_cache_shape(file_of(metadata)).value(), use).layer_bytes;
}

TEST(Cache, KeysAndValuesHaveTypesOfTheirOwn) {
  const auto bytes = layer_bytes(model_with({number("attention.head_count_kv", 2)}), use_of(10, "q8_0/f16"));
  EXPECT_THAT(bytes, ElementsAre(10 * 2 * (34 + 32), 10 * 2 * (34 + 32), 10 * 2 * (34 + 32), 10 * 2 * (34 + 32)));
}

TEST(Cache, HeadsLayerByLayer) {
  EXPECT_THAT(layer_bytes(model_with({list("attention.head_count_kv", {4, 2, 1, 0})}), use_of(10)),
              ElementsAre(10 * 4 * 96, 10 * 2 * 96, 10 * 96, 0));
}

TEST(Cache, ChunksSharedLayersAndDraftHead) {
  const auto model = model_with({number("attention.chunk_size", 8), number("attention.sliding_window_pattern", 2),
                                 number("attention.shared_kv_layers", 1), number("nextn_predict_layers", 1)});
  const CacheCount count = count_cache(read_cache_shape(file_of(model)).value(), use_of(10));
  EXPECT_THAT(count.layer_bytes, ElementsAre(8 * 4 * 96, 10 * 4 * 96, 8 * 4 * 96, 0));
  const auto drafting = model_with({number("nextn_predict_layers", 1)});
  EXPECT_EQ(count_cache(read_cache_shape(file_of(drafting)).value(), use_of(10)).draft_bytes, 10u * 4 * 96);
}

TEST(Cache, WindowedLayersMayHaveOtherHeads) {
  const auto model =
      model_with({number("attention.sliding_window", 5), number("attention.key_length_swa", 8),
                  list("attention.sliding_window_pattern", {1, 0, 1, 0}), number("attention.value_length_swa", 8)});
  EXPECT_THAT(layer_bytes(model, use_of(10)), ElementsAre(5 * 4 * 32, 10 * 4 * 96, 5 * 4 * 32, 10 * 4 * 96));
}

TEST(Cache, StatesInsteadOfAndBesideAttention) {
  // ssm: (4 - 1) inputs of 24 + 2 x 2 x 8 channels, and a state of 8 x 24, in F32 (Mamba-2 and gated delta nets alike).
  const std::vector<GgufEntry> ssm = {number("ssm.conv_kernel", 4), number("ssm.inner_size", 24),
                                      number("ssm.state_size", 8), number("ssm.group_count", 2)};
  constexpr uint64_t kState = 4 * (3 * (24 + 2 * 2 * 8) + 8 * 24);
  auto instead = model_with(ssm), beside = model_with(ssm);
  instead.push_back(list("attention.head_count_kv", {0, 4, 0, 4}));
  EXPECT_THAT(layer_bytes(instead, use_of(10)), ElementsAre(kState, 10 * 4 * 96, kState, 10 * 4 * 96));
  EXPECT_THAT(layer_bytes(beside, use_of(10)), testing::Each(kState + 10 * 4 * 96));
  auto one_thing = instead;
  one_thing.push_back(list("feed_forward_length", {0, 0, 128, 0}));  // the third is a feed-forward layer alone
  EXPECT_THAT(layer_bytes(one_thing, use_of(10)), ElementsAre(kState, 10 * 4 * 96, 0, 10 * 4 * 96));
  CacheUse two = use_of(10);
  two.sequences = 2;
  EXPECT_EQ(count_cache(read_cache_shape(file_of(instead)).value(), two).state_bytes, 2 * 2 * kState);
}

TEST(Cache, WhereAWindowIsNobodyKnows) {
  const CacheShape shape = read_cache_shape(file_of(model_with({number("attention.sliding_window", 5)}))).value();
  EXPECT_EQ(shape.certainty, CacheShape::Certainty::kAtMost);
  EXPECT_THAT(shape.notes, ElementsAre(HasSubstr("x.attention.sliding_window_pattern")));
}

TEST(Cache, UnknownNamesTheMissingKeys) {
  const auto missing = [](std::vector<GgufEntry> metadata) {
    metadata.push_back({"general.architecture", GgufValue::string("x")});
    const CacheShape shape = read_cache_shape(file_of(metadata)).value();
    EXPECT_EQ(shape.certainty, CacheShape::Certainty::kUnknown);
    EXPECT_TRUE(shape.layers.empty());
    return shape.missing;
  };
  EXPECT_THAT(missing({}), ElementsAre("x.block_count"));
  EXPECT_THAT(missing({number("block_count", 2)}), ElementsAre("x.attention.head_count", "x.attention.key_length"));
  EXPECT_THAT(missing({number("block_count", 2), number("attention.head_count", 2), number("attention.key_length", 8),
                       number("full_attention_interval", 4)}),
              ElementsAre("x.ssm.state_size", "x.ssm.inner_size"));
}

TEST(Cache, ContradictionsAreErrors) {
  EXPECT_THAT(error_of(model_with({number("attention.head_count_kv", 3)})), HasSubstr("divisor of the 4 heads"));
  EXPECT_THAT(error_of(model_with({list("attention.head_count_kv", {4, 4})})), HasSubstr("2 values for 4 layers"));
  EXPECT_THAT(error_of(model_with({number("nextn_predict_layers", 4)})), HasSubstr("found 4, allowed are 0 to 3"));
  EXPECT_THAT(error_of(model_with({}, uint64_t{1} << 40)), HasSubstr("x.block_count: found 1099511627776"));
  EXPECT_THAT(error_of(model_with({{"x.context_length", GgufValue::string("long")}})),
              HasSubstr("is not a whole number"));
  const auto tensor = [](const std::string& name, uint64_t rows) {
    GgufTensor one;
    one.name = name, one.shape = {64, rows}, one.ggml_type = 0;
    return std::vector<GgufTensor>{one};
  };
  EXPECT_EQ(error_of(model_with({}), tensor("blk.1.attn_k.weight", 4 * 32)), "no error");
  EXPECT_THAT(error_of(model_with({}), tensor("blk.1.attn_k.weight", 64)), HasSubstr("has 64 rows"));
  EXPECT_THAT(error_of(model_with({}), tensor("blk.9.attn_norm.weight", 1)),
              HasSubstr("found 4, but there is a tensor"));
}

TEST(Cache, NumbersBeyondAnyMachineStayAtTheTop) {
  const auto model =
      model_with({number("attention.head_count", 1u << 24), number("attention.head_count_kv", 1u << 24)}, 4000);
  std::vector<GgufEntry> metadata = {model[0], model[1], number("attention.head_count", 1u << 24),
                                     number("attention.key_length", 1u << 24)};
  CacheUse use = use_of(uint64_t{1} << 30);
  use.sequences = 1u << 20;
  EXPECT_EQ(count_cache(read_cache_shape(file_of(metadata)).value(), use).bytes, UINT64_MAX);
}

TEST(Cache, BytesOfAValue) {  // methods.md, section 7
  const std::vector<std::pair<std::string, double>> expected = {{"f16", 2},        {"q8_0", 1.0625}, {"q5_1", .75},
                                                                {"q5_0", .6875},   {"q4_1", .625},   {"q4_0", .5625},
                                                                {"iq4_nl", .5625}, {"fp8", 1}};
  for (const auto& [name, bytes] : expected)
    EXPECT_DOUBLE_EQ(static_cast<double>(KvType::find(name, "--kv")->row_bytes(4096)) / 4096, bytes) << name;
  EXPECT_THAT(KvTypes::parse("q9_0", "--kv").error().message, HasSubstr("--kv: found 'q9_0', allowed are"));
  EXPECT_THAT(KvTypes::parse("f16/", "--kv").error().message, HasSubstr("found ''"));
}

}  // namespace
}  // namespace rung
