// Recipes as TOML, as docs/recipes.md describes them.
#pragma once

#include <string>
#include <string_view>

#include "recipe/recipe.h"

namespace rung {

/// file: named in errors, each of which says line and column. Unknown keys, types that cannot be encoded, and two rules
/// for the same tensors with different types are errors.
Result<Recipe> parse_recipe(std::string_view text, std::string_view file);

/// The document of a recipe: parse_recipe gives the same rules back.
std::string recipe_toml(const Recipe& recipe);

/// The roles that a word of a recipe means: a label of tensor_role.h, or its first words ("routed expert"). Empty:
/// none.
std::vector<Role> roles_named(std::string_view word);

}  // namespace rung
