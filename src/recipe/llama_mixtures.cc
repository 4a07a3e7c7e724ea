#include "recipe/llama_mixtures.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "recipe/recipe_toml.h"

namespace rung {
namespace {

struct Mixture {
  std::string_view name;
  Format base;
};
constexpr Mixture kMixtures[] = {
    {"Q2_K", Format::Q2_K},     {"Q2_K_S", Format::Q2_K},    {"Q3_K_S", Format::Q3_K}, {"Q3_K_M", Format::Q3_K},
    {"Q3_K_L", Format::Q3_K},   {"Q4_K_S", Format::Q4_K},    {"Q4_K_M", Format::Q4_K}, {"Q5_K_S", Format::Q5_K},
    {"Q5_K_M", Format::Q5_K},   {"Q6_K", Format::Q6_K},      {"Q8_0", Format::Q8_0},   {"Q4_0", Format::Q4_0},
    {"Q4_1", Format::Q4_1},     {"Q5_0", Format::Q5_0},      {"Q5_1", Format::Q5_1},   {"Q1_0", Format::Q1_0},
    {"Q2_0", Format::Q2_0},     {"IQ1_S", Format::IQ1_S},    {"IQ1_M", Format::IQ1_M}, {"IQ2_XXS", Format::IQ2_XXS},
    {"IQ2_XS", Format::IQ2_XS}, {"IQ2_S", Format::IQ2_XS},   {"IQ2_M", Format::IQ2_S}, {"IQ3_XXS", Format::IQ3_XXS},
    {"IQ3_XS", Format::IQ3_S},  {"IQ3_S", Format::IQ3_S},    {"IQ3_M", Format::IQ3_S}, {"IQ4_NL", Format::IQ4_NL},
    {"IQ4_XS", Format::IQ4_XS}, {"MXFP4_MOE", Format::Q8_0}, {"TQ1_0", Format::TQ1_0}, {"TQ2_0", Format::TQ2_0},
    {"F16", Format::F16},       {"BF16", Format::BF16},
};

// What a rule is for, by name as llama.cpp asks.
constexpr std::string_view kOutput = R"(^output\.weight$)";
constexpr std::string_view kEmbedding = R"(^(per_layer_)?token_embd\.weight$)";
constexpr std::string_view kV = R"(attn_(v|qkv|kv_b)\.weight)";
constexpr std::string_view kK = R"(attn_k\.weight)";
constexpr std::string_view kQ = R"(attn_q\.weight)";
constexpr std::string_view kAttentionOutput = R"(attn_output\.weight)";
constexpr std::string_view kDown = "ffn_down";
constexpr std::string_view kGate = "ffn_gate";
constexpr std::string_view kRest = "";  ///< whatever is left: no later row counts
constexpr std::string_view kUp = "ffn_up";

/// What layers count. Feed-forward matrices: by layer where there are experts, else one by one.
enum class Count : uint8_t { kFeedForward, kMatrix, kMatrixOfLayers };

/// What a rule asks beside the name; empty: nothing.
struct When {
  std::string_view layers = "";
  Count count = Count::kFeedForward;
  std::string_view experts = "", heads_per_kv = "", architecture = "", matrices = "";
  std::optional<bool> imatrix = {}, tied = {}, seventy_b = {};
};

struct Row {
  std::string_view mixtures;  ///< names between spaces
  std::string_view pattern;
  When when;
  std::optional<Format> format;  ///< empty: the mixture's base
  std::string_view note;
};

constexpr std::string_view kFloats = "F16 BF16";
constexpr std::string_view kLow = "IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M";
constexpr std::string_view kLowAndIq3 = "IQ1_S IQ1_M IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ3_XXS";
constexpr std::string_view kEightExpertOutputs =
    "Q2_K Q3_K_S Q3_K_M Q4_K_S Q4_K_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_NL IQ4_XS";
constexpr std::string_view kExact = "Q8_0 MXFP4_MOE";

constexpr std::string_view kSharedByMany = "few heads of values serve many queries";
constexpr std::string_view kEight = "with eight experts attention is a small part of the file";
constexpr std::string_view kFirst = "the first layers feed all others";
constexpr std::string_view kEnds = "the first and the last eighth and every third layer between";
constexpr std::string_view kValues = "values are added up unweakened by the softmax";
constexpr std::string_view kEveryToken = "every token passes through it";

constexpr When on(std::string_view layers, Count count = Count::kFeedForward) { return {layers, count}; }
constexpr When experts(std::string_view number) { return {.experts = number}; }
constexpr When gqa4(std::optional<bool> seventy_b = {}) { return {.heads_per_kv = ">= 4", .seventy_b = seventy_b}; }
constexpr When falcon(std::string_view layers = "") { return {.layers = layers, .architecture = "falcon"}; }

// In order of decision: within a mixture the first that matches counts; what none matches gets the base. "*" stands for
// all mixtures but the floats.
constexpr Row kRows[] = {
    {"*", kOutput, falcon(), Format::Q8_0, ""},
    {"*", kEmbedding, {.architecture = "falcon", .tied = true}, Format::Q8_0, "it is the output as well"},
    {kExact, kOutput, {}, Format::Q8_0, ""},
    {kExact, kEmbedding, {.tied = true}, Format::Q8_0, "it is the output as well"},
    {kLowAndIq3, kOutput, {}, Format::Q5_K, kEveryToken},
    {kLowAndIq3, kEmbedding, {.tied = true}, Format::Q5_K, "it is the output as well"},
    {"*", kOutput, {}, Format::Q6_K, kEveryToken},
    {"*", kEmbedding, {.tied = true}, Format::Q6_K, "it is the output as well"},

    {"MXFP4_MOE", "", {.matrices = "> 1"}, Format::MXFP4, "experts"},

    {"IQ1_S IQ1_M IQ2_XXS IQ2_XS", kEmbedding, {}, Format::Q2_K, ""},
    {"IQ2_S IQ2_M IQ3_XXS", kEmbedding, {}, Format::IQ3_S, ""},
    {"TQ1_0 TQ2_0 Q2_0", kEmbedding, {}, Format::Q4_K, ""},

    {kLow, kV, gqa4(), Format::Q4_K, kSharedByMany},
    {kLow, kV, experts(">= 4"), Format::Q4_K, "beside experts attention is a small part of the file"},
    {"IQ2_S IQ2_M", kV, {}, Format::IQ3_S, kValues},
    {kLow, kV, {}, Format::Q2_K, kValues},
    {kLow, kK, experts("8"), Format::Q4_K, kEight},
    {"IQ2_S IQ2_M", kDown, on("first n/8", Count::kMatrixOfLayers), Format::IQ3_S, kFirst},
    {kLow, kDown, on("first n/8", Count::kMatrixOfLayers), Format::Q2_K, kFirst},
    {kLow, kAttentionOutput, experts("8"), Format::Q5_K, kEight},
    {"IQ1_S IQ1_M", kAttentionOutput, {}, Format::IQ2_XXS, ""},
    {"IQ2_S IQ2_M", kAttentionOutput, {}, Format::IQ3_S, ""},
    {kLow, kRest, {}, {}, ""},

    {"*", kV, experts("8"), Format::Q8_0, kEight},
    {"Q4_K_M Q5_K_M", kV, on("more bits", Count::kMatrix), Format::Q6_K, kEnds},
    {"Q2_K Q3_K_S Q3_K_M Q4_K_S Q4_K_M IQ3_M", kV, {.seventy_b = true}, Format::Q5_K, kSharedByMany},
    {"Q2_K_S IQ3_XXS IQ3_XS IQ3_S", kV, gqa4(true), Format::Q5_K, kSharedByMany},
    {"Q2_K Q2_K_S IQ3_XXS IQ3_XS IQ3_S", kV, gqa4(), Format::Q4_K, kSharedByMany},
    {"Q2_K", kV, {}, Format::Q3_K, kValues},
    {"IQ3_XXS", kV, {.imatrix = false}, Format::IQ3_S, "without an importance matrix three bits lose more"},
    {"IQ3_M", kV, {}, Format::Q4_K, kValues},
    {"Q3_K_M", kV, on("first 2", Count::kMatrix), Format::Q5_K, kFirst},
    {"Q3_K_M", kV, {}, Format::Q4_K, kValues},
    {"Q3_K_L", kV, {}, Format::Q5_K, kValues},
    {"IQ4_NL IQ4_XS", kV, gqa4(), Format::Q5_K, kSharedByMany},
    {"Q4_K_S", kV, on("first 4", Count::kMatrix), Format::Q5_K, kFirst},

    {"*", kK, experts("8"), Format::Q8_0, kEight},
    {"IQ3_XS", kK, {}, Format::IQ3_XXS, "queries and keys bear more"},
    {"IQ3_XXS", kK, {}, Format::IQ2_S, "queries and keys bear more"},
    {"IQ3_XS", kQ, {}, Format::IQ3_XXS, "queries and keys bear more"},
    {"IQ3_XXS", kQ, {}, Format::IQ2_S, "queries and keys bear more"},

    {"Q2_K", kDown, {}, Format::Q3_K, "its output goes straight into the residual stream"},
    {"Q2_K_S", kDown, on("first n/8"), Format::Q4_K, kFirst},
    {"IQ3_XXS", kDown, {.layers = "first n/8", .imatrix = false}, Format::Q4_K, kFirst},
    {"IQ3_XXS", kDown, {.imatrix = false}, Format::Q3_K, "without an importance matrix three bits lose more"},
    {"Q3_K_M", kDown, on("first n/16"), Format::Q5_K, kFirst},
    {"Q3_K_M", kDown, falcon("more bits"), Format::Q4_K, kEnds},
    {"Q3_K_M", kDown, falcon(), {}, ""},
    {"Q3_K_M", kDown, {}, Format::Q4_K, "its output goes straight into the residual stream"},
    {"IQ3_M", kDown, on("first n/8"), Format::Q4_K, kFirst},
    {"IQ3_M", kDown, {.layers = "more bits", .experts = "8"}, Format::Q4_K, kEnds},
    {"Q3_K_L", kDown, falcon(), Format::Q4_K, ""},
    {"Q3_K_L", kDown, {}, Format::Q5_K, "its output goes straight into the residual stream"},
    {"Q4_K_M", kDown, falcon("first n/16"), Format::Q6_K, kFirst},
    {"Q4_K_M", kDown, falcon("more bits"), Format::Q5_K, kEnds},
    {"Q4_K_M Q4_K_S", kDown, falcon(), {}, ""},
    {"Q4_K_M Q5_K_M", kDown, on("more bits"), Format::Q6_K, kEnds},
    {"Q4_K_S", kDown, on("first n/8"), Format::Q5_K, kFirst},
    {"IQ4_NL IQ4_XS", kDown, {.layers = "first n/8", .imatrix = false}, Format::Q5_K, kFirst},
    {"Q4_0", kDown, {.layers = "first n/8", .imatrix = true}, Format::Q4_1, "an importance matrix can mislead here"},
    {"Q5_0", kDown, {.layers = "first n/8", .imatrix = true}, Format::Q5_1, "an importance matrix can mislead here"},

    {"Q3_K_L", kAttentionOutput, falcon(), Format::Q4_K, ""},
    {kEightExpertOutputs, kAttentionOutput, falcon(), {}, ""},
    {kEightExpertOutputs, kAttentionOutput, experts("8"), Format::Q5_K, kEight},
    {"Q3_K_L", kAttentionOutput, experts("8"), {}, ""},
    {"Q2_K", kAttentionOutput, {}, Format::Q3_K, ""},
    {"IQ3_XXS", kAttentionOutput, {}, Format::IQ3_S, ""},
    {"Q3_K_M IQ3_M", kAttentionOutput, {}, Format::Q4_K, ""},
    {"Q3_K_L", kAttentionOutput, {}, Format::Q5_K, ""},

    {"IQ3_XS", kGate, on("first n/8, from 7n/8"), {}, kFirst},
    {"IQ3_XS", kGate, {}, Format::IQ3_XXS, "the layers between bear more"},
    {"IQ3_XS", kUp, on("first n/8, from 7n/8"), {}, kFirst},
    {"IQ3_XS", kUp, {}, Format::IQ3_XXS, "the layers between bear more"},
};

/// Whether a list of names between spaces has one.
bool has_name(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t space = list.find(' ');
    if (list.substr(0, space) == name) return true;
    if (space == std::string_view::npos) return false;
    list.remove_prefix(space + 1);
  }
  return false;
}

bool is_in(const Row& row, std::string_view mixture) {
  if (has_name(kFloats, mixture)) return false;
  return has_name(row.mixtures, "*") || has_name(row.mixtures, mixture);
}

NumberRange range_of(std::string_view text) {
  return text.empty() ? NumberRange() : parse_number_range(text).value();  // ours: sound
}

RecipeRule rule_of(const Row& row, Format base) {
  RecipeRule rule;
  rule.pattern_text = row.pattern;
  if (!row.pattern.empty()) rule.pattern = std::regex(rule.pattern_text, std::regex::optimize);
  if (!row.when.layers.empty()) rule.layers = LayerChoice::parse(row.when.layers).value();
  rule.matrices = range_of(row.when.matrices);
  rule.when.experts = range_of(row.when.experts);
  rule.when.heads_per_kv = range_of(row.when.heads_per_kv);
  if (!row.when.architecture.empty()) rule.when.architectures = {std::string(row.when.architecture)};
  rule.when.imatrix = row.when.imatrix;
  rule.when.tied = row.when.tied;
  rule.when.seventy_b = row.when.seventy_b;
  rule.format = row.format.value_or(base);
  rule.note = row.note;
  const bool is_output = row.pattern == kOutput || row.when.tied;
  if (is_output) rule.fallbacks = {Format::Q8_0, Format::F16};
  return rule;
}

/// Unless an earlier rule is for the same tensors.
void add_rule(Recipe& recipe, RecipeRule rule) {
  const auto has_same = [&](const RecipeRule& other) { return rule.has_same_choice(other); };
  if (std::none_of(recipe.rules.begin(), recipe.rules.end(), has_same)) recipe.rules.push_back(std::move(rule));
}

/// Feed-forward rules that count layers, twice: with experts by the layer's number, without by the matrix's.
void add_counted(Recipe& recipe, const Row& row, RecipeRule rule) {
  if (row.when.layers.empty() || row.when.count != Count::kFeedForward) {
    if (row.when.count == Count::kMatrix) rule.count_by = LayerCount::kMatrix;
    if (row.when.count == Count::kMatrixOfLayers) rule.count_by = LayerCount::kMatrixOfLayers;
    add_rule(recipe, std::move(rule));
    return;
  }
  RecipeRule dense = rule;
  if (rule.when.experts.text.empty()) rule.when.experts = range_of("> 1");
  add_rule(recipe, std::move(rule));
  if (!row.when.experts.empty()) return;
  dense.when.experts = range_of("<= 1");
  dense.count_by = LayerCount::kMatrixOfLayers;
  add_rule(recipe, std::move(dense));
}

}  // namespace

std::span<const std::string_view> llama_mixture_names() {
  static const auto names = [] {
    std::array<std::string_view, std::size(kMixtures)> list;
    std::transform(std::begin(kMixtures), std::end(kMixtures), list.begin(),
                   [](const Mixture& mixture) { return mixture.name; });
    return list;
  }();
  return names;
}

Recipe llama_mixture(std::string_view name) {
  const Mixture* mixture = std::find_if(std::begin(kMixtures), std::end(kMixtures),
                                        [&](const Mixture& candidate) { return candidate.name == name; });
  Recipe recipe;
  recipe.name = std::string(kLlamaPrefix) + std::string(name);
  recipe.description = fmt::format("the types that llama-quantize gives with {}", name);
  for (const Row& row : kRows) {
    if (!is_in(row, name)) continue;
    if (row.pattern == kRest && row.when.matrices.empty()) break;
    add_counted(recipe, row, rule_of(row, mixture->base));
  }
  RecipeRule rest;
  rest.format = mixture->base;
  recipe.rules.push_back(std::move(rest));
  recipe.text = recipe_toml(recipe);
  return recipe;
}

}  // namespace rung
