#include "grammar/schema_compiler.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "text/json_schema.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

/// A chain of $ref costs stack, and may be as long as the file.
constexpr size_t kMostOpen = 500;

const Json& any_schema() {
  static const Json kAny = true;
  return kAny;
}

tl::unexpected<Error> refuse(const std::string& at, std::string_view keyword, std::string_view reason) {
  return input_error("schema at '{}': keyword '{}' is not supported in a grammar{}", at, keyword, reason);
}

/// Besides annotations, the schema says nothing but this.
Status check_alone(const Json& schema, std::string_view keyword, const std::string& at) {
  for (const auto& [name, rule] : schema.items())
    if (name != keyword && name != "type" && !is_schema_annotation(name))
      return refuse(at, name, fmt::format(" beside '{}'", keyword));
  return {};
}

uint32_t count_of(const Json& schema, const char* keyword, uint32_t otherwise) {
  const auto found = schema.find(keyword);
  if (found == schema.end()) return otherwise;
  return static_cast<uint32_t>(std::min(found->get<double>(), double{kNoLimit} - 1));
}

const Json& part_or_any(const Json& schema, const char* keyword) {
  const auto found = schema.is_object() ? schema.find(keyword) : schema.end();
  return found == schema.end() ? any_schema() : *found;
}

/// A name as JSON writes it, with as few escapes as can be; without the quotes.
std::string spelled_name(const std::string& name) {
  const std::string quoted = Json(name).dump();
  return quoted.substr(1, quoted.size() - 2);
}

/// Characters that JSON can only write as \u escapes.
bool has_control_characters(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && std::string_view("\b\t\n\f\r").find(c) == std::string_view::npos;
  });
}

struct NamedProperty {
  std::string spelled;
  std::string name;
  const Json* schema = nullptr;  ///< null: as the schema of all others says
  bool is_required = false;
};

/// Those that the schema names, sorted by spelling.
std::vector<NamedProperty> named_properties(const Json& schema) {
  std::vector<NamedProperty> all;
  const auto declared = schema.find("properties"), required = schema.find("required");
  std::set<std::string> needed;
  if (required != schema.end())
    for (const Json& name : *required) needed.insert(name.get<std::string>());
  if (declared != schema.end())
    for (const auto& [name, rule] : declared->items())
      all.push_back({spelled_name(name), name, &rule, needed.erase(name) > 0});
  for (const std::string& name : needed) all.push_back({spelled_name(name), name, nullptr, true});
  std::sort(all.begin(), all.end(), [](const auto& one, const auto& other) { return one.spelled < other.spelled; });
  return all;
}

/// A number's spelling; 1.0 may be written 1.
void add_spellings(const Json& scalar, std::set<std::string>& spelled) {
  constexpr double kExact = 0x1p53;
  spelled.insert(scalar.dump());
  if (!scalar.is_number_float() || type_of(scalar) != kIntegerType || std::abs(scalar.get<double>()) > kExact) return;
  spelled.insert(std::to_string(static_cast<int64_t>(scalar.get<double>())));
}

}  // namespace

Result<ValueId> SchemaCompiler::document(const Json& schema, TypeSet types) {
  RUNG_CHECK(check_schema(schema));
  root_ = &schema;
  return this->schema(schema, types, "");
}

Result<ValueId> SchemaCompiler::schema(const Json& schema, TypeSet types, const std::string& at) {
  const auto known = known_.find({&schema, types});
  if (known != known_.end()) return known->second;
  if (open_ == kMostOpen)
    return input_error("schema at '{}': found more than {} schemas that lead into each other, allowed are {}", at,
                       kMostOpen, kMostOpen);
  RUNG_TRY(const ValueId value, builder_.new_value(at));
  known_[{&schema, types}] = value;
  ++open_;
  const Status filled = fill(value, schema, types, at);
  --open_;
  RUNG_CHECK(filled);
  return value;
}

Status SchemaCompiler::fill(ValueId value, const Json& schema, TypeSet types, const std::string& at) {
  static const Json kNothingSaid = Json::object();
  if (schema.is_boolean() && !schema.get<bool>()) return {};
  const Json& rules = schema.is_boolean() ? kNothingSaid : schema;
  types &= declared_types(rules);
  if (rules.contains("const") || rules.contains("enum")) return constants(value, rules, types, at);
  if (rules.contains("$ref")) return reference(value, rules, types, at);
  for (const char* keyword : {"anyOf", "oneOf", "allOf"})
    if (rules.contains(keyword)) return parts(value, rules, keyword, types, at);
  if (rules.contains("not")) return refuse(at, "not", "");
  RUNG_CHECK(scalars(value, rules, types, at));
  if ((types & kArrayType) != 0) RUNG_CHECK(array(value, rules, at));
  if ((types & kObjectType) != 0) RUNG_CHECK(object(value, rules, at));
  return {};
}

Status SchemaCompiler::reference(ValueId value, const Json& schema, TypeSet types, const std::string& at) {
  RUNG_CHECK(check_alone(schema, "$ref", at));
  const std::string& name = schema["$ref"].get_ref<const std::string&>();
  RUNG_TRY(const ValueId target, this->schema(*resolve_reference(*root_, name), types, name.substr(1)));
  builder_.add_target(value, target);
  return {};
}

Status SchemaCompiler::parts(ValueId value, const Json& schema, const char* keyword, TypeSet types,
                             const std::string& at) {
  RUNG_CHECK(check_alone(schema, keyword, at));
  const Json& list = schema[keyword];
  if (list.size() > RulesBuilder::kMaxAlternatives)
    return input_error("schema at '{}/{}': found {} parts, allowed in a grammar are {}", at, keyword, list.size(),
                       RulesBuilder::kMaxAlternatives);
  if (std::string_view(keyword) == "allOf" && list.size() > 1) return refuse(at, keyword, " with more than one part");
  for (size_t index = 0; index < list.size(); ++index) {
    for (size_t before = 0; before < index && std::string_view(keyword) == "oneOf"; ++before)
      if (!are_disjoint(list[before], list[index], *root_))
        return refuse(
            at, keyword,
            fmt::format(" where parts {} and {} may both hold: let them differ in type or in the constant of a "
                        "required property, or use anyOf",
                        before, index));
    RUNG_TRY(const ValueId target, this->schema(list[index], types, fmt::format("{}/{}/{}", at, keyword, index)));
    builder_.add_target(value, target);
  }
  return {};
}

/// Other keywords beside enum and const choose among the constants, if they look at nothing inside.
Status SchemaCompiler::constants(ValueId value, const Json& schema, TypeSet types, const std::string& at) {
  for (const char* name : {"$ref", "anyOf", "oneOf", "allOf", "not", "properties", "additionalProperties", "items"})
    if (schema.contains(name)) return refuse(at, name, " beside 'enum' and 'const'");
  const Json listed = schema.contains("enum") ? schema["enum"] : Json::array({schema["const"]});
  Json others = Json::object();
  for (const auto& [name, rule] : schema.items())
    if (name != "enum" && name != "type" && !is_schema_annotation(name)) others[name] = rule;
  std::set<std::string> spelled;
  for (const Json& constant : listed) {
    if ((type_of(constant) & types) == 0 || (!others.empty() && !validate_json(constant, others))) continue;
    if (constant.is_structured())
      RUNG_CHECK(constant_structure(value, constant, at));
    else
      add_spellings(constant, spelled);
  }
  if (spelled.empty()) return {};
  return builder_.add_node(value, {}, {spelled.begin(), spelled.end()});
}

Result<ValueId> SchemaCompiler::constant(const Json& constant, const std::string& at) {
  RUNG_TRY(const ValueId value, builder_.new_value(at));
  if (constant.is_structured()) {
    RUNG_CHECK(constant_structure(value, constant, at));
    return value;
  }
  std::set<std::string> spelled;
  add_spellings(constant, spelled);
  RUNG_CHECK(builder_.add_node(value, {}, {spelled.begin(), spelled.end()}));
  return value;
}

Status SchemaCompiler::constant_structure(ValueId value, const Json& constant, const std::string& at) {
  Node node;
  node.kind = constant.is_array() ? NodeKind::kArray : NodeKind::kObject;
  std::vector<std::string> names;
  if (constant.is_array()) {
    for (const Json& item : constant) {
      RUNG_TRY(const ValueId part, this->constant(item, at));
      node.first_items.push_back(part);
    }
    node.least = node.most = static_cast<uint32_t>(constant.size());
    return builder_.add_node(value, std::move(node));
  }
  std::map<std::string, const Json*> sorted;
  for (const auto& [name, part] : constant.items()) {
    if (has_control_characters(name)) return refuse(at, "const", " where a name has control characters");
    sorted[spelled_name(name)] = &part;
  }
  for (const auto& [name, part] : sorted) {
    RUNG_TRY(const ValueId content, this->constant(*part, at));
    node.properties.push_back({content, true});
    names.push_back(name);
  }
  return builder_.add_node(value, std::move(node), names);
}

Status SchemaCompiler::scalars(ValueId value, const Json& schema, TypeSet types, const std::string& at) {
  std::vector<std::string> spelled;
  if ((types & kBooleanType) != 0) spelled = {"false"};
  if ((types & kNullType) != 0) spelled.emplace_back("null");
  if ((types & kBooleanType) != 0) spelled.emplace_back("true");
  if (!spelled.empty()) RUNG_CHECK(builder_.add_node(value, {}, spelled));
  if ((types & kStringType) != 0) RUNG_CHECK(string(value, schema, at));
  if ((types & kNumberType) == 0) return {};
  Node node;
  node.kind = NodeKind::kNumber;
  RUNG_TRY(node.range, DecimalRange::of_schema(schema, (types & kFractionType) == 0, at));
  return builder_.add_node(value, std::move(node));
}

Status SchemaCompiler::string(ValueId value, const Json& schema, const std::string& at) {
  if (schema.contains("pattern")) return refuse(at, "pattern", "");
  Node node;
  node.kind = NodeKind::kString;
  node.least = count_of(schema, "minLength", 0);
  node.most = count_of(schema, "maxLength", kNoLimit);
  return node.least > node.most ? Status() : builder_.add_node(value, std::move(node));
}

Status SchemaCompiler::array(ValueId value, const Json& schema, const std::string& at) {
  Node node;
  node.kind = NodeKind::kArray;
  node.least = count_of(schema, "minItems", 0);
  node.most = count_of(schema, "maxItems", kNoLimit);
  if (node.least > node.most) return {};
  RUNG_TRY(node.others, this->schema(part_or_any(schema, "items"), kAnyType, at + "/items"));
  return builder_.add_node(value, std::move(node));
}

Status SchemaCompiler::object(ValueId value, const Json& schema, const std::string& at) {
  Node node;
  node.kind = NodeKind::kObject;
  const Json& others = part_or_any(schema, "additionalProperties");
  if (others != Json(false)) {
    RUNG_TRY(node.others, this->schema(others, kAnyType, at + "/additionalProperties"));
  }
  std::vector<std::string> names;
  uint32_t required = 0;
  for (const NamedProperty& property : named_properties(schema)) {
    const std::string place = at + "/properties/" + escape_json_pointer(property.name);
    if (has_control_characters(property.name))
      return input_error("schema at '{}': a grammar cannot write a name with control characters", place);
    ValueId content = node.others;
    if (property.schema != nullptr) {
      RUNG_TRY(content, this->schema(*property.schema, kAnyType, place));
    }
    node.properties.push_back({content, property.is_required});
    names.push_back(property.spelled);
    required += property.is_required ? 1 : 0;
  }
  node.least = count_of(schema, "minProperties", 0);
  node.most = count_of(schema, "maxProperties", kNoLimit);
  const bool is_open = node.others != kNoValue;
  if (is_open && node.most != kNoLimit) return refuse(at, "maxProperties", " unless additionalProperties is false");
  if (is_open && node.least > std::max(required, 1u))
    return refuse(at, "minProperties", " unless additionalProperties is false");
  if (required > node.most || node.least > node.most) return {};
  return builder_.add_node(value, std::move(node), names);
}

}  // namespace rung
