#include <algorithm>
#include <cmath>
#include <map>

#include "model/scale_tensor.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

/// llama-quantize touches matrices (two or three dimensions) named *weight, but none of the roles that steer the
/// others.
bool is_quantizable(const GgufTensor& tensor) {
  if (!tensor.name.ends_with("weight") || tensor.shape.size() < 2 || tensor.shape.size() > 3) return false;
  return role_info(role_of(tensor.name).role).quantizable;
}

/// llama.cpp's rule for rows that are no multiple of the block: gguf.md section 2, "order of decision".
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

Format fitting(Format format, uint64_t columns) {
  if (divides(format, columns)) return format;
  const Format second = fallback_of(format);
  return divides(second, columns) ? second : Format::F16;
}

size_t layer_count(const GgufFile& file) {
  size_t layers = 0;
  for (const GgufTensor& tensor : file.tensors())
    if (const auto layer = role_of(tensor.name).layer) layers = std::max<size_t>(layers, *layer + 1);
  return layers;
}

bool matches(const RecipeRule& rule, const GgufTensor& tensor, size_t layers) {
  const TensorRole role = role_of(tensor.name);
  if (!rule.roles.empty() && std::find(rule.roles.begin(), rule.roles.end(), role.role) == rule.roles.end())
    return false;
  if (rule.last_layers_share > 0) {
    const double share = std::round(rule.last_layers_share * static_cast<double>(layers));
    const size_t last = std::max<size_t>(1, static_cast<size_t>(share));
    if (!role.layer || *role.layer + last < layers) return false;
  }
  return !rule.pattern || std::regex_search(tensor.name, *rule.pattern);
}

uint64_t matrices_of(const GgufTensor& tensor) { return tensor.shape.size() > 2 ? tensor.shape[2] : 1; }

TensorPlan keep(const GgufTensor& tensor) { return {&tensor, std::nullopt, tensor.bytes.size(), false}; }

TensorPlan convert(const GgufTensor& tensor, Format wanted) {
  const Format format = fitting(wanted, tensor.columns());
  if (tensor.format == format) return keep(tensor);
  return {&tensor, format, stored_bytes(format, tensor.values()), format != wanted};
}

void add(QuantizationPlan& plan, TensorPlan tensor) {
  plan.tensor_bytes += tensor.bytes;
  plan.values += tensor.source->values();
  plan.tensors.push_back(tensor);
}

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
  for (const GgufTensor& tensor : file.tensors()) add(plan, keep(tensor));
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
  const auto format = format_from_name(text.substr(equals + 1));
  if (!format || format_info(*format).encode == nullptr)
    return input_error("rule '{}': '{}' is not a type that can be encoded", text, text.substr(equals + 1));
  rule.format = *format;
  try {
    rule.pattern = std::regex(rule.pattern_text, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    return input_error("rule '{}': not a regular expression: {}", text, error.what());
  }
  return rule;
}

Result<QuantizationPlan> plan_quantization(const GgufFile& file, const Recipe& recipe,
                                           std::span<const RecipeRule> first) {
  std::vector<RecipeRule> rules(first.begin(), first.end());
  rules.insert(rules.end(), recipe.rules.begin(), recipe.rules.end());
  std::vector<size_t> used(rules.size());
  const size_t layers = layer_count(file);
  QuantizationPlan plan;
  plan.recipe = recipe.name;
  for (const RecipeRule& rule : first)
    plan.recipe += fmt::format(" + {}={}", rule.pattern_text, format_name(rule.format));
  for (const GgufTensor& tensor : file.tensors()) {
    if (tensor.bytes.empty())
      return input_error("{}: tensor {}: type (ggml id {}) is unknown, so its size is too; it can only be inspected",
                         file.path().string(), tensor.name, tensor.ggml_type);
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const RecipeRule& candidate) { return matches(candidate, tensor, layers); });
    if (tensor.format && is_quantizable(tensor) && rule != rules.end()) {
      ++used[static_cast<size_t>(rule - rules.begin())];
      add(plan, convert(tensor, rule->format));
      TensorPlan& planned = plan.tensors.back();
      if (planned.format == Format::NVFP4) {
        planned.scale_name = writable_scale_name(file, tensor).value_or("");
        if (!planned.scale_name.empty()) plan.tensor_bytes += matrices_of(tensor) * sizeof(float);
      }
      if (planned.fell_back)
        plan.warnings.push_back(fmt::format("{}: rows of {} do not divide into blocks of {}, stored as {}", tensor.name,
                                            tensor.columns(), format_name(rule->format), format_name(*planned.format)));
    } else {
      add(plan, keep(tensor));
    }
  }
  for (size_t index = 0; index < first.size(); ++index)
    if (used[index] == 0)
      plan.warnings.push_back(
          fmt::format("rule '{}' matched no tensor that can be quantized", rules[index].pattern_text));
  if (std::all_of(used.begin(), used.end(), [](size_t times) { return times == 0; }))
    return input_error("{}: has no weight matrix that could be quantized", file.path().string());
  return plan;
}

}  // namespace rung
