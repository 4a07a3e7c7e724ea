#include "grammar/tool_grammar.h"

#include <nlohmann/json.hpp>
#include <set>

#include "grammar/grammar.h"
#include "grammar/schema_compiler.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Step::Kind;

constexpr size_t kMostCalls = 64;

struct Tool {
  std::string name;
  Json parameters;
};

Result<Tool> read_tool(const Json& tool, size_t index) {
  const bool is_wrapped = tool.is_object() && tool.contains("function");
  const Json& function = is_wrapped ? tool["function"] : tool;
  if (!function.is_object() || !function.contains("name") || !function["name"].is_string())
    return input_error("tool {}: found no name, allowed is {{\"type\": \"function\", \"function\": {{\"name\": ...}}}}",
                       index);
  Tool result{function["name"].get<std::string>(), Json::object()};
  if (function.contains("parameters")) result.parameters = function["parameters"];
  const bool is_open = result.parameters.is_boolean() ||
                       (result.parameters.is_object() &&
                        (result.parameters.contains("additionalProperties") || result.parameters.contains("$ref")));
  if (!is_open && result.parameters.is_object()) result.parameters["additionalProperties"] = false;
  return result;
}

Result<std::vector<Tool>> read_tools(const Json& tools) {
  if (!tools.is_array() || tools.empty()) return input_error("tools: found no list of functions");
  if (tools.size() > RulesBuilder::kMaxAlternatives)
    return input_error("tools: found {}, allowed in a grammar are {}", tools.size(), RulesBuilder::kMaxAlternatives);
  std::vector<Tool> result;
  std::set<std::string> names;
  for (size_t index = 0; index < tools.size(); ++index) {
    RUNG_TRY(Tool tool, read_tool(tools[index], index));
    if (!names.insert(tool.name).second) return input_error("tools: name \"{}\" is given twice", tool.name);
    result.push_back(std::move(tool));
  }
  return result;
}

/// {"name": ..., "arguments": {...}}
Status add_call(RulesBuilder& builder, ValueId call, const Tool& tool, ValueId arguments, bool is_bare) {
  RUNG_TRY(const ValueId name, builder.new_value(""));
  RUNG_CHECK(builder.add_node(name, {}, {Json(tool.name).dump()}));
  Node node;
  node.kind = NodeKind::kObject;
  node.properties = {{arguments, true}, {name, true}};
  if (!is_bare) return builder.add_node(call, std::move(node), {"arguments", "name"});
  std::swap(node.properties[0], node.properties[1]);
  return builder.add_node(call, std::move(node), {"name", "parameters"});
}

Step text(std::string_view text) { return {Kind::kText, std::string(text), kNoValue, "", false}; }
Step space() { return {Kind::kSpace, "", kNoValue, "", false}; }
Step value(ValueId value) { return {Kind::kValue, "", value, "", false}; }
Step prose(std::string_view until, std::string not_first) {
  return {Kind::kProse, std::string(until), kNoValue, std::move(not_first), true};
}

/// Calls with their tags; in prose, the first tag ends it.
std::vector<Step> tagged_script(ValueId call, const ToolCallOptions& options) {
  std::vector<Step> steps;
  for (size_t index = 0; index < options.most_calls; ++index) {
    if (index == 0 && options.may_answer) {
      steps.push_back(prose(kCallOpen, ""));
    } else {
      steps.push_back(space());
      steps.back().may_end = index > 0;
      steps.push_back(text(kCallOpen));
    }
    for (const Step& step : {space(), value(call), space(), text(kCallClose)}) steps.push_back(step);
  }
  return steps;
}

std::vector<std::vector<Step>> scripts_of(ValueId call, const ToolCallOptions& options) {
  if (options.style == ToolCallStyle::kTagged) return {tagged_script(call, options)};
  std::vector<std::vector<Step>> scripts = {{space(), value(call)}};
  if (options.style == ToolCallStyle::kList) scripts.push_back({space(), text(kCallList), space(), value(call)});
  if (options.may_answer) scripts.push_back({prose("", options.style == ToolCallStyle::kList ? "[" : "{")});
  return scripts;
}

}  // namespace

Result<Grammar> Grammar::of_tools(const Json& tools, const ToolCallOptions& options) {
  if (options.most_calls == 0 || options.most_calls > kMostCalls)
    return input_error("tool calls: found at most {}, allowed in a grammar are 1 to {}", options.most_calls,
                       kMostCalls);
  RUNG_TRY(const std::vector<Tool> all, read_tools(tools));
  RulesBuilder builder;
  RUNG_TRY(const ValueId call, builder.new_value(""));
  std::vector<ValueId> arguments;
  SchemaCompiler compiler(builder);
  for (const Tool& tool : all) {
    const auto compiled = compiler.document(tool.parameters, kObjectType);
    if (!compiled) return input_error("tool \"{}\": parameters: {}", tool.name, compiled.error().message);
    arguments.push_back(*compiled);
    RUNG_CHECK(add_call(builder, call, tool, *compiled, options.style == ToolCallStyle::kBare));
  }
  ValueId whole = call;
  if (options.style == ToolCallStyle::kList) {
    Node list;
    list.kind = NodeKind::kArray;
    list.others = call;
    list.least = 1;
    list.most = static_cast<uint32_t>(options.most_calls);
    RUNG_TRY(whole, builder.new_value(""));
    RUNG_CHECK(builder.add_node(whole, std::move(list)));
  }
  auto rules = std::make_shared<GrammarRules>();
  RUNG_TRY(*rules, builder.finish());
  for (size_t index = 0; index < all.size(); ++index)
    if (!RulesBuilder::is_possible(*rules, arguments[index]))
      return input_error("tool \"{}\": parameters: no arguments are valid for this schema", all[index].name);
  rules->scripts = scripts_of(whole, options);
  return Grammar(std::move(rules));
}

}  // namespace rung
