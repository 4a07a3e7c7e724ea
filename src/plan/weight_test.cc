// Bytes of weights: published files to the byte, recipes to their published sizes, the rules of thumb that people use.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "plan/model_shapes.h"
#include "plan/shapes_for_tests.h"
#include "plan/size_model.h"
#include "plan/tensor_map.h"
#include "plan/weight_count.h"

namespace rung {
namespace {

using testing::HasSubstr;

constexpr double kGiB = 1024.0 * 1024 * 1024;

WeightCount count_of(const GgufFile& model, const std::string& recipe) {
  const auto plan = plan_quantization(model, find_recipe(recipe).value(), {});
  EXPECT_TRUE(plan) << plan.error().message;
  return count_weights(*plan, 0, ExpertUse{});
}
uint64_t bytes_of(const GgufFile& model, const std::string& recipe) { return count_of(model, recipe).bytes; }
uint64_t bytes_of(const GgufFile& model) { return count_weights(keep_plan(model), 0, ExpertUse{}).bytes; }

uint64_t bytes_of_type(const WeightCount& count, std::string_view type) {
  for (const WeightPart& part : count.by_type)
    if (part.name == type) return part.bytes;
  return 0;
}

// Totals of the bytes= fields of the maps, which nothing here reads.

TEST(Weights, DenseModelToTheByte) {
  const GgufFile model = test::model_of(test::qwen3_4b());
  EXPECT_EQ(bytes_of(model), 8045328384u);
  EXPECT_EQ(bytes_of(model, "q4_k"), 2263312384u);
  // The map's author kept the embedding at Q2_K: 2.625 instead of 2.0625 bits for 2560 x 151936 weights.
  EXPECT_EQ(bytes_of(model, "iq2_xxs") + uint64_t{2560} * 151936 / 256 * (84 - 66), 1065124864u);
}

TEST(Weights, LatentAttentionFallsBackWhereRowsAreTooShort) {
  const GgufFile model = test::model_of(test::latent_model({}));
  EXPECT_EQ(bytes_of(model), 1342267742208u);
  const WeightCount q4 = count_of(model, "q4_k");
  EXPECT_EQ(q4.bytes, 377885689856u);
  EXPECT_EQ(bytes_of_type(q4, "q5_0"), 61u * (uint64_t{128} * 512 * 128 / 32 * 22));  // attn_k_b: rows of 128
  const GgufFile kimi = test::model_of(test::latent_model({64, 384, 163840, 1}));
  const WeightCount iq2 = count_of(kimi, "iq2_xxs");
  EXPECT_EQ(iq2.bytes, 265320705536u);
  EXPECT_EQ(bytes_of_type(iq2, "iq4_nl"), 61u * (uint64_t{128} * 512 * 64 / 32 * 18));
}

TEST(Weights, MixtureWithRecurrentLayersToTheByte) {
  const GgufFile model = test::model_of(test::qwen35_35b_a3b());
  EXPECT_EQ(bytes_of(model), 69365647872u);
  EXPECT_EQ(bytes_of(model, "q8_0"), 36892150272u);
  EXPECT_EQ(bytes_of(model, "q4_k"), 19572951552u);
  EXPECT_EQ(bytes_of(model, "iq2_xxs"), 9019064832u);
}

TEST(Weights, Ds4RecipesHaveTheirPublishedSizes) {  // antirez/ds4, README and deepseek-v4.md
  const GgufFile model = test::model_of(
      test::deepseek_v4_flash(),
      {{"general.architecture", GgufValue::string("deepseek4")}, {"deepseek4.block_count", GgufValue::u32(43)}});
  const auto gib = [&](const std::string& recipe) { return static_cast<double>(bytes_of(model, recipe)) / kGiB; };
  EXPECT_NEAR(gib("ds4/q2"), 80.76, 0.005);
  EXPECT_NEAR(gib("ds4/q4"), 153.3, 0.05);
  EXPECT_NEAR(gib("ds4/q2-q4"), 90.9, 0.05);
}

/// The report page draws DeepSeek-V4-Flash from these numbers.
TEST(Weights, PictureOfALargeModelIsCounted) {
  const std::string path = RUNG_SOURCE_DIR "/web/src/deepseek_v4_flash.json";
  const auto picture = nlohmann::json::parse(read_file(path).value());
  const GgufFile model =
      test::model_of(test::deepseek_v4_flash(), {{"general.architecture", GgufValue::string("deepseek4")}});
  ASSERT_EQ(picture["recipes"].size(), 3u);
  for (const auto& recipe : picture["recipes"]) {
    const auto plan = plan_quantization(model, find_recipe(recipe["recipe"].get<std::string>()).value(), {});
    const WeightCount count = count_weights(*plan, 43, std::nullopt);
    ASSERT_EQ(recipe["layout"].size(), count.by_role.size());
    for (size_t part = 0; part < count.by_role.size(); ++part) {
      EXPECT_EQ(recipe["layout"][part]["part"], count.by_role[part].name);
      EXPECT_EQ(recipe["layout"][part]["weights"], count.by_role[part].values);
      EXPECT_EQ(recipe["layout"][part]["bytes"], count.by_role[part].bytes);
    }
  }
}

TEST(Weights, WhatATokenReads) {
  // 13.3 billion active without the embedding (deepseek-v4.md 3.2); of Q2's bytes 9.6 GB a token (section 2).
  const GgufFile model = test::model_of(test::deepseek_v4_flash());
  const auto plan = plan_quantization(model, find_recipe("ds4/q2").value(), {});
  const WeightCount count = count_weights(*plan, 0, ExpertUse{256, 6});
  EXPECT_NEAR(static_cast<double>(*count.active_values) / 1e9, 13.3, 0.05);
  EXPECT_NEAR(static_cast<double>(*count.active_bytes) / 1e9, 9.6, 0.05);
  EXPECT_FALSE(count_weights(*plan, 0, std::nullopt).active_bytes);
  // A tied embedding is the output matrix too: every token reads it.
  const GgufFile tied = test::model_of(test::qwen3_4b());
  EXPECT_EQ(*count_weights(keep_plan(tied), 0, ExpertUse{}).active_bytes, bytes_of(tied));
}

TEST(Weights, DraftHeadIsAPartOfItsOwn) {
  std::vector<test::TensorRow> rows = test::qwen3_4b();
  rows.push_back({"ffn_up.weight", {2560, 9728}, test::kBf16, 36, 36});
  rows.push_back({"nextn.eh_proj.weight", {5120, 2560}, test::kBf16, 36, 36});
  const WeightCount count = count_weights(keep_plan(test::model_of(rows)), 36, ExpertUse{});
  EXPECT_EQ(count.draft_bytes, 2u * (uint64_t{2560} * 9728 + uint64_t{5120} * 2560));
  EXPECT_EQ(count.layers.size(), 36u);
  EXPECT_EQ(*count.active_bytes, count.bytes - count.draft_bytes);
}

// The rules of thumb, GB for a billion weights, of a usual model of every size.
TEST(Weights, RulesOfThumb) {
  for (const double size : {7e9, 8e9, 14e9, 32e9, 70e9, 405e9}) {
    const GgufFile model = usual_model({size, 0, {}}, "model").value();
    const auto each = [&](const std::string& recipe) { return static_cast<double>(bytes_of(model, recipe)) / size; };
    EXPECT_NEAR(static_cast<double>(bytes_of(model)) / size, 2.0, 0.01) << size;
    EXPECT_NEAR(each("q8_0"), 1.06, 0.01) << size;
    EXPECT_NEAR(each("q5_k"), 0.69, 0.005) << size;
    EXPECT_NEAR(each("q6_k"), 0.82, 0.005) << size;
    EXPECT_NEAR(each("q4_k"), 0.56, 0.005) << size;
    EXPECT_NEAR(each("llama.cpp/Q4_K_M"), 0.61, 0.015) << size;
    EXPECT_NEAR(each("iq2_xxs"), 0.26, 0.005) << size;
    EXPECT_NEAR(each("q3_k"), 0.43, 0.005) << size;
  }
}

TEST(Weights, UsualModelsHaveTheSizeAskedFor) {
  const auto values = [](const char* text) {
    const auto size = parse_model_size(text);
    return static_cast<double>(count_weights(keep_plan(usual_model(*size, text).value()), 0, ExpertUse{}).values);
  };
  EXPECT_NEAR(values("8B"), 8e9, 8e7);
  EXPECT_NEAR(values("70B"), 70e9, 7e8);
  EXPECT_NEAR(values("8x7B"), 46.7e9, 2e9);  // Mixtral: attention is there once
  EXPECT_NEAR(values("30B-A3B"), 30e9, 1e9);
  EXPECT_NEAR(values("235B-A22B"), 235e9, 5e9);
  for (const char* text : {"30B-A3B", "120B-A5B", "235B-A22B", "671B-A37B"}) {
    const auto size = parse_model_size(text);
    const GgufFile model = usual_model(*size, text).value();
    const ExpertUse experts{model.u64("llama.expert_count").value(), model.u64("llama.expert_used_count").value()};
    const auto active = count_weights(keep_plan(model), 0, experts).active_values;
    EXPECT_NEAR(static_cast<double>(*active), *size->active, 0.35 * *size->active) << text;
  }
}

TEST(TensorMap, ReadsLinesAndSaysWhatIsWrong) {
  const auto read = [](const std::string& line) { return parse_tensor_map(line, "m.map"); };
  const auto good = read(
      "f.gguf:00:a.weight:shape=(512, 3):dtype=q4_k:elements=1536:bytes=1\n"
      "f.gguf:00:b:shape=(7,):dtype=f32:elements=7:bytes=28:imatrix=0\r\n\n");
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ((*good)[0].data_bytes(), 3u * 2 * 144);  // whatever bytes= says
  EXPECT_EQ((*good)[1].shape, std::vector<uint64_t>{7});
  const auto error = [&](const std::string& line) { return read(line).error().message; };
  EXPECT_THAT(error(""), HasSubstr("has no line"));
  EXPECT_THAT(error("hello"), HasSubstr("m.map: line 1: found 1 fields"));
  EXPECT_THAT(error("f:0:a:shape=(512, x):dtype=q4_k"), HasSubstr("shape: found '(512, x)'"));
  EXPECT_THAT(error("f:0:a:dtype=q4_k:elements=1"), HasSubstr("shape: found 'nothing'"));
  EXPECT_THAT(error("f:0:a:shape=(512,):dtype=q9:x=1"), HasSubstr("dtype: found 'q9'"));
  EXPECT_THAT(error("f:0:a:shape=(512,):dtype=f32:elements=5"), HasSubstr("elements: found 5"));
  EXPECT_THAT(error("f:0:a:shape=(5,):dtype=f32\nf:0:a:shape=(5,):dtype=f32"),
              HasSubstr("line 2: tensor a occurs twice"));
}

TEST(TensorMap, AbsurdShapesAreErrorsNotNumbers) {
  const auto open = [](const std::string& line) -> std::string {
    auto tensors = parse_tensor_map(line, "m.map");
    if (!tensors) return tensors.error().message;
    const auto file = GgufFile::describe("m.map", {}, std::move(*tensors));
    return file ? "no error" : file.error().message;
  };
  EXPECT_THAT(open("f:0:a:shape=(4294967296, 4294967296):dtype=f32:elements=0"), HasSubstr("another number"));
  EXPECT_THAT(open("f:0:a:shape=(4294967296, 4294967296):dtype=f32:x=0"), HasSubstr("at most 2^63 - 1 values"));
  EXPECT_THAT(open("f:0:a:shape=(1073741824, 4294967296):dtype=f32:x=0"), HasSubstr("too large for any file"));
  EXPECT_THAT(open("f:0:a:shape=(1073741824, 2147483648):dtype=f32:x=0"), HasSubstr("which is no model"));
  EXPECT_THAT(open("f:0:a:shape=(100, 2):dtype=q4_k:x=0"), HasSubstr("needs a multiple of 256"));
  EXPECT_THAT(open("f:0:a:shape=(0, 2):dtype=f32:x=0"), HasSubstr("no dimension may be 0"));
}

}  // namespace
}  // namespace rung
