#include "recipe/rule_report.h"

#include <algorithm>
#include <set>

#include "recipe/nearest.h"

namespace rung {
namespace {

constexpr size_t kNames = 3;

bool names_role(const RecipeRule& rule, Role role) {
  return std::find(rule.roles.begin(), rule.roles.end(), role) != rule.roles.end();
}

std::string reason_to_keep(const ModelFacts& facts, size_t tensor) {
  const GgufTensor& source = facts.file->tensors()[tensor];
  if (!source.format) return fmt::format("holds {}, not weights", ggml_type_name(source.ggml_type));
  const std::string_view label = role_info(facts.roles[tensor].role).label;
  if (source.shape.size() < 2) return fmt::format("is a vector ({}), read as f32", label);
  return fmt::format("({}) is read as floats", label);
}

std::string roles_of(const ModelFacts& facts) {
  std::set<std::string_view> labels;
  for (size_t tensor = 0; tensor < facts.roles.size(); ++tensor)
    if (facts.quantizable[tensor]) labels.insert(role_info(facts.roles[tensor].role).label);
  return fmt::format("{}", fmt::join(labels, ", "));
}

bool has_role(const RecipeRule& rule, const ModelFacts& facts) {
  return std::any_of(facts.roles.begin(), facts.roles.end(),
                     [&](const TensorRole& role) { return names_role(rule, role.role); });
}

bool finds_name(const RecipeRule& rule, const ModelFacts& facts) {
  const auto tensors = facts.file->tensors();
  return std::any_of(tensors.begin(), tensors.end(),
                     [&](const GgufTensor& tensor) { return std::regex_search(tensor.name, *rule.pattern); });
}

}  // namespace

std::string rule_name(const RecipeRule& rule) {
  if (rule.line == 0) return fmt::format("rule '{}'", rule.label());
  return fmt::format("rule '{}' (line {})", rule.label(), rule.line);
}

bool can_be_float(const ModelFacts& facts, size_t tensor, Format format) {
  const GgufTensor& source = facts.file->tensors()[tensor];
  if (!source.format || format_info(*source.format).group_values != 0) return false;
  if (format == Format::F32) return true;
  const bool is_router_matrix =
      facts.roles[tensor].role == Role::kRouter && source.shape.size() == 2 && source.name.ends_with("weight");
  return is_router_matrix && (format == Format::F16 || format == Format::BF16);
}

std::optional<std::string> load_fault(const RecipeRule& rule, const RuleMatcher& matcher, const ModelFacts& facts) {
  if (!rule.format || (rule.roles.empty() && !rule.pattern)) return std::nullopt;
  std::optional<size_t> refused;
  bool any_fits = false;
  for (size_t tensor = 0; tensor < facts.roles.size(); ++tensor) {
    if (!matcher.matches(tensor)) continue;
    if (facts.quantizable[tensor] || can_be_float(facts, tensor, *rule.format)) {
      any_fits = true;
    } else if (!refused) {
      refused = tensor;
    }
  }
  if (any_fits || !refused) return std::nullopt;
  return fmt::format("{}: {} cannot be stored in any tensor it is for: {} {} by llama.cpp and by Rung", rule_name(rule),
                     format_name(*rule.format), facts.file->tensors()[*refused].name, reason_to_keep(facts, *refused));
}

std::string idle_warning(const RecipeRule& rule, const ModelFacts& facts, const RecipeRule* decided_by) {
  if (decided_by != nullptr)
    return fmt::format("{} decides nothing: {} comes first in all it matches", rule_name(rule), rule_name(*decided_by));
  std::string nothing = rule_name(rule) + " matched no tensor that can be quantized";
  if (rule.pattern && !finds_name(rule, facts)) {
    std::vector<std::string_view> names;
    for (const GgufTensor& tensor : facts.file->tensors()) names.push_back(tensor.name);
    return fmt::format("{}; the nearest names are {}", nothing,
                       fmt::join(nearest_names(rule.pattern_text, names, kNames), ", "));
  }
  if (!rule.roles.empty() && !has_role(rule, facts))
    return fmt::format("{}; the model's roles are {}", nothing, roles_of(facts));
  if (!rule.layers.text().empty()) return fmt::format("{}; the model has {} layers", nothing, facts.layers);
  return nothing;
}

}  // namespace rung
