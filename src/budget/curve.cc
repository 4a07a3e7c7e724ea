#include "budget/curve.h"

#include <algorithm>

namespace rung {
namespace {

const FormatSensitivity* find_format(const std::vector<FormatSensitivity>& formats, std::optional<Format> format) {
  for (const FormatSensitivity& entry : formats)
    if (entry.format == format) return &entry;
  return nullptr;
}

/// Empty where a format's sensitivity is not known.
std::optional<double> predicted_for(const QuantizationPlan& plan, const SensitivityTable& table,
                                    const SensitivityInputs& inputs) {
  double sum = 0;
  for (size_t group = 0; group < inputs.groups.size(); ++group)
    for (const size_t tensor : inputs.groups[group].tensors) {
      const TensorPlan& planned = plan.tensors[tensor];
      if (!planned.format) continue;
      const FormatSensitivity* entry = find_format(table.of_groups[group], planned.format);
      if (entry == nullptr) return std::nullopt;
      sum += entry->divergence * static_cast<double>(planned.source->values()) /
             static_cast<double>(inputs.groups[group].values);
    }
  return sum;
}

/// "attention" for every part of it.
std::string part_of(const TensorGroup& group) {
  for (const auto& [begin, name] : {std::pair{"attention", "attention"},
                                    {"mla", "attention"},
                                    {"routed expert", "routed experts"},
                                    {"shared expert", "shared experts"},
                                    {"ffn", "feed-forward"}})
    if (group.role.starts_with(begin)) return name;
  return group.role;
}

struct Part {
  std::string name;
  uint64_t bytes = 0, values = 0;
  std::optional<Format> least, most;  ///< of the formats given
  bool has_kept = false;

  void add(std::optional<Format> format) {
    if (!format) {
      has_kept = true;
      return;
    }
    if (!least || format_bits(*format) < format_bits(*least)) least = format;
    if (!most || format_bits(*format) > format_bits(*most)) most = format;
  }
  std::string text() const {
    if (!least) return name + " as it is";
    if (least == most && !has_kept) return fmt::format("{} {}", name, choice_name(least));
    return fmt::format("{} {:.2f} bits ({} to {})", name,
                       8.0 * static_cast<double>(bytes) / static_cast<double>(values), choice_name(least),
                       has_kept ? choice_name(std::nullopt) : choice_name(most));
  }
};

}  // namespace

std::vector<CurvePoint> best_curve(const SensitivityTable& table, const BudgetMix& mix) {
  const std::vector<GroupChoices> groups = table.choices();
  uint64_t of_groups = 0;
  for (size_t group = 0; group < groups.size(); ++group) of_groups += groups[group][mix.choices[group]].bytes;
  const uint64_t rest = mix.bytes - of_groups;
  std::vector<CurvePoint> points;
  for (const Allocation& allocation : pareto_curve(groups))
    points.push_back({"", allocation.bytes + rest, allocation.loss});
  return points;
}

std::vector<CurvePoint> mixes_by_hand(const SensitivityTable& table, const SensitivityInputs& inputs,
                                      bool is_whole_file) {
  const GgufFile& file = inputs.source->file();
  std::vector<CurvePoint> points;
  for (const std::string& name : recipe_names()) {
    const auto recipe = find_recipe(name);
    if (!recipe || (recipe->needs_routed_experts && !has_routed_experts(file))) continue;
    const auto plan = plan_quantization(file, *recipe, {}, inputs.output.importance.imatrix != nullptr);
    if (!plan) continue;  // not for this architecture
    if (const auto predicted = predicted_for(*plan, table, inputs))
      points.push_back({name, limited_bytes(inputs, *plan, is_whole_file), *predicted});
  }
  return points;
}

std::string mix_in_words(const BudgetMix& mix, const SensitivityInputs& inputs) {
  std::vector<Part> parts;
  for (size_t index = 0; index < inputs.groups.size(); ++index) {
    const TensorGroup& group = inputs.groups[index];
    const std::string name = part_of(group);
    auto part = std::find_if(parts.begin(), parts.end(), [&](const Part& each) { return each.name == name; });
    if (part == parts.end()) {
      part = parts.insert(parts.end(), Part{});
      part->name = name;
    }
    const std::optional<Format> format = group.formats[mix.choices[index]];
    part->add(format);
    part->bytes += group.bytes(inputs.source->file(), format);
    part->values += group.values;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& one, const Part& other) { return one.values > other.values; });
  std::string text;
  for (const Part& part : parts) text += (text.empty() ? "" : ", ") + part.text();
  return text;
}

}  // namespace rung
