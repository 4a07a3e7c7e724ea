// The recipes that come with Rung, on models known by their tensors' names.
#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "base/temp_folder_for_tests.h"
#include "recipe/model_for_tests.h"
#include "recipe/tensor_type_file.h"

namespace rung {
namespace {

using testing::HasSubstr;

constexpr uint32_t kF32 = 0, kBf16 = 30, kI32 = 26;

std::vector<GgufEntry> metadata_of(const std::string& architecture, uint32_t layers, uint32_t experts) {
  return {{"general.architecture", GgufValue::string(architecture)},
          {architecture + ".block_count", GgufValue::u32(layers)},
          {architecture + ".expert_count", GgufValue::u32(experts)}};
}

/// Of every tensor; of one that is kept, the type it has.
std::map<std::string, std::string> types_of(const GgufFile& file, const Recipe& recipe) {
  const auto plan = plan_quantization(file, recipe, {});
  EXPECT_TRUE(plan) << plan.error().message;
  std::map<std::string, std::string> types = test::types_of(*plan);
  for (auto& [name, type] : types)
    if (type == "keep") type = ggml_type_name(file.tensor(name)->ggml_type);
  return types;
}

/// DeepSeek-V4-Flash's tensors, narrower, and their types in DS4's files (antirez/ds4).
struct Ds4Tensor {
  std::string name;
  std::vector<uint64_t> shape;
  uint32_t source;
  std::string in_q2;
};
const std::vector<Ds4Tensor> kOnce = {
    {"token_embd.weight", {256, 8}, kBf16, "f16"}, {"output.weight", {256, 8}, kBf16, "q8_0"},
    {"output_norm.weight", {256}, kBf16, "f32"},   {"output_hc_fn.weight", {256, 4}, kBf16, "f16"},
    {"output_hc_base.weight", {4}, kF32, "f32"},   {"output_hc_scale.weight", {1}, kF32, "f32"}};
const std::vector<Ds4Tensor> kOfLayer = {{"hc_attn_fn.weight", {256, 24}, kBf16, "f16"},
                                         {"hc_ffn_fn.weight", {256, 24}, kBf16, "f16"},
                                         {"hc_attn_base.weight", {24}, kF32, "f32"},
                                         {"attn_norm.weight", {256}, kF32, "f32"},
                                         {"attn_q_a.weight", {256, 32}, kBf16, "q8_0"},
                                         {"attn_q_b.weight", {256, 32}, kBf16, "q8_0"},
                                         {"attn_kv.weight", {256, 32}, kBf16, "q8_0"},
                                         {"attn_output_a.weight", {256, 32}, kBf16, "q8_0"},
                                         {"attn_output_b.weight", {256, 32}, kBf16, "q8_0"},
                                         {"attn_sinks.weight", {64}, kF32, "f32"},
                                         {"attn_compressor_kv.weight", {256, 32}, kBf16, "f16"},
                                         {"attn_compressor_gate.weight", {256, 32}, kBf16, "f16"},
                                         {"attn_compressor_ape.weight", {256, 4}, kBf16, "f16"},
                                         {"attn_compressor_norm.weight", {256}, kF32, "f32"},
                                         {"indexer.attn_q_b.weight", {256, 32}, kBf16, "f16"},
                                         {"indexer.proj.weight", {256, 64}, kBf16, "f16"},
                                         {"indexer_compressor_kv.weight", {256, 32}, kBf16, "f16"},
                                         {"ffn_gate_inp.weight", {256, 4}, kBf16, "f16"},
                                         {"exp_probs_b.bias", {4}, kF32, "f32"},
                                         {"ffn_gate_tid2eid.weight", {6, 8}, kI32, "i32"},
                                         {"ffn_gate_exps.weight", {256, 8, 4}, kBf16, "iq2_xxs"},
                                         {"ffn_up_exps.weight", {256, 8, 4}, kBf16, "iq2_xxs"},
                                         {"ffn_down_exps.weight", {256, 8, 4}, kBf16, "q2_k"},
                                         {"ffn_gate_shexp.weight", {256, 8}, kBf16, "q8_0"},
                                         {"ffn_up_shexp.weight", {256, 8}, kBf16, "q8_0"},
                                         {"ffn_down_shexp.weight", {256, 8}, kBf16, "q8_0"}};

struct Ds4Model {
  test::ModelInMemory model;
  std::map<std::string, std::string> in_q2;
};

Ds4Model ds4_model(uint32_t layers) {
  std::vector<GgufTensorPlan> tensors;
  std::map<std::string, std::string> types;
  const auto add = [&](const std::string& prefix, const Ds4Tensor& one) {
    tensors.push_back({prefix + one.name, one.shape, one.source, 0});
    types[prefix + one.name] = one.in_q2;
  };
  for (const Ds4Tensor& one : kOnce) add("", one);
  for (uint32_t layer = 0; layer < layers; ++layer)
    for (const Ds4Tensor& one : kOfLayer) add(fmt::format("blk.{}.", layer), one);
  return {test::model_in_memory(metadata_of("deepseek4", layers, 4), tensors), types};
}

bool is_expert(const std::string& name) { return name.find("_exps") != std::string::npos; }

TEST(Ds4Recipes, TwoBitsTensorByTensor) {
  const Ds4Model ds4 = ds4_model(43);
  EXPECT_EQ(types_of(ds4.model.file, find_recipe("ds4/q2").value()), ds4.in_q2);
}

TEST(Ds4Recipes, FourBitsChangeTheExpertsAlone) {
  Ds4Model ds4 = ds4_model(43);
  for (auto& [name, type] : ds4.in_q2)
    if (is_expert(name)) type = "q4_k";
  EXPECT_EQ(types_of(ds4.model.file, find_recipe("ds4/q4").value()), ds4.in_q2);
}

TEST(Ds4Recipes, PlanBKeepsTheLastSixOfFortyThree) {
  Ds4Model ds4 = ds4_model(43);
  for (auto& [name, type] : ds4.in_q2)
    if (is_expert(name) && role_of(name).layer >= 37u) type = "q4_k";
  EXPECT_EQ(types_of(ds4.model.file, find_recipe("ds4/q2-q4").value()), ds4.in_q2);
}

TEST(Ds4Recipes, DenseModelsAreRefused) {
  const auto model = test::model_in_memory(metadata_of("llama", 1, 0), {{"blk.0.ffn_up.weight", {256, 8}, kBf16, 0}});
  EXPECT_THAT(plan_quantization(model.file, find_recipe("ds4/q2").value(), {}).error().message,
              HasSubstr("no routed experts"));
}

TEST(Ds4Recipes, PlanBInProportionAndAtLeastOne) {
  for (const auto& [layers, last] : std::map<uint32_t, uint32_t>{{1, 1}, {2, 1}, {6, 1}, {28, 4}, {61, 9}}) {
    const Ds4Model ds4 = ds4_model(layers);
    uint32_t high = 0;
    for (const auto& [name, type] : types_of(ds4.model.file, find_recipe("ds4/q2-q4").value()))
      high += name.ends_with("ffn_up_exps.weight") && type == "q4_k";
    EXPECT_EQ(high, last) << layers;
  }
}

test::ModelInMemory dense_model(uint32_t layers) {
  std::vector<GgufTensorPlan> tensors = {{"token_embd.weight", {256, 8}, kBf16, 0}};
  for (uint32_t layer = 0; layer < layers; ++layer)
    for (const std::string_view stem : {"attn_q", "attn_v", "ffn_gate", "ffn_up", "ffn_down"})
      tensors.push_back({fmt::format("blk.{}.{}.weight", layer, stem), {256, 8}, kBf16, 0});
  return test::model_in_memory(metadata_of("llama", layers, 0), tensors);
}

TEST(Asymmetric, InADenseModelTheMiddleFeedForwardsPlayTheExperts) {
  const auto model = dense_model(16);
  const auto types = types_of(model.file, find_recipe("asymmetric").value());
  EXPECT_EQ(types.at("blk.1.ffn_up.weight"), "q8_0");
  EXPECT_EQ(types.at("blk.2.ffn_up.weight"), "iq2_xxs");
  EXPECT_EQ(types.at("blk.13.ffn_gate.weight"), "iq2_xxs");
  EXPECT_EQ(types.at("blk.13.ffn_down.weight"), "q2_k");
  EXPECT_EQ(types.at("blk.14.ffn_down.weight"), "q8_0");
  EXPECT_EQ(types.at("blk.7.attn_q.weight"), "q8_0");
  EXPECT_EQ(types.at("token_embd.weight"), "q8_0");
  const auto plan_b = types_of(model.file, find_recipe("asymmetric-q4").value());
  EXPECT_EQ(plan_b.at("blk.11.ffn_up.weight"), "iq2_xxs");
  EXPECT_EQ(plan_b.at("blk.12.ffn_up.weight"), "q4_k");
  EXPECT_EQ(plan_b.at("blk.13.ffn_down.weight"), "q4_k");
  EXPECT_EQ(plan_b.at("blk.14.ffn_down.weight"), "q8_0");
}

Recipe user_recipe(std::string_view rules) {
  const test::TempFolder folder;
  const auto path = folder / "rules.toml";
  std::ofstream(path) << rules;
  auto recipe = find_recipe(path.string());
  EXPECT_TRUE(recipe) << recipe.error().message;
  return std::move(*recipe);
}

std::string fault_of(const GgufFile& file, std::string_view rules) {
  const auto plan = plan_quantization(file, user_recipe(rules), {});
  return plan ? "no fault" : plan.error().message;
}

std::string warnings_of(const GgufFile& file, std::string_view rules) {
  return fmt::format("{}", fmt::join(plan_quantization(file, user_recipe(rules), {})->warnings, "\n"));
}

TEST(UserRecipe, IdleRulesAreToldWithTheNearestNames) {
  const auto model = dense_model(4);
  EXPECT_THAT(warnings_of(model.file, "[[rule]]\nregex = 'ffn_dwon'\ntype = 'q4_k'\n[[rule]]\ntype = 'q8_0'\n"),
              testing::AllOf(HasSubstr("(line 1)"), HasSubstr("nearest names are blk.0.ffn_down.weight")));
  EXPECT_THAT(warnings_of(model.file, "[[rule]]\nrole = 'routed expert'\ntype = 'q4_k'\n[[rule]]\ntype = 'q8_0'\n"),
              HasSubstr("the model's roles are attention q, attention v, ffn down"));
  EXPECT_THAT(warnings_of(model.file, "[[rule]]\nlayers = '37-42'\ntype = 'q4_k'\n[[rule]]\ntype = 'q8_0'\n"),
              HasSubstr("the model has 4 layers"));
  EXPECT_THAT(warnings_of(model.file, "[[rule]]\ntype = 'q8_0'\n[[rule]]\nregex = 'ffn'\ntype = 'q4_k'\n"),
              HasSubstr("'every matrix' (line 1) comes first in all it matches"));
  // A rule for other models is no mistake.
  EXPECT_EQ(warnings_of(model.file, "[[rule]]\nwhen = { experts = '>= 1' }\ntype = 'q4_k'\n[[rule]]\ntype = 'q8_0'\n"),
            "");
}

TEST(UserRecipe, TypesThatNothingLoadsAreRefused) {
  const Ds4Model ds4 = ds4_model(2);
  const std::string rest = "\n[[rule]]\ntype = 'q8_0'\n";
  EXPECT_THAT(fault_of(ds4.model.file, "[[rule]]\nrole = 'norm'\ntype = 'q8_0'" + rest),
              HasSubstr("output_norm.weight is a vector (norm), read as f32"));
  EXPECT_THAT(fault_of(ds4.model.file, "[[rule]]\nrole = 'norm'\ntype = 'f16'" + rest),
              HasSubstr("f16 cannot be stored"));
  EXPECT_THAT(fault_of(ds4.model.file, "[[rule]]\nregex = 'ffn_gate_inp'\ntype = 'q4_k'" + rest),
              HasSubstr("(router) is read as floats"));
  EXPECT_THAT(fault_of(ds4.model.file, "[[rule]]\nregex = 'tid2eid'\ntype = 'f16'" + rest), HasSubstr("holds i32"));
  EXPECT_EQ(fault_of(ds4.model.file, "[[rule]]\nrole = 'router'\ntype = 'f16'" + rest), "no fault");
  EXPECT_EQ(fault_of(ds4.model.file, "[[rule]]\nregex = 'blk.1'\ntype = 'q4_k'" + rest), "no fault");  // some can
}

TEST(UserRecipe, OwnFallbacksAreAskedInOrder) {
  const auto model = test::model_in_memory(metadata_of("llama", 1, 0), {{"blk.0.attn_q.weight", {96, 8}, kBf16, 0},
                                                                        {"blk.0.attn_k.weight", {256, 8}, kBf16, 0},
                                                                        {"blk.0.attn_v.weight", {100, 8}, kBf16, 0}});
  const Recipe recipe = user_recipe("fallback = ['nvfp4', 'q8_0']\n[[rule]]\nrole = 'attention'\ntype = 'q4_k'\n");
  EXPECT_EQ(types_of(model.file, recipe),
            (std::map<std::string, std::string>{
                {"blk.0.attn_q.weight", "q8_0"}, {"blk.0.attn_k.weight", "q4_k"}, {"blk.0.attn_v.weight", "f16"}}));
}

TEST(Plan, BytesOfRulesAddUp) {
  const Ds4Model ds4 = ds4_model(3);
  const auto plan = plan_quantization(ds4.model.file, find_recipe("ds4/q2").value(), {});
  ASSERT_TRUE(plan) << plan.error().message;
  uint64_t bytes = plan->kept.bytes, weights = plan->kept.weights;
  size_t tensors = plan->kept.tensors;
  for (const PlannedRule& rule : plan->rules) {
    bytes += rule.bytes;
    weights += rule.weights;
    tensors += rule.tensors;
  }
  EXPECT_EQ(bytes, plan->tensor_bytes);
  EXPECT_EQ(weights, plan->values);
  EXPECT_EQ(tensors, plan->tensors.size());
  EXPECT_EQ(plan->rules[1].bytes, 3u * 4 * 8 * 84);  // down: 3 layers, 4 experts, 8 rows of one Q2_K block of 84 bytes
}

TEST(Plan, UsersRulesAreInItsText) {
  const auto model = dense_model(2);
  const std::vector<RecipeRule> first = {parse_rule("attn_q=q6_k").value()};
  const auto plan = plan_quantization(model.file, find_recipe("asymmetric").value(), first);
  const auto plain = plan_quantization(model.file, find_recipe("asymmetric").value(), {});
  EXPECT_THAT(plan->recipe_text, HasSubstr("regex = \"attn_q\"\ntype = \"q6_k\""));
  EXPECT_EQ(plain->recipe_text, find_recipe("asymmetric")->text);
  EXPECT_EQ(plain->recipe_hash, find_recipe("asymmetric")->hash());
  EXPECT_NE(plan->recipe_hash, plain->recipe_hash);
  const std::vector<RecipeRule> both = {parse_rule("attn_q=q6_k").value(), parse_rule("attn_q=q4_k").value()};
  EXPECT_THAT(plan_quantization(model.file, find_recipe("q8_0").value(), both).error().message,
              HasSubstr("given both q6_k and q4_k"));
}

TEST(TensorTypeFile, ExportedAndImportedGivesTheSameTypes) {
  const Ds4Model ds4 = ds4_model(5);
  const Recipe recipe = find_recipe("ds4/q2-q4").value();
  const auto exported = tensor_type_file(plan_quantization(ds4.model.file, recipe, {}).value());
  ASSERT_TRUE(exported) << exported.error().message;
  EXPECT_THAT(exported->text, HasSubstr("^blk\\.(0|1|2|3)\\.ffn_down_exps\\.weight$=q2_k\n"));
  EXPECT_THAT(exported->left_out, testing::Contains("blk.0.ffn_gate_inp.weight"));
  const auto imported = parse_tensor_type_file(exported->text, "types");
  ASSERT_TRUE(imported) << imported.error().message;
  auto expected = types_of(ds4.model.file, recipe);
  for (const std::string& name : exported->left_out) expected[name] = "bf16";
  EXPECT_EQ(types_of(ds4.model.file, *imported), expected);
}

}  // namespace
}  // namespace rung
