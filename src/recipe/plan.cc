#include <algorithm>
#include <map>

#include "base/hash.h"
#include "model/scale_tensor.h"
#include "recipe/recipe_toml.h"
#include "recipe/rule_report.h"

namespace rung {
namespace {

/// llama.cpp's rule for rows that are no multiple of the block: tensor_type_fallback in its llama-quant.cpp.
Format fallback_of(Format format) {
  switch (format) {
    case Format::IQ1_S:
    case Format::IQ1_M:
    case Format::IQ2_XXS:
    case Format::IQ2_XS:
    case Format::IQ2_S:
    case Format::IQ3_XXS:
    case Format::IQ3_S:
    case Format::IQ4_XS:
      return Format::IQ4_NL;
    case Format::Q2_0:
    case Format::Q2_K:
    case Format::Q3_K:
    case Format::TQ1_0:
    case Format::TQ2_0:
      return Format::Q4_0;
    case Format::Q4_K:
      return Format::Q5_0;
    case Format::Q5_K:
      return Format::Q5_1;
    case Format::Q6_K:
      return Format::Q8_0;
    default:
      return Format::F16;
  }
}

bool divides(Format format, uint64_t columns) { return columns % format_info(format).block_values == 0; }

Format fitting(Format format, const std::vector<Format>& fallbacks, uint64_t columns) {
  if (divides(format, columns)) return format;
  for (const Format second : fallbacks)
    if (divides(second, columns)) return second;
  const Format second = fallback_of(format);
  return fallbacks.empty() && divides(second, columns) ? second : Format::F16;
}

uint64_t matrices_of(const GgufTensor& tensor) { return tensor.shape.size() > 2 ? tensor.shape[2] : 1; }

TensorPlan keep(const GgufTensor& tensor) {
  return {&tensor, std::nullopt, tensor.data_bytes(), false, "", TensorPlan::kNoRule};
}

/// The rules of a plan at work on one file.
class Planner {
 public:
  Planner(const GgufFile& file, const Recipe& recipe, std::span<const RecipeRule> first, bool imatrix)
      : recipe_(recipe), first_(first.size()), facts_(model_facts(file, imatrix)) {
    rules_.assign(first.begin(), first.end());
    rules_.insert(rules_.end(), recipe.rules.begin(), recipe.rules.end());
    for (const RecipeRule& rule : rules_) {
      matchers_.emplace_back(rule, facts_);
      plan_.rules.emplace_back();
      plan_.rules.back().label = rule.label();
      plan_.rules.back().note = rule.note;
    }
    name_plan();
  }

  Result<QuantizationPlan> run() {
    RUNG_CHECK(check_rules());
    for (size_t tensor = 0; tensor < facts_.roles.size(); ++tensor) RUNG_CHECK(decide(tensor));
    if (std::all_of(plan_.rules.begin(), plan_.rules.end(), [](const PlannedRule& rule) { return rule.tensors == 0; }))
      return input_error("{}: has no weight matrix that could be quantized", facts_.file->path().string());
    warn_of_idle_rules();
    return std::move(plan_);
  }

 private:
  void name_plan() {
    plan_.recipe = recipe_.name;
    plan_.recipe_text = recipe_.text;
    plan_.kept.label = "kept: vectors, norms, routers";
    for (size_t index = 0; index < first_; ++index)
      plan_.recipe += fmt::format(" + {}={}", rules_[index].pattern_text, type_name(rules_[index]));
    if (first_ != 0) {
      Recipe all = recipe_;
      all.name = plan_.recipe;
      all.rules = rules_;
      plan_.recipe_text = recipe_toml(all);
    }
    plan_.recipe_hash = content_hash(plan_.recipe_text);
  }

  static std::string_view type_name(const RecipeRule& rule) { return rule.format ? format_name(*rule.format) : "keep"; }

  /// A user's own rules must make sense; those that come with Rung are for many models.
  bool is_users(size_t rule) const { return rule < first_ || recipe_.is_file; }

  Status check_rules() const {
    if (recipe_.needs_routed_experts && !has_routed_experts(*facts_.file))
      return input_error("{}: recipe {} is for mixtures of experts, and this model has no routed experts",
                         facts_.file->path().string(), recipe_.name);
    for (size_t rule = 0; rule < rules_.size(); ++rule) {
      if (!is_users(rule)) continue;
      for (size_t other = 0; other < rule && rule < first_; ++other)
        if (rules_[rule].has_same_choice(rules_[other]) && rules_[rule].format != rules_[other].format)
          return input_error("{} is given both {} and {}", rule_name(rules_[rule]), type_name(rules_[other]),
                             type_name(rules_[rule]));
      if (const auto fault = load_fault(rules_[rule], matchers_[rule], facts_))
        return input_error("{}: {}", facts_.file->path().string(), *fault);
    }
    return {};
  }

  /// The first rule that matches a tensor and may decide it.
  std::optional<size_t> rule_for(size_t tensor) const {
    for (size_t rule = 0; rule < rules_.size(); ++rule) {
      if (!matchers_[rule].matches(tensor)) continue;
      if (facts_.quantizable[tensor]) return rule;
      const bool is_named = !rules_[rule].roles.empty() || rules_[rule].pattern;
      if (is_named && rules_[rule].format && can_be_float(facts_, tensor, *rules_[rule].format)) return rule;
    }
    return std::nullopt;
  }

  Status decide(size_t index) {
    const GgufTensor& tensor = facts_.file->tensors()[index];
    if (tensor.data_bytes() == 0)
      return input_error("{}: tensor {}: type (ggml id {}) is unknown, so its size is too; it can only be inspected",
                         facts_.file->path().string(), tensor.name, tensor.ggml_type);
    TensorPlan planned = keep(tensor);
    if (const auto rule = rule_for(index)) {
      planned = apply(tensor, rules_[*rule]);
      planned.rule = *rule;
    }
    add(std::move(planned));
    return {};
  }

  TensorPlan apply(const GgufTensor& tensor, const RecipeRule& rule) {
    if (!rule.format) return keep(tensor);
    const auto& fallbacks = rule.fallbacks.empty() ? recipe_.fallbacks : rule.fallbacks;
    const Format format = fitting(*rule.format, fallbacks, tensor.columns());
    if (tensor.format == format) return keep(tensor);
    TensorPlan planned = keep(tensor);
    planned.format = format;
    planned.bytes = stored_bytes(format, tensor.values());
    planned.fell_back = format != *rule.format;
    if (format == Format::NVFP4) planned.scale_name = writable_scale_name(*facts_.file, tensor).value_or("");
    if (planned.fell_back)
      plan_.warnings.push_back(fmt::format("{}: rows of {} do not divide into blocks of {}, stored as {}", tensor.name,
                                           tensor.columns(), format_name(*rule.format), format_name(format)));
    return planned;
  }

  void add(TensorPlan tensor) {
    const uint64_t scale_bytes = tensor.scale_name.empty() ? 0 : matrices_of(*tensor.source) * sizeof(float);
    PlannedRule& rule = tensor.rule == TensorPlan::kNoRule ? plan_.kept : plan_.rules[tensor.rule];
    ++rule.tensors;
    rule.weights += tensor.source->values();
    rule.bytes += tensor.bytes + scale_bytes;
    std::string type =
        tensor.format ? std::string(format_name(*tensor.format)) : ggml_type_name(tensor.source->ggml_type);
    if (std::find(rule.types.begin(), rule.types.end(), type) == rule.types.end())
      rule.types.push_back(std::move(type));
    plan_.tensor_bytes += tensor.bytes + scale_bytes;
    plan_.values += tensor.source->values();
    plan_.tensors.push_back(std::move(tensor));
  }

  void warn_of_idle_rules() {
    for (size_t rule = 0; rule < rules_.size(); ++rule)
      if (is_users(rule) && matchers_[rule].holds() && plan_.rules[rule].tensors == 0)
        plan_.warnings.push_back(idle_warning(rules_[rule], facts_, first_in(rule)));
  }

  /// The rule that decided a tensor which `rule` matches too.
  const RecipeRule* first_in(size_t rule) const {
    for (size_t tensor = 0; tensor < facts_.roles.size(); ++tensor) {
      const size_t decided_by = plan_.tensors[tensor].rule;
      if (decided_by != TensorPlan::kNoRule && matchers_[rule].matches(tensor)) return &rules_[decided_by];
    }
    return nullptr;
  }

  const Recipe& recipe_;
  const size_t first_;  ///< how many of rules_ are not the recipe's
  const ModelFacts facts_;
  std::vector<RecipeRule> rules_;
  std::vector<RuleMatcher> matchers_;
  QuantizationPlan plan_;
};

}  // namespace

bool QuantizationPlan::writable() const {
  return std::all_of(tensors.begin(), tensors.end(), [](const TensorPlan& tensor) {
    return !tensor.format || format_info(*tensor.format).ggml_id >= 0;
  });
}

bool is_routed_expert(std::string_view tensor_name) {
  const Role role = role_of(tensor_name).role;
  return role == Role::kRoutedExpertGate || role == Role::kRoutedExpertUp || role == Role::kRoutedExpertGateUp ||
         role == Role::kRoutedExpertDown;
}

bool has_routed_experts(const GgufFile& file) {
  return std::any_of(file.tensors().begin(), file.tensors().end(),
                     [](const GgufTensor& tensor) { return is_routed_expert(tensor.name); });
}

QuantizationPlan keep_plan(const GgufFile& file) {
  QuantizationPlan plan;
  for (const GgufTensor& tensor : file.tensors()) {
    plan.tensor_bytes += tensor.data_bytes();
    plan.values += tensor.values();
    plan.tensors.push_back(keep(tensor));
  }
  return plan;
}

std::optional<Format> main_format(const QuantizationPlan& plan) {
  std::map<Format, uint64_t> values;
  for (const TensorPlan& tensor : plan.tensors)
    if (const auto format = tensor.format ? tensor.format : tensor.source->format)
      values[*format] += tensor.source->values();
  const auto most =
      std::max_element(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == values.end()) return std::nullopt;
  return most->first;
}

Result<RecipeRule> parse_rule(std::string_view text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos || equals == 0)
    return input_error("rule: found '{}', allowed is REGEX=TYPE, for example 'ffn_down_exps=q4_k'", text);
  RecipeRule rule;
  rule.pattern_text = text.substr(0, equals);
  const std::string_view type = text.substr(equals + 1);
  if (type != "keep") {
    rule.format = format_from_name(type);
    if (!rule.format || format_info(*rule.format).encode == nullptr)
      return input_error("rule '{}': '{}' is not a type that can be encoded", text, type);
  }
  try {
    rule.pattern = std::regex(rule.pattern_text, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return input_error("rule '{}': not a regular expression: {}", text, error.what());
  }
  return rule;
}

Result<QuantizationPlan> plan_quantization(const GgufFile& file, const Recipe& recipe,
                                           std::span<const RecipeRule> first, bool imatrix) {
  return Planner(file, recipe, first, imatrix).run();
}

}  // namespace rung
