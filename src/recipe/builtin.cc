// The built-in recipes.
#include <algorithm>
#include <cctype>

#include "recipe/recipe.h"

namespace rung {
namespace {

RecipeRule rule(std::vector<Role> roles, Format format, double last_layers_share = 0) {
  return {std::move(roles), std::nullopt, "", last_layers_share, format};
}

const std::vector<Role>& gate_and_up() {
  static const std::vector<Role> roles = {Role::kRoutedExpertGate, Role::kRoutedExpertUp, Role::kRoutedExpertGateUp};
  return roles;
}
const std::vector<Role> kDown = {Role::kRoutedExpertDown};
const std::vector<Role> kEnds = {Role::kTokenEmbedding, Role::kOutput};

std::vector<Recipe> make_recipes() {
  std::vector<Recipe> recipes;
  recipes.push_back({"naive-q2",
                     false,
                     false,
                     "IQ2_XXS everywhere, token embedding and output Q2_K",
                     {rule(kEnds, Format::Q2_K), rule({}, Format::IQ2_XXS)}});
  recipes.push_back({"asymmetric",
                     false,
                     true,
                     "routed experts at two bits (gate and up IQ2_XXS, down Q2_K), router untouched, the rest Q8_0",
                     {rule(gate_and_up(), Format::IQ2_XXS), rule(kDown, Format::Q2_K), rule({}, Format::Q8_0)}});
  Recipe plan_b = recipes.back();  // DS4's plan B: 6 of 43 layers is the share that it came with
  plan_b.name = "asymmetric-q4";
  plan_b.description = "asymmetric, with the routed experts of the last layers (14 %, at least one) at Q4_K";
  plan_b.rules.insert(plan_b.rules.begin(), {rule(gate_and_up(), Format::Q4_K, 0.14), rule(kDown, Format::Q4_K, 0.14)});
  recipes.push_back(std::move(plan_b));
  return recipes;
}

const std::vector<Recipe>& builtin_recipes() {
  static const std::vector<Recipe> recipes = make_recipes();
  return recipes;
}

}  // namespace

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const Recipe& recipe : builtin_recipes()) names.push_back(recipe.name);
  return names;
}

Result<Recipe> find_recipe(std::string_view name) {
  for (const Recipe& recipe : builtin_recipes())
    if (recipe.name == name) return recipe;
  if (const auto format = format_from_name(name); format && format_info(*format).encode != nullptr)
    return Recipe{std::string(name), true, false, fmt::format("every weight matrix {}", name), {rule({}, *format)}};
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (format_from_name(lower))
    return input_error("type or recipe: found '{}'; types are written in lower case: {}", name, lower);
  std::string types;
  for (const FormatInfo& info : all_formats())
    if (info.encode != nullptr) types += (types.empty() ? "" : ", ") + std::string(info.name);
  return input_error("type or recipe: found '{}', allowed are the types {} and the recipes {}", name, types,
                     fmt::join(recipe_names(), ", "));
}

}  // namespace rung
