#include "recipe/tensor_type_file.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/lower_case.h"
#include "recipe/model_facts.h"
#include "recipe/recipe_toml.h"

namespace rung {
namespace {

Result<RecipeRule> rule_of_word(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return input_error("found '{}', allowed is REGEX=TYPE, for example ffn_down_exps=q4_k", word);
  if (word.find('=', equals + 1) != std::string_view::npos)
    return input_error("found '{}': llama-quantize takes what is after the first '=' as the type", word);
  return parse_rule(lower_case(word));
}

/// What a regex must escape in a tensor's name.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char letter : name) {
    if (letter == '.') text += '\\';
    text += letter;
  }
  return text;
}

/// A name as the regex of it and its twins in other layers: "^blk\.(" and ")\.attn_q\.weight$"; the layer apart.
struct Stem {
  std::string before, after;
  std::optional<uint32_t> layer;
};

Stem stem_of(const std::string& name) {
  const auto layer = role_of(name).layer;
  const std::string prefix = layer ? fmt::format("blk.{}.", *layer) : "";
  if (!layer || !name.starts_with(prefix)) return {"^" + escaped(name) + "$", "", std::nullopt};
  return {"^blk\\.", "\\." + escaped(name.substr(prefix.size())) + "$", layer};
}

}  // namespace

Result<Recipe> parse_tensor_type_file(std::string_view text, std::string_view file) {
  Recipe recipe;
  recipe.description = fmt::format("imported from {}", file);
  size_t line = 1;
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\r\n\v\f", at);
    line += static_cast<size_t>(std::count(text.begin() + at, text.begin() + std::min(begin, text.size()), '\n'));
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t\r\n\v\f", begin), text.size());
    auto rule = rule_of_word(text.substr(begin, at - begin));
    if (!rule) return input_error("{}, line {}: {}", file, line, rule.error().message);
    // Of two words with one regex llama-quantize never asks the second.
    const auto has_same = [&](const RecipeRule& other) { return other.has_same_choice(*rule); };
    if (std::none_of(recipe.rules.begin(), recipe.rules.end(), has_same)) recipe.rules.push_back(std::move(*rule));
  }
  if (recipe.rules.empty()) return input_error("{}: has no word REGEX=TYPE", file);
  recipe.text = recipe_toml(recipe);
  return recipe;
}

Result<TensorTypeFile> tensor_type_file(const QuantizationPlan& plan) {
  if (!plan.writable()) return input_error("{}: has a type that GGUF lacks, so llama-quantize does too", plan.recipe);
  TensorTypeFile file;
  // By stem and type, in the order of the file; each with its layers.
  std::vector<std::pair<Stem, Format>> lines;
  std::map<std::tuple<std::string, std::string, Format>, std::vector<uint32_t>> layers;
  for (const TensorPlan& tensor : plan.tensors) {
    if (tensor.rule == TensorPlan::kNoRule) continue;
    if (!is_quantizable(*tensor.source, role_of(tensor.source->name).role)) {
      if (tensor.format) file.left_out.push_back(tensor.source->name);
      continue;
    }
    const Format format = tensor.format.value_or(*tensor.source->format);
    Stem stem = stem_of(tensor.source->name);
    const auto [group, is_new] = layers.try_emplace({stem.before, stem.after, format});
    if (stem.layer) group->second.push_back(*stem.layer);
    if (is_new) lines.emplace_back(std::move(stem), format);
  }
  for (const auto& [stem, format] : lines) {
    const std::vector<uint32_t>& numbers = layers.at({stem.before, stem.after, format});
    const std::string list = numbers.empty() ? "" : fmt::format("({})", fmt::join(numbers, "|"));
    file.text += fmt::format("{}{}{}={}\n", stem.before, list, stem.after, format_name(format));
  }
  return file;
}

}  // namespace rung
