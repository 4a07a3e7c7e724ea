#include "measure/call_match.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/instruction_text.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

/// What BFCL compares of a string.
std::string essence(const std::string& text) {
  constexpr std::string_view kIgnored = " ,./-_*^";
  std::string result;
  for (const char c : text) {
    if (kIgnored.find(c) != std::string_view::npos) continue;
    result += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '\'' ? '"' : c;
  }
  return result;
}

bool is_optional(const Json& values) { return std::find(values.begin(), values.end(), "") != values.end(); }

bool is_right(const Json& value, const Json& expected);

bool is_one_of(const Json& value, const Json& alternatives) {
  return std::any_of(alternatives.begin(), alternatives.end(),
                     [&](const Json& expected) { return is_right(value, expected); });
}

/// `expected` has a list of right values for each key.
bool is_right_object(const Json& value, const Json& expected) {
  for (const auto& [key, inner] : value.items()) {
    const auto alternatives = expected.find(key);
    if (alternatives == expected.end() || !alternatives->is_array() || !is_one_of(inner, *alternatives)) return false;
  }
  return std::all_of(expected.items().begin(), expected.items().end(),
                     [&](const auto& entry) { return value.contains(entry.key()) || is_optional(entry.value()); });
}

bool is_right(const Json& value, const Json& expected) {
  if (value.is_string() && expected.is_string())
    return essence(value.get_ref<const std::string&>()) == essence(expected.get_ref<const std::string&>());
  if (value.is_object() && expected.is_object()) return is_right_object(value, expected);
  if (value.is_array() && expected.is_array())
    return value.size() == expected.size() && std::equal(value.begin(), value.end(), expected.begin(), is_right);
  return value == expected;
}

/// The schema of the parameters of a tool; null where there is no such tool.
const Json* parameters_of(const Json& tools, const std::string& name) {
  for (const Json& tool : tools) {
    const Json& function = tool.at("function");
    if (function.at("name") == name) return function.contains("parameters") ? &function.at("parameters") : &function;
  }
  return nullptr;
}

bool is_same_name(std::string name, std::string expected) {
  if (name == expected) return true;
  std::replace(expected.begin(), expected.end(), '.', '_');
  return name == expected;
}

bool has_required(const Json& parameters, const Json& arguments) {
  const auto required = parameters.find("required");
  if (required == parameters.end() || !required->is_array()) return true;
  return std::all_of(required->begin(), required->end(), [&](const Json& name) {
    return !name.is_string() || arguments.contains(name.get_ref<const std::string&>());
  });
}

bool is_integer_parameter(const Json& parameters, const std::string& name) {
  const auto properties = parameters.find("properties");
  if (properties == parameters.end() || !properties->is_object() || !properties->contains(name)) return false;
  const Json& property = properties->at(name);
  return property.is_object() && property.contains("type") && property.at("type") == "integer";
}

bool is_right_call(const ToolCall& call, const Json& expected, const Json& tools) {
  const std::string& name = expected.at("name").get_ref<const std::string&>();
  const Json& wanted = expected.at("arguments");
  const Json* const parameters = parameters_of(tools, name);
  if (parameters == nullptr || !is_same_name(call.name, name) || !has_required(*parameters, *call.arguments))
    return false;
  for (const auto& [key, value] : call.arguments->items()) {
    if (!wanted.contains(key) || !is_one_of(value, wanted.at(key))) return false;
    if (value.is_number_float() && is_integer_parameter(*parameters, key)) return false;
  }
  return std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& entry) {
    return call.arguments->contains(entry.key()) || is_optional(entry.value());
  });
}

}  // namespace

Status check_call_alternatives(const Json& answer) {
  const auto is_list = [](const Json& values) { return values.is_array() && !values.empty(); };
  const auto is_call = [&](const Json& call) {
    return call.is_object() && call.contains("name") && call.at("name").is_string() && call.contains("arguments") &&
           call.at("arguments").is_object() &&
           std::all_of(call.at("arguments").begin(), call.at("arguments").end(), is_list);
  };
  if (answer.is_array() && !answer.empty() && std::all_of(answer.begin(), answer.end(), is_call)) return {};
  return input_error(
      "found {}, allowed is a list, not empty, of {{\"name\": ..., \"arguments\": {{parameter: [value, "
      "...]}}}}",
      shown(answer));
}

bool match_calls(const Json& expected, const Json& tools, const ToolCalls& made) {
  if (made.is_malformed || made.calls.size() != expected.size()) return false;
  std::vector<ToolCall> left = made.calls;
  for (const Json& wanted : expected) {
    const auto found = std::find_if(left.begin(), left.end(),
                                    [&](const ToolCall& call) { return is_right_call(call, wanted, tools); });
    if (found == left.end()) return false;
    left.erase(found);
  }
  return true;
}

}  // namespace rung
