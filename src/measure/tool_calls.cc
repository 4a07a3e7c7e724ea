#include "measure/tool_calls.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "measure/answer_text.h"
#include "measure/panel_items.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOpen = "<tool_call>", kClose = "</tool_call>", kMistral = "[TOOL_CALLS]";

/// An object of these two keys and nothing else; Mistral's calls may carry an id.
std::optional<ToolCall> call_of(const Json& json, const char* arguments_key) {
  if (!json.is_object() || json.size() != (json.contains("id") ? 3u : 2u)) return std::nullopt;
  const auto name = json.find("name"), arguments = json.find(arguments_key);
  if (name == json.end() || !name->is_string() || arguments == json.end() || !arguments->is_object())
    return std::nullopt;
  return ToolCall{name->get<std::string>(), std::make_shared<const Json>(*arguments)};
}

std::optional<ToolCall> parse_call(std::string_view text, const char* arguments_key) {
  const auto json = parse_bounded_json(trim_space(text));
  return json ? call_of(*json, arguments_key) : std::nullopt;
}

ToolCalls parse_list(std::string_view text) {
  ToolCalls found;
  const auto json = parse_bounded_json(text);
  found.is_malformed = !json || !json->is_array() || json->empty();
  if (found.is_malformed) return found;
  for (const Json& element : *json) {
    if (auto call = call_of(element, "arguments"))
      found.calls.push_back(std::move(*call));
    else
      found.is_malformed = true;
  }
  return found;
}

ToolCalls find_tagged(std::string_view answer) {
  ToolCalls found;
  for (size_t at = answer.find(kOpen); at != std::string_view::npos;) {
    const size_t begin = at + kOpen.size();
    const size_t end = answer.find(kClose, begin), next = answer.find(kOpen, begin);
    auto call = end < next ? parse_call(answer.substr(begin, end - begin), "arguments") : std::nullopt;
    if (call && end != std::string_view::npos)
      found.calls.push_back(std::move(*call));
    else
      found.is_malformed = true;
    at = next;
  }
  return found;
}

/// A list that was meant as calls: a plain list of numbers is none, and no broken one either.
bool looks_like_calls(std::string_view text) {
  return text.starts_with('[') && text.find("\"name\"") != std::string_view::npos &&
         text.find("\"arguments\"") != std::string_view::npos;
}

}  // namespace

ToolCalls find_tool_calls(std::string_view answer) {
  if (answer.find(kOpen) != std::string_view::npos) return find_tagged(answer);
  const std::string_view text = trim_space(answer);
  if (text.starts_with(kMistral)) return parse_list(trim_space(text.substr(kMistral.size())));
  if (looks_like_calls(text)) return parse_list(text);
  ToolCalls found;
  if (auto call = parse_call(text, "parameters")) found.calls.push_back(std::move(*call));
  return found;
}

}  // namespace rung
