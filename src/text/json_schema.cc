#include "text/json_schema.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

/// Of schemas and of values; also how often $ref may follow $ref.
constexpr size_t kMaxDepth = 100;

constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "object", "array",
                                                    "number", "string",  "integer"};
/// Keywords that say something about a schema, not about values (draft 2020-12, sections 8, 9 of the core,
/// annotations).
constexpr std::array<std::string_view, 13> kAnnotations = {
    "$schema",     "$id",     "$comment", "$anchor",    "$defs",    "definitions", "title",
    "description", "default", "examples", "deprecated", "readOnly", "writeOnly"};

template <size_t kSize>
bool is_in(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string shorten(const Json& value) {
  constexpr size_t kMaxShown = 80;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "...";
  return text;
}

bool is_integer(const Json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  return is_integer(value);
}

bool is_deeper(const Json& value, size_t levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(), [levels](const Json& item) { return is_deeper(item, levels - 1); });
}

using Pattern = std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)>;

Pattern compile(const std::string& pattern) {
  int error = 0;
  size_t offset = 0;
  return {pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                        PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY, &error, &offset, nullptr),
          pcre2_code_free};
}

/// ---- The schema itself

class SchemaChecker {
 public:
  explicit SchemaChecker(const Json& root) : root_(root) {}
  Status check(const Json& schema, const std::string& at);

 private:
  Status keyword(const std::string& name, const Json& value, const std::string& at);
  Status each(const Json& value, const std::string& at);
  Status type(const Json& value, const std::string& at) const;
  static tl::unexpected<Error> fail(const std::string& at, std::string_view found, std::string_view allowed) {
    return input_error("schema at '{}': found {}, allowed is {}", at, found, allowed);
  }

  const Json& root_;
};

Status SchemaChecker::type(const Json& value, const std::string& at) const {
  const auto is_type = [](const Json& name) {
    return name.is_string() && is_in(kTypes, name.get_ref<const std::string&>());
  };
  const bool is_list = value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_type);
  if (is_type(value) || is_list) return {};
  return fail(at, shorten(value), "null, boolean, object, array, number, string or integer, or a list of these");
}

Status SchemaChecker::each(const Json& value, const std::string& at) {
  for (const auto& [key, schema] : value.items()) RUNG_CHECK(check(schema, at + "/" + escape_json_pointer(key)));
  return {};
}

Status SchemaChecker::keyword(const std::string& name, const Json& value, const std::string& at) {
  static constexpr std::array<std::string_view, 4> kBounds = {"minimum", "maximum", "exclusiveMinimum",
                                                              "exclusiveMaximum"};
  static constexpr std::array<std::string_view, 6> kSizes = {"minLength", "maxLength",     "minItems",
                                                             "maxItems",  "minProperties", "maxProperties"};
  static constexpr std::array<std::string_view, 3> kLists = {"anyOf", "oneOf", "allOf"};
  const std::string shown = shorten(value);
  if (name == "type") return type(value, at);
  if (name == "properties" || name == "$defs" || name == "definitions") {
    return value.is_object() ? each(value, at) : fail(at, shown, "an object of schemas");
  }
  if (name == "additionalProperties" || name == "items" || name == "not") return check(value, at);
  if (is_in(kLists, name)) {
    return value.is_array() && !value.empty() ? each(value, at) : fail(at, shown, "a list of schemas");
  }
  if (is_in(kAnnotations, name) || name == "const") return {};
  if (name == "enum") return value.is_array() ? Status() : fail(at, shown, "a list of values");
  if (is_in(kBounds, name)) return value.is_number() ? Status() : fail(at, shown, "a number");
  if (is_in(kSizes, name)) {
    return is_integer(value) && value.get<double>() >= 0 ? Status() : fail(at, shown, "a count");
  }
  if (name == "required") {
    const bool is_ok =
        value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& n) { return n.is_string(); });
    return is_ok ? Status() : fail(at, shown, "a list of names");
  }
  if (name == "pattern") {
    const bool is_ok = value.is_string() && compile(value.get<std::string>()) != nullptr;
    return is_ok ? Status() : fail(at, shown, "a regular expression");
  }
  if (name == "$ref") {
    const bool is_ok = value.is_string() && resolve_reference(root_, value.get_ref<const std::string&>()) != nullptr;
    return is_ok ? Status() : fail(at, shown, "a place inside this schema, such as #/$defs/name");
  }
  return input_error("schema at '{}': keyword '{}' is not supported", at, name);
}

Status SchemaChecker::check(const Json& schema, const std::string& at) {
  if (schema.is_boolean()) return {};
  if (!schema.is_object()) return fail(at, shorten(schema), "an object, true or false");
  for (const auto& [name, value] : schema.items()) {
    RUNG_CHECK(keyword(name, value, at + "/" + escape_json_pointer(name)));
  }
  return {};
}

/// ---- A value against a schema that was checked

class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}
  Status validate(const Json& value, const Json& schema, const std::string& at, size_t depth);

 private:
  Status keyword(const Json& value, const Json& schema, const std::string& name, const Json& rule,
                 const std::string& at, size_t depth);
  static Status number(double value, const std::string& name, const Json& rule, const std::string& at);
  static Status text(const std::string& value, const std::string& name, const Json& rule, const std::string& at);
  Status object(const Json& value, const Json& schema, const std::string& name, const Json& rule, const std::string& at,
                size_t depth);
  Status combination(const Json& value, const std::string& name, const Json& rule, const std::string& at, size_t depth);
  static Status count(size_t found, const Json& rule, bool is_minimum, std::string_view what, const std::string& at);
  static tl::unexpected<Error> fail(const std::string& at, const std::string& message) {
    return input_error("JSON at '{}': {}", at, message);
  }

  const Json& root_;
  size_t steps_ = 0;  ///< references can make a small schema say a lot
};

Status Validator::count(size_t found, const Json& rule, bool is_minimum, std::string_view what, const std::string& at) {
  const double allowed = rule.get<double>();
  const bool is_ok = is_minimum ? static_cast<double>(found) >= allowed : static_cast<double>(found) <= allowed;
  if (is_ok) return {};
  return fail(at, fmt::format("{} {}, allowed is at {} {}", found, what, is_minimum ? "least" : "most", allowed));
}

Status Validator::number(double value, const std::string& name, const Json& rule, const std::string& at) {
  static constexpr std::pair<std::string_view, bool (*)(double, double)> kBounds[] = {
      {"minimum", [](double number, double bound) { return number >= bound; }},
      {"maximum", [](double number, double bound) { return number <= bound; }},
      {"exclusiveMinimum", [](double number, double bound) { return number > bound; }},
      {"exclusiveMaximum", [](double number, double bound) { return number < bound; }}};
  for (const auto& [known, holds] : kBounds) {
    if (name != known || holds(value, rule.get<double>())) continue;
    return fail(at, fmt::format("{} breaks {} {}", value, name, rule.get<double>()));
  }
  return {};
}

Status Validator::text(const std::string& value, const std::string& name, const Json& rule, const std::string& at) {
  if (name == "minLength" || name == "maxLength") {
    const auto is_lead = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    const auto length = static_cast<size_t>(std::count_if(value.begin(), value.end(), is_lead));
    return count(length, rule, name == "minLength", "characters", at);
  }
  if (name != "pattern") return {};
  const Pattern pattern = compile(rule.get<std::string>());
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(pcre2_match_data_create(1, nullptr),
                                                                                 pcre2_match_data_free);
  const int found =
      pcre2_match(pattern.get(), reinterpret_cast<PCRE2_SPTR>(value.data()), value.size(), 0, 0, data.get(), nullptr);
  if (found >= 0) return {};
  return fail(at, fmt::format("{} does not match pattern {}", shorten(Json(value)), shorten(rule)));
}

Status Validator::object(const Json& value, const Json& schema, const std::string& name, const Json& rule,
                         const std::string& at, size_t depth) {
  if (name == "minProperties" || name == "maxProperties") {
    return count(value.size(), rule, name == "minProperties", "properties", at);
  }
  if (name == "required") {
    for (const Json& key : rule) {
      if (!value.contains(key.get<std::string>())) return fail(at, fmt::format("property {} is missing", key.dump()));
    }
  }
  if (name != "properties" && name != "additionalProperties") return {};
  const auto known = schema.find("properties");
  for (const auto& [key, item] : value.items()) {
    const bool is_known = known != schema.end() && known->contains(key);
    if (is_known != (name == "properties")) continue;
    const std::string place = at + "/" + escape_json_pointer(key);
    if (!is_known && rule == Json(false)) return fail(place, "this property is not allowed");
    RUNG_CHECK(validate(item, is_known ? rule.at(key) : rule, place, depth + 1));
  }
  return {};
}

Status Validator::combination(const Json& value, const std::string& name, const Json& rule, const std::string& at,
                              size_t depth) {
  if (name == "not") {
    return validate(value, rule, at, depth + 1) ? Status(fail(at, "is what \"not\" forbids")) : Status();
  }
  size_t valid = 0;
  for (const Json& schema : rule) {
    const Status status = validate(value, schema, at, depth + 1);
    if (!status && name == "allOf") return status;
    valid += status ? 1 : 0;
  }
  const bool is_ok = name == "allOf" || (name == "anyOf" ? valid > 0 : valid == 1);
  return is_ok ? Status() : fail(at, fmt::format("valid for {} of the {} schemas of {}", valid, rule.size(), name));
}

Status Validator::keyword(const Json& value, const Json& schema, const std::string& name, const Json& rule,
                          const std::string& at, size_t depth) {
  if (name == "type") {
    const auto holds = [&value](const Json& type) { return has_type(value, type.get_ref<const std::string&>()); };
    const bool is_ok = rule.is_array() ? std::any_of(rule.begin(), rule.end(), holds) : holds(rule);
    return is_ok ? Status() : fail(at, fmt::format("found {}, allowed is type {}", shorten(value), rule.dump()));
  }
  if (name == "enum") {
    const bool is_ok =
        std::any_of(rule.begin(), rule.end(), [&](const Json& allowed) { return equal_json(value, allowed); });
    return is_ok ? Status() : fail(at, fmt::format("found {}, allowed is one of {}", shorten(value), shorten(rule)));
  }
  if (name == "const") {
    return equal_json(value, rule) ? Status()
                                   : fail(at, fmt::format("found {}, allowed is {}", shorten(value), shorten(rule)));
  }
  if (name == "$ref")
    return validate(value, *resolve_reference(root_, rule.get_ref<const std::string&>()), at, depth + 1);
  if (name == "anyOf" || name == "oneOf" || name == "allOf" || name == "not") {
    return combination(value, name, rule, at, depth);
  }
  if (value.is_object()) return object(value, schema, name, rule, at, depth);
  if (value.is_string()) return text(value.get_ref<const std::string&>(), name, rule, at);
  if (value.is_number()) return number(value.get<double>(), name, rule, at);
  if (!value.is_array()) return {};
  if (name == "minItems" || name == "maxItems") return count(value.size(), rule, name == "minItems", "items", at);
  if (name != "items") return {};
  for (size_t index = 0; index < value.size(); ++index) {
    RUNG_CHECK(validate(value[index], rule, fmt::format("{}/{}", at, index), depth + 1));
  }
  return {};
}

Status Validator::validate(const Json& value, const Json& schema, const std::string& at, size_t depth) {
  constexpr size_t kMaxSteps = 1'000'000;
  if (depth > kMaxDepth) return fail(at, fmt::format("nested deeper than {} levels", kMaxDepth));
  if (++steps_ > kMaxSteps) return fail(at, "the schema takes too many steps to decide");
  if (schema.is_boolean()) return schema.get<bool>() ? Status() : fail(at, "nothing is allowed here");
  for (const auto& [name, rule] : schema.items()) RUNG_CHECK(keyword(value, schema, name, rule, at, depth));
  return {};
}

}  // namespace

bool equal_json(const nlohmann::ordered_json& left, const nlohmann::ordered_json& right) {
  if (left.is_object() && right.is_object()) {
    return left.size() == right.size() && std::all_of(left.items().begin(), left.items().end(), [&](const auto& entry) {
             const auto found = right.find(entry.key());
             return found != right.end() && equal_json(entry.value(), *found);
           });
  }
  if (left.is_array() && right.is_array()) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal_json);
  }
  return left == right;
}

std::string escape_json_pointer(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool is_schema_annotation(std::string_view keyword) { return is_in(kAnnotations, keyword); }

const nlohmann::ordered_json* resolve_reference(const nlohmann::ordered_json& root, std::string_view reference) {
  if (reference == "#") return &root;
  for (const std::string_view group : {"$defs", "definitions"}) {
    const std::string prefix = fmt::format("#/{}/", group);
    const auto found = root.is_object() ? root.find(std::string(group)) : root.end();
    if (reference.substr(0, prefix.size()) != prefix || found == root.end()) continue;
    for (const auto& [name, schema] : found->items()) {
      if (escape_json_pointer(name) == reference.substr(prefix.size())) return &schema;
    }
  }
  return nullptr;
}

Status check_schema(const nlohmann::ordered_json& schema) {
  if (is_deeper(schema, kMaxDepth)) return input_error("schema is nested deeper than {} levels", kMaxDepth);
  return SchemaChecker(schema).check(schema, "");
}

Status validate_json(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema) {
  RUNG_CHECK(check_schema(schema));
  if (is_deeper(value, kMaxDepth)) return input_error("JSON is nested deeper than {} levels", kMaxDepth);
  return Validator(schema).validate(value, schema, "", 0);
}

}  // namespace rung
