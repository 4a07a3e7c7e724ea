#include "recipe/recipe_toml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "recipe/tensor_type_file.h"

namespace rung {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto recipe = parse_recipe(text, "r.toml");
  return recipe ? "no error" : recipe.error().message;
}

TEST(RecipeToml, ReadsEveryKey) {
  const auto recipe = parse_recipe(R"(
name = "mine"
description = "a test"
needs = "routed experts"
fallback = ["q5_0", "f16"]
[[rule]]
role = ["routed expert down", "attention"]
regex = 'blk\.(\d+)'
layers = "first 4, 37-42"
count_by = "matrix"
weights = ">= 1M"
matrices = "> 1"
when = { architecture = ["llama"], experts = "4-16", expert_share = ">= 50%", heads_per_kv = 4, imatrix = true, tied = false }
type = "q4_k"
fallback = "q8_0"
note = "why"
[[rule]]
type = "keep"
)",
                                   "r.toml");
  ASSERT_TRUE(recipe) << recipe.error().message;
  EXPECT_EQ(recipe->name, "mine");
  EXPECT_TRUE(recipe->needs_routed_experts);
  EXPECT_EQ(recipe->fallbacks, (std::vector<Format>{Format::Q5_0, Format::F16}));
  ASSERT_EQ(recipe->rules.size(), 2u);
  const RecipeRule& rule = recipe->rules[0];
  EXPECT_EQ(rule.line, 6u);
  EXPECT_THAT(rule.roles, testing::Contains(Role::kAttentionQ));
  EXPECT_THAT(rule.roles, testing::Not(testing::Contains(Role::kAttentionSinks)));  // never quantized
  EXPECT_EQ(rule.format, Format::Q4_K);
  EXPECT_EQ(rule.fallbacks, std::vector<Format>{Format::Q8_0});
  EXPECT_EQ(rule.note, "why");
  EXPECT_FALSE(recipe->rules[1].format);
  EXPECT_EQ(recipe->hash(), content_hash(recipe->text));
  const auto again = parse_recipe(recipe_toml(*recipe), "again");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(recipe_toml(*again), recipe_toml(*recipe));
  EXPECT_EQ(again->rules[0].label(), rule.label());
}

TEST(RecipeToml, FaultsSayWhere) {
  EXPECT_THAT(error_of("[[rule]]\ntype = q4_k\n"), HasSubstr("r.toml, line 2, column 8"));
  EXPECT_THAT(error_of("[[rule]]\ntype = \"q4_x\"\n"), HasSubstr("line 2, column 8: type: found 'q4_x', allowed are"));
  EXPECT_THAT(error_of("[[rule]]\nrole = \"experts\"\ntype = \"q4_k\"\n"), HasSubstr("line 2, column 8: role: found"));
  EXPECT_THAT(error_of("[[rule]]\nlayer = 3\ntype = \"q4_k\"\n"),
              HasSubstr("line 2, column 1: key 'layer' is unknown"));
  EXPECT_THAT(error_of("[[rule]]\nregex = \"(\"\ntype = \"q4_k\"\n"), HasSubstr("not a regular expression"));
  EXPECT_THAT(error_of("[[rule]]\nlayers = \"last\"\ntype = \"q4_k\"\n"),
              HasSubstr("line 2, column 10: layers: found"));
  EXPECT_THAT(error_of("[[rule]]\nweights = \">> 3\"\ntype = \"q4_k\"\n"), HasSubstr("weights: found '>> 3'"));
  EXPECT_THAT(error_of("[[rule]]\nwhen = { experts = true }\ntype = \"q4_k\"\n"), HasSubstr("experts: allowed is"));
  EXPECT_THAT(error_of("[[rule]]\nregex = \"a\"\n"), HasSubstr("line 1, column 1: the rule has no type"));
  EXPECT_THAT(error_of("name = \"x\"\n"), HasSubstr("has no rule"));
  EXPECT_THAT(error_of("rule = 3\n"), HasSubstr("[[rule]]"));
  EXPECT_THAT(error_of("name = \"\xff\"\n"), HasSubstr("line 1"));
}

TEST(RecipeToml, FaultsAreOneLineWhateverTheDocumentSays) {
  for (const char* text :
       {"x = n\nq = 1\n", "[[rule]]\ntype = \"q4\\nk\"\n", "[[rule]]\n\"lay\\ner\" = 3\ntype = \"q4_k\"\n",
        "[[rule]]\nregex = \"(\\n\"\ntype = \"q4_k\"\n"}) {
    const std::string error = error_of(text);
    EXPECT_FALSE(error.empty()) << text;
    EXPECT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

TEST(RecipeToml, ContradictionsAreRefused) {
  EXPECT_THAT(
      error_of("[[rule]]\nregex = \"a\"\ntype = \"q4_k\"\n[[rule]]\nregex = \"a\"\ntype = \"q8_0\"\n"),
      HasSubstr("line 4, column 1: the rule gives 'regex = \"a\"' q8_0, but the one in line 1 gives the same q4_k"));
}

TEST(RecipeToml, BuiltInRecipesRead) {
  for (const std::string& name : recipe_names()) {
    const auto recipe = find_recipe(name);
    ASSERT_TRUE(recipe) << recipe.error().message;
    EXPECT_EQ(recipe->name, name);
    EXPECT_FALSE(recipe->description.empty());
    EXPECT_FALSE(recipe->rules.empty());
    EXPECT_FALSE(recipe->is_file);
  }
  EXPECT_EQ(find_recipe("llama.cpp/q4_k_m")->name, "llama.cpp/Q4_K_M");
  EXPECT_THAT(find_recipe("llama.cpp/Q4_K_XL").error().message, HasSubstr("llama.cpp/Q4_K_M"));
  EXPECT_THAT(find_recipe("absent.toml").error().message, HasSubstr("absent.toml"));
}

std::vector<uint64_t> layers_of(std::string_view text, uint64_t layers) {
  const LayerChoice choice = LayerChoice::parse(text).value();
  std::vector<uint64_t> chosen;
  for (uint64_t layer = 0; layer < layers; ++layer)
    if (choice.contains(layer, layers)) chosen.push_back(layer);
  return chosen;
}

TEST(LayerChoice, Forms) {
  using Layers = std::vector<uint64_t>;
  EXPECT_EQ(layers_of("first 4", 6), (Layers{0, 1, 2, 3}));
  EXPECT_EQ(layers_of("last 2", 6), (Layers{4, 5}));
  EXPECT_EQ(layers_of("last 9", 3), (Layers{0, 1, 2}));
  EXPECT_EQ(layers_of("37-42", 43), (Layers{37, 38, 39, 40, 41, 42}));
  EXPECT_EQ(layers_of("5", 7), (Layers{5}));
  EXPECT_EQ(layers_of("last 6/43", 43), (Layers{37, 38, 39, 40, 41, 42}));
  EXPECT_EQ(layers_of("last 6/43", 6), (Layers{5}));
  EXPECT_EQ(layers_of("last 6/43", 1), (Layers{0}));
  EXPECT_EQ(layers_of("first 14%", 10), (Layers{0}));
  EXPECT_EQ(layers_of("first n/8", 7), (Layers{}));
  EXPECT_EQ(layers_of("first n/8, from 7n/8", 16), (Layers{0, 1, 14, 15}));
  // n = 24: the first 3, from 21, and every third between, beginning with the third (use_more_bits in llama.cpp's
  // llama-quant.cpp).
  EXPECT_EQ(layers_of("more bits", 24), (Layers{0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23}));
  for (const std::string_view bad :
       {"", "first", "last x", "4-2", "first 3/0", "from n", "1,,2", "99999999999999999999"})
    EXPECT_FALSE(LayerChoice::parse(bad)) << bad;
}

TEST(NumberRange, Forms) {
  const auto has = [](std::string_view text, double number) {
    return parse_number_range(text).value().contains(number);
  };
  EXPECT_TRUE(has("8", 8) && !has("8", 7));
  EXPECT_TRUE(has(">= 4", 4) && !has("> 4", 4) && has("> 4", 5));
  EXPECT_TRUE(has("<= 1M", 1e6) && !has("< 1M", 1e6));
  EXPECT_TRUE(has("4-16", 4) && has("4-16", 16) && !has("4-16", 17));
  EXPECT_TRUE(has(">= 75%", 0.76) && !has(">= 75%", 0.74));
  EXPECT_TRUE(NumberRange().contains(3));
  for (const std::string_view bad : {"", ">", ">= x", "4-", "5-4", "-3", "nan", "inf", "3 apples"})
    EXPECT_FALSE(parse_number_range(bad)) << bad;
}

TEST(TensorTypeFile, IsReadAsLlamaQuantizeReadsIt) {
  // tools/quantize: words between blanks, letters lowered, split at the first '=', the first match wins.
  const auto recipe =
      parse_tensor_type_file("blk\\.0\\..*=Q8_0 ATTN_V=q6_K\n\n\tffn_down=iq4_xs ffn_down=q2_k\n", "types");
  ASSERT_TRUE(recipe) << recipe.error().message;
  ASSERT_EQ(recipe->rules.size(), 3u);
  EXPECT_EQ(recipe->rules[0].pattern_text, "blk\\.0\\..*");
  EXPECT_EQ(recipe->rules[1].pattern_text, "attn_v");
  EXPECT_EQ(recipe->rules[1].format, Format::Q6_K);
  EXPECT_EQ(recipe->rules[2].format, Format::IQ4_XS);
  EXPECT_TRUE(parse_recipe(recipe->text, "again"));
  EXPECT_THAT(parse_tensor_type_file("a=q4_k\nb=q99\n", "types").error().message,
              HasSubstr("types, line 2: rule 'b=q99'"));
  EXPECT_THAT(parse_tensor_type_file("a=b=q4_k", "types").error().message, HasSubstr("first '='"));
  EXPECT_THAT(parse_tensor_type_file("=q4_k", "types").error().message, HasSubstr("REGEX=TYPE"));
  EXPECT_THAT(parse_tensor_type_file(" \n", "types").error().message, HasSubstr("has no word"));
}

}  // namespace
}  // namespace rung
