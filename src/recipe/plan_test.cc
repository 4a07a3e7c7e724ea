#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "recipe/model_for_tests.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

using test::types_of;

const std::string kPico = std::string(RUNG_SOURCE_DIR) + "/models/pico-moe/pico-moe.bf16.gguf";

GgufFile open_pico() {
  auto file = GgufFile::open(kPico);
  EXPECT_TRUE(file) << file.error().message;
  return std::move(*file);
}

QuantizationPlan plan_of(const GgufFile& file, std::string_view recipe, std::vector<std::string> rules = {}) {
  std::vector<RecipeRule> parsed;
  for (const std::string& rule : rules) parsed.push_back(parse_rule(rule).value());
  auto plan = plan_quantization(file, find_recipe(recipe).value(), parsed);
  EXPECT_TRUE(plan) << plan.error().message;
  return *plan;
}

TEST(Plan, TypeLeavesNormsRoutersAndVectors) {
  const GgufFile file = open_pico();
  const auto types = types_of(plan_of(file, "q4_k"));
  EXPECT_EQ(types.at("token_embd.weight"), "q4_k");
  EXPECT_EQ(types.at("output.weight"), "q4_k");
  EXPECT_EQ(types.at("blk.3.ffn_down_exps.weight"), "q4_k");
  EXPECT_EQ(types.at("blk.3.ffn_gate_inp.weight"), "keep");
  EXPECT_EQ(types.at("blk.3.attn_norm.weight"), "keep");
  EXPECT_EQ(types.at("output_norm.weight"), "keep");
}

TEST(Plan, RecipesOfTheMainJob) {
  const GgufFile file = open_pico();
  const auto naive = types_of(plan_of(file, "naive-q2"));
  EXPECT_EQ(naive.at("token_embd.weight"), "q2_k");
  EXPECT_EQ(naive.at("output.weight"), "q2_k");
  EXPECT_EQ(naive.at("blk.0.ffn_down.weight"), "iq2_xxs");
  EXPECT_EQ(naive.at("blk.5.attn_q.weight"), "iq2_xxs");
  const auto asymmetric = types_of(plan_of(file, "asymmetric"));
  EXPECT_EQ(asymmetric.at("blk.1.ffn_gate_exps.weight"), "iq2_xxs");
  EXPECT_EQ(asymmetric.at("blk.1.ffn_up_exps.weight"), "iq2_xxs");
  EXPECT_EQ(asymmetric.at("blk.1.ffn_down_exps.weight"), "q2_k");
  EXPECT_EQ(asymmetric.at("blk.1.ffn_down_shexp.weight"), "q8_0");
  EXPECT_EQ(asymmetric.at("blk.1.ffn_gate_inp.weight"), "keep");
  EXPECT_EQ(asymmetric.at("token_embd.weight"), "q8_0");
  // Plan B: the last max(1, round(0.14 * 6)) = 1 layer.
  const auto plan_b = types_of(plan_of(file, "asymmetric-q4"));
  EXPECT_EQ(plan_b.at("blk.5.ffn_down_exps.weight"), "q4_k");
  EXPECT_EQ(plan_b.at("blk.5.ffn_gate_exps.weight"), "q4_k");
  EXPECT_EQ(plan_b.at("blk.4.ffn_gate_exps.weight"), "iq2_xxs");
}

TEST(Plan, Nvfp4AnnouncesItsFactors) {
  const GgufFile file = open_pico();
  const auto plan = plan_of(file, "nvfp4", {"attn_k=q8_0"});
  uint64_t bytes = 0, named = 0;
  for (const TensorPlan& tensor : plan.tensors) {
    bytes += tensor.bytes;
    const bool has = tensor.source->name == "blk.2.attn_q.weight";
    if (has) {
      EXPECT_EQ(tensor.scale_name, "blk.2.attn_q.scale");
    }
    if (tensor.format != Format::NVFP4) {
      EXPECT_EQ(tensor.scale_name, "");
    }
    named += !tensor.scale_name.empty();
  }
  EXPECT_GT(named, 0u);
  EXPECT_EQ(plan.tensor_bytes, bytes + named * sizeof(float));  // pico has no factors of experts
}

TEST(Plan, SixOfFortyThreeLayersGetPlanB) {
  // DeepSeek-V4-Flash has 43 layers, of which DS4 keeps the experts of the last 6 (37 to 42) at Q4_K.
  std::vector<GgufTensorPlan> tensors;
  for (int layer = 0; layer < 43; ++layer)
    tensors.push_back({fmt::format("blk.{}.ffn_down_exps.weight", layer), {256, 2, 2}, 1, 0});
  const auto model = test::model_in_memory({}, tensors);
  const auto types = types_of(plan_of(model.file, "asymmetric-q4"));
  EXPECT_EQ(types.at("blk.36.ffn_down_exps.weight"), "q2_k");
  EXPECT_EQ(types.at("blk.37.ffn_down_exps.weight"), "q4_k");
  EXPECT_EQ(types.at("blk.42.ffn_down_exps.weight"), "q4_k");
}

TEST(Plan, FirstMatchingRuleWins) {
  const GgufFile file = open_pico();
  const auto plan = plan_of(
      file, "q4_k", {"blk\\.2\\..*exps=q8_0", "exps=q2_k", "no_such_tensor=q8_0", "blk\\.3\\.ffn_up_exps=q8_0"});
  const auto types = types_of(plan);
  EXPECT_EQ(types.at("blk.2.ffn_up_exps.weight"), "q8_0");
  EXPECT_EQ(types.at("blk.3.ffn_up_exps.weight"), "q2_k");
  EXPECT_EQ(types.at("blk.3.attn_norm.weight"), "keep");
  ASSERT_EQ(plan.warnings.size(), 2u);
  EXPECT_NE(plan.warnings[0].find("no_such_tensor"), std::string::npos);
  EXPECT_NE(plan.warnings[1].find("comes first in all it matches"), std::string::npos);
}

TEST(Plan, RowsThatDoNotDivideFallBack) {
  const auto golden = std::filesystem::path(RUNG_SHARED_DIR) / "golden/qwen2moe/model.gguf";  // expert rows of 32
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << golden << " is not here";
  const auto file = GgufFile::open(golden);
  const std::map<std::string, std::string> fallback = {{"q4_k", "q5_0"}, {"q5_k", "q5_1"},      {"q6_k", "q8_0"},
                                                       {"q2_k", "q4_0"}, {"q3_k", "q4_0"},      {"iq4_xs", "iq4_nl"},
                                                       {"q8_0", "q8_0"}, {"iq2_xxs", "iq4_nl"}, {"nf4", "f16"}};
  for (const auto& [type, expected] : fallback)
    EXPECT_EQ(types_of(plan_of(*file, type)).at("blk.0.ffn_down_exps.weight"), expected) << type;
}

TEST(Plan, BytesAndBitsAddUp) {
  const GgufFile file = open_pico();
  const QuantizationPlan plan = plan_of(file, "q8_0");
  uint64_t bytes = 0, values = 0;
  for (const TensorPlan& tensor : plan.tensors) {
    values += tensor.source->values();
    bytes += tensor.format ? tensor.source->values() / 32 * 34 : tensor.source->bytes.size();
  }
  EXPECT_EQ(plan.tensor_bytes, bytes);
  EXPECT_EQ(plan.values, values);
  EXPECT_DOUBLE_EQ(plan.bits_per_weight(), 8.0 * static_cast<double>(bytes) / static_cast<double>(values));
  EXPECT_TRUE(plan.writable());
  EXPECT_FALSE(plan_of(file, "nf4").writable());
}

TEST(Plan, UnknownNamesAndBadRulesSayWhatIsAllowed) {
  EXPECT_NE(find_recipe("Q4_K_M").error().message.find("allowed are the types"), std::string::npos);
  EXPECT_NE(parse_rule("q4_k").error().message.find("REGEX=TYPE"), std::string::npos);
  EXPECT_NE(parse_rule("exps=q9").error().message.find("'q9'"), std::string::npos);
  EXPECT_NE(parse_rule("(=q4_k").error().message.find("regular expression"), std::string::npos);
}

}  // namespace
}  // namespace rung
