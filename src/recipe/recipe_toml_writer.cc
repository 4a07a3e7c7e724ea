#include <algorithm>

#include "base/hash.h"
#include "recipe/recipe_toml.h"

namespace rung {
namespace {

/// A basic TOML string; what is not printable as \uXXXX.
std::string toml_string(std::string_view text) {
  const bool is_plain = text.find_first_of("'\n\r\t") == std::string_view::npos &&
                        std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (is_plain && text.find_first_of("\\\"") != std::string_view::npos) return fmt::format("'{}'", text);
  std::string result = "\"";
  for (const unsigned char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04x}", c);
    } else {
      result += static_cast<char>(c);
    }
  }
  return result + "\"";
}

std::string toml_strings(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return toml_string(texts.front());
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + toml_string(text);
  return "[" + list + "]";
}

std::string names_of(const std::vector<Format>& formats) {
  std::vector<std::string> names;
  names.reserve(formats.size());
  for (const Format format : formats) names.emplace_back(format_name(format));
  return toml_strings(names);
}

std::string condition_toml(const ModelCondition& when) {
  std::vector<std::string> parts;
  if (!when.architectures.empty()) parts.push_back("architecture = " + toml_strings(when.architectures));
  const auto add_range = [&](std::string_view key, const NumberRange& range) {
    if (!range.text.empty()) parts.push_back(fmt::format("{} = {}", key, toml_string(range.text)));
  };
  const auto add_bool = [&](std::string_view key, std::optional<bool> value) {
    if (value) parts.push_back(fmt::format("{} = {}", key, *value));
  };
  add_range("experts", when.experts);
  add_range("expert_share", when.expert_share);
  add_range("heads_per_kv", when.heads_per_kv);
  add_bool("imatrix", when.imatrix);
  add_bool("tied", when.tied);
  add_bool("llama_70b", when.seventy_b);
  return parts.empty() ? "" : fmt::format("when = {{ {} }}\n", fmt::join(parts, ", "));
}

/// The lines that say what a rule is for.
std::string choice_toml(const RecipeRule& rule) {
  std::string text;
  std::vector<std::string> roles;
  for (const Role role : rule.roles) roles.emplace_back(role_info(role).label);
  if (!roles.empty()) text += fmt::format("role = {}\n", toml_strings(roles));
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) text += fmt::format("{} = {}\n", key, toml_string(value));
  };
  add("regex", rule.pattern_text);
  add("layers", rule.layers.text());
  if (rule.count_by != LayerCount::kLayer) add("count_by", layer_count_name(rule.count_by));
  add("weights", rule.weights.text);
  add("matrices", rule.matrices.text);
  return text + condition_toml(rule.when);
}

}  // namespace

std::string_view layer_count_name(LayerCount count) {
  switch (count) {
    case LayerCount::kMatrix:
      return "matrix";
    case LayerCount::kMatrixOfLayers:
      return "matrix of layers";
    case LayerCount::kLayer:
      break;
  }
  return "layer";
}

std::string RecipeRule::label() const {
  std::string text = choice_toml(*this);
  if (text.empty()) return "every matrix";
  text.pop_back();
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, ", ");
  return text;
}

std::string Recipe::hash() const { return content_hash(text); }

std::string recipe_toml(const Recipe& recipe) {
  std::string text =
      fmt::format("name = {}\ndescription = {}\n", toml_string(recipe.name), toml_string(recipe.description));
  if (recipe.needs_routed_experts) text += "needs = \"routed experts\"\n";
  if (!recipe.fallbacks.empty()) text += fmt::format("fallback = {}\n", names_of(recipe.fallbacks));
  for (const RecipeRule& rule : recipe.rules) {
    text += "\n[[rule]]\n" + choice_toml(rule);
    text += fmt::format("type = \"{}\"\n", rule.format ? format_name(*rule.format) : "keep");
    if (!rule.fallbacks.empty()) text += fmt::format("fallback = {}\n", names_of(rule.fallbacks));
    if (!rule.note.empty()) text += fmt::format("note = {}\n", toml_string(rule.note));
  }
  return text;
}

}  // namespace rung
