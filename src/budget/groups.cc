#include "budget/groups.h"

#include <algorithm>
#include <array>
#include <map>

#include "recipe/model_facts.h"
#include "recipe/recipe_toml.h"

namespace rung {
namespace {

// One format for each number of bits that is worth having; what a weight row of another length can take.
constexpr std::array kSuperFormats = {Format::IQ1_S, Format::IQ1_M,   Format::IQ2_XXS, Format::IQ2_XS, Format::IQ2_S,
                                      Format::Q2_K,  Format::IQ3_XXS, Format::IQ3_S,   Format::Q3_K,   Format::IQ4_XS,
                                      Format::Q4_K,  Format::Q5_K,    Format::Q6_K,    Format::Q8_0};
constexpr std::array kSmallFormats = {Format::Q4_0, Format::IQ4_NL, Format::Q4_1,
                                      Format::Q5_0, Format::Q5_1,   Format::Q8_0};

/// The roles that are decided together, called by the first, with the name of all.
struct RoleFamily {
  std::string_view name;
  std::vector<Role> roles;
};

const std::vector<RoleFamily>& families() {
  static const std::vector<RoleFamily> list = {
      {"routed expert gate/up", {Role::kRoutedExpertGate, Role::kRoutedExpertUp, Role::kRoutedExpertGateUp}},
      {"shared expert gate/up", {Role::kSharedExpertGate, Role::kSharedExpertUp}},
      {"ffn gate/up", {Role::kFfnGate, Role::kFfnUp}}};
  return list;
}

RoleFamily family_of(Role role) {
  for (const RoleFamily& family : families())
    if (std::find(family.roles.begin(), family.roles.end(), role) != family.roles.end()) return family;
  return {role_info(role).label, {role}};
}

bool fits(const GgufFile& file, const TensorGroup& group, Format format) {
  return std::all_of(group.tensors.begin(), group.tensors.end(), [&](size_t tensor) {
    return file.tensors()[tensor].columns() % format_info(format).block_values == 0;
  });
}

bool can_calibrate(const GgufFile& file, const TensorGroup& group, Format format, const ImportanceOptions& importance) {
  if (format_info(format).calibration != Calibration::kRequired) return true;
  return std::all_of(group.tensors.begin(), group.tensors.end(), [&](size_t index) {
    TensorPlan planned;
    planned.source = &file.tensors()[index];
    planned.format = format;
    return calibration_for(planned, importance) != CalibrationSource::kNone;
  });
}

/// How far a format's bits lie outside the range.
double distance(Format format, const FormatRange& range) {
  const double bits = format_bits(format);
  if (range.least && bits < format_bits(*range.least)) return format_bits(*range.least) - bits;
  if (range.most && bits > format_bits(*range.most)) return bits - format_bits(*range.most);
  return 0;
}

/// Where no format that fits the rows lies in the range, the nearest one.
std::vector<std::optional<Format>> formats_for(const GgufFile& file, const TensorGroup& group, const FormatRange& range,
                                               const ImportanceOptions& importance) {
  const bool super = fits(file, group, Format::Q4_K);
  const std::span<const Format> all = super ? std::span<const Format>(kSuperFormats) : kSmallFormats;
  std::vector<Format> usable;
  for (const Format format : all)
    if (fits(file, group, format) && can_calibrate(file, group, format, importance)) usable.push_back(format);
  double nearest = 0;
  if (!usable.empty()) {
    const auto best = std::min_element(usable.begin(), usable.end(), [&](Format one, Format other) {
      return distance(one, range) < distance(other, range);
    });
    nearest = distance(*best, range);
  }
  std::vector<std::optional<Format>> formats;
  const uint64_t kept = group.bytes(file, std::nullopt);
  for (const Format format : usable)
    if (distance(format, range) <= nearest && group.bytes(file, format) < kept) formats.push_back(format);
  if (!range.most || formats.empty()) formats.push_back(std::nullopt);
  return formats;
}

std::string layers_text(std::vector<uint32_t> layers) {
  std::sort(layers.begin(), layers.end());
  std::string text;
  for (size_t first = 0; first < layers.size();) {
    size_t last = first;
    while (last + 1 < layers.size() && layers[last + 1] == layers[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += last == first ? fmt::format("{}", layers[first]) : fmt::format("{}-{}", layers[first], layers[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace

uint64_t TensorGroup::bytes(const GgufFile& file, std::optional<Format> format) const {
  uint64_t sum = 0;
  for (const size_t tensor : tensors)
    sum += format ? stored_bytes(*format, file.tensors()[tensor].values()) : file.tensors()[tensor].bytes.size();
  return sum;
}

std::vector<TensorGroup> tensor_groups(const GgufFile& file, const FormatRange& range,
                                       const ImportanceOptions& importance) {
  const ModelFacts facts = model_facts(file, importance.imatrix != nullptr);
  std::vector<TensorGroup> groups;
  std::map<std::string, size_t> places;
  for (const size_t index : facts.order) {
    const GgufTensor& tensor = file.tensors()[index];
    if (!facts.quantizable[index] || !tensor.format) continue;
    const TensorRole role = role_of(tensor.name);
    const RoleFamily family = family_of(role.role);
    const std::string name =
        role.layer ? fmt::format("layer {} {}", *role.layer, family.name) : std::string(family.name);
    const auto [place, fresh] = places.try_emplace(name, groups.size());
    if (fresh) groups.push_back({name, std::string(family.name), family.roles, role.layer, {}, 0, {}});
    TensorGroup& group = groups[place->second];
    group.tensors.push_back(index);
    group.values += tensor.values();
  }
  for (TensorGroup& group : groups) group.formats = formats_for(file, group, range, importance);
  return groups;
}

double format_bits(Format format) { return 8.0 * format_info(format).block_bytes / format_info(format).block_values; }

std::string choice_name(std::optional<Format> format) {
  return format ? std::string(format_name(*format)) : "as it is";
}

Recipe group_recipe(std::span<const TensorGroup> groups, std::span<const std::optional<Format>> formats,
                    const std::string& description) {
  struct Decision {
    size_t group;
    std::vector<uint32_t> layers;
  };
  std::vector<std::pair<std::string, std::map<std::optional<Format>, Decision>>> by_role;
  for (size_t group = 0; group < groups.size(); ++group) {
    auto entry = std::find_if(by_role.begin(), by_role.end(),
                              [&](const auto& role) { return role.first == groups[group].role; });
    if (entry == by_role.end()) entry = by_role.insert(by_role.end(), {groups[group].role, {}});
    Decision& decision = entry->second.try_emplace(formats[group], Decision{group, {}}).first->second;
    if (groups[group].layer) decision.layers.push_back(*groups[group].layer);
  }
  Recipe recipe;
  recipe.name = "budget";
  recipe.description = description;
  for (const auto& [role, decisions] : by_role)
    for (const auto& [format, decision] : decisions) {
      RecipeRule& rule = recipe.rules.emplace_back();
      rule.roles = groups[decision.group].roles;
      rule.format = format;
      if (decisions.size() > 1 && !decision.layers.empty())
        rule.layers = LayerChoice::parse(layers_text(decision.layers)).value();  // numbers only
    }
  recipe.text = recipe_toml(recipe);
  return recipe;
}

QuantizationPlan group_plan(const GgufFile& file, const TensorGroup& group, Format format) {
  QuantizationPlan plan = keep_plan(file);
  for (const size_t index : group.tensors) {
    TensorPlan& planned = plan.tensors[index];
    if (planned.source->format == format) continue;
    plan.tensor_bytes -= planned.bytes;
    planned.format = format;
    planned.bytes = stored_bytes(format, planned.source->values());
    plan.tensor_bytes += planned.bytes;
  }
  return plan;
}

}  // namespace rung
