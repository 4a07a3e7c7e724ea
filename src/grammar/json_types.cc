#include "grammar/json_types.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "text/json_schema.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<std::string_view, TypeSet> kNames[] = {
    {"null", kNullType},     {"boolean", kBooleanType}, {"object", kObjectType},  {"array", kArrayType},
    {"string", kStringType}, {"number", kNumberType},   {"integer", kIntegerType}};

TypeSet type_named(std::string_view name) {
  for (const auto& [known, types] : kNames)
    if (name == known) return types;
  return 0;
}

/// Of chains of $ref; a longer one counts as unknown.
constexpr int kMaxHops = 16;

TypeSet possible_types(const Json& schema, const Json& root, int hops) {
  if (schema.is_boolean()) return schema.get<bool>() ? kAnyType : 0;
  TypeSet types = declared_types(schema);
  const auto narrow = [&](const Json& values) {
    TypeSet found = 0;
    for (const Json& value : values) found |= type_of(value);
    types &= found;
  };
  if (const auto found = schema.find("enum"); found != schema.end()) narrow(*found);
  if (const auto found = schema.find("const"); found != schema.end()) narrow(Json::array({*found}));
  if (hops == kMaxHops) return types;
  if (const auto found = schema.find("$ref"); found != schema.end())
    types &= possible_types(*resolve_reference(root, found->get_ref<const std::string&>()), root, hops + 1);
  for (const char* name : {"anyOf", "oneOf"}) {
    const auto found = schema.find(name);
    if (found == schema.end() || found->size() > kMaxHops) continue;
    TypeSet any = 0;
    for (const Json& part : *found) any |= possible_types(part, root, kMaxHops);
    types &= any;
  }
  return types;
}

const Json& without_references(const Json& schema, const Json& root) {
  const Json* at = &schema;
  for (int hops = 0; hops < kMaxHops && at->is_object() && at->contains("$ref"); ++hops)
    at = resolve_reference(root, at->at("$ref").get_ref<const std::string&>());
  return *at;
}

/// The values that const or enum leave; empty where neither is there.
std::vector<const Json*> constants_of(const Json& schema) {
  std::vector<const Json*> result;
  if (!schema.is_object()) return result;
  if (const auto found = schema.find("const"); found != schema.end()) return {&*found};
  if (const auto found = schema.find("enum"); found != schema.end())
    for (const Json& value : *found) result.push_back(&value);
  return result;
}

bool have_other_constants(const Json& one, const Json& other) {
  constexpr size_t kMostPairs = 10'000;  // more count as unknown
  const auto first = constants_of(one), second = constants_of(other);
  if (first.empty() || second.empty() || first.size() * second.size() > kMostPairs) return false;
  return std::none_of(first.begin(), first.end(), [&](const Json* value) {
    return std::any_of(second.begin(), second.end(), [&](const Json* against) { return equal_json(*value, *against); });
  });
}

bool requires_property(const Json& schema, const std::string& name) {
  const auto found = schema.find("required");
  return found != schema.end() && std::find(found->begin(), found->end(), Json(name)) != found->end();
}

bool differ_in_a_property(const Json& one, const Json& other, const Json& root) {
  if (!one.is_object() || !other.is_object() || !one.contains("properties") || !other.contains("properties"))
    return false;
  const Json &first = one["properties"], &second = other["properties"];
  for (const auto& [name, schema] : first.items()) {
    const auto against = second.find(name);
    if (against == second.end() || !requires_property(one, name) || !requires_property(other, name)) continue;
    if (have_other_constants(without_references(schema, root), without_references(*against, root))) return true;
  }
  return false;
}

}  // namespace

TypeSet declared_types(const Json& schema) {
  const auto found = schema.find("type");
  if (found == schema.end()) return kAnyType;
  if (found->is_string()) return type_named(found->get_ref<const std::string&>());
  TypeSet types = 0;
  for (const Json& name : *found) types |= type_named(name.get_ref<const std::string&>());
  return types;
}

TypeSet type_of(const Json& value) {
  const auto is_whole = [](double number) { return std::trunc(number) == number; };
  if (value.is_number()) return is_whole(value.get<double>()) ? kIntegerType : kFractionType;
  return type_named(value.type_name());
}

bool are_disjoint(const Json& one, const Json& other, const Json& root) {
  const TypeSet common = possible_types(one, root, 0) & possible_types(other, root, 0);
  if (common == 0) return true;
  const Json &first = without_references(one, root), &second = without_references(other, root);
  if (have_other_constants(first, second)) return true;
  return common == kObjectType && differ_in_a_property(first, second, root);
}

}  // namespace rung
