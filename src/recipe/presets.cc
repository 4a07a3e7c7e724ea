// The recipes that come with Rung: recipes/*.toml, built in, then llama.cpp's mixtures; and files.
#include <array>

#include "base/lower_case.h"
#include "base/mapped_file.h"
#include "recipe/llama_mixtures.h"
#include "recipe/recipe_toml.h"

namespace rung {

// Made by rung_embed.
std::string_view recipe_naive_q2();
std::string_view recipe_asymmetric();
std::string_view recipe_asymmetric_q4();
std::string_view recipe_ds4_q2();
std::string_view recipe_ds4_q4();
std::string_view recipe_ds4_q2_q4();

namespace {

const std::vector<Recipe>& presets() {
  static const std::vector<Recipe> recipes = [] {
    std::vector<Recipe> list;
    for (const auto text :
         {recipe_naive_q2, recipe_asymmetric, recipe_asymmetric_q4, recipe_ds4_q2, recipe_ds4_q4, recipe_ds4_q2_q4})
      list.push_back(parse_recipe(text(), "built-in recipe").value());  // a test reads all of them
    return list;
  }();
  return recipes;
}

bool is_path(std::string_view name) { return name.find('/') != std::string_view::npos || name.ends_with(".toml"); }

Result<Recipe> recipe_of_file(const std::string& path) {
  RUNG_TRY(const std::string text, read_file(path));
  RUNG_TRY(Recipe recipe, parse_recipe(text, path));
  if (recipe.name.empty()) recipe.name = std::filesystem::path(path).stem().string();
  recipe.is_file = true;
  return recipe;
}

Recipe recipe_of_type(Format format) {
  Recipe recipe;
  recipe.name = format_name(format);
  recipe.is_type = true;
  recipe.description = fmt::format("every weight matrix {}", recipe.name);
  recipe.rules.emplace_back().format = format;
  recipe.text = recipe_toml(recipe);
  return recipe;
}

std::string type_names() {
  std::string types;
  for (const FormatInfo& info : all_formats())
    if (info.encode != nullptr) types += (types.empty() ? "" : ", ") + std::string(info.name);
  return types;
}

/// llama.cpp's mixture of a name, in any case; empty: none.
std::string_view mixture_called(std::string_view name) {
  for (const std::string_view mixture : llama_mixture_names())
    if (lower_case(mixture) == lower_case(name)) return mixture;
  return "";
}

tl::unexpected<Error> unknown_name(std::string_view name) {
  if (format_from_name(lower_case(name)))
    return input_error("type or recipe: found '{}'; types are written in lower case: {}", name, lower_case(name));
  std::string hint;
  if (const std::string_view mixture = mixture_called(name); !mixture.empty())
    hint = fmt::format(" (llama.cpp's mixture is {}{})", kLlamaPrefix, mixture);
  return input_error("type or recipe: found '{}'{}, allowed are the types {} and the recipes {}, and TOML files", name,
                     hint, type_names(), fmt::join(recipe_names(), ", "));
}

}  // namespace

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const Recipe& recipe : presets()) names.push_back(recipe.name);
  for (const std::string_view name : llama_mixture_names())
    names.push_back(std::string(kLlamaPrefix) + std::string(name));
  return names;
}

Result<Recipe> find_recipe(std::string_view name) {
  for (const Recipe& recipe : presets())
    if (recipe.name == name) return recipe;
  if (name.starts_with(kLlamaPrefix)) {
    const std::string_view mixture = mixture_called(name.substr(kLlamaPrefix.size()));
    if (mixture.empty())
      return input_error("recipe: found '{}', allowed are {}{}", name, kLlamaPrefix,
                         fmt::join(llama_mixture_names(), fmt::format(", {}", kLlamaPrefix)));
    return llama_mixture(mixture);
  }
  if (is_path(name)) return recipe_of_file(std::string(name));
  const auto format = format_from_name(name);
  if (!format || format_info(*format).encode == nullptr) return unknown_name(name);
  return recipe_of_type(*format);
}

}  // namespace rung
