// The tool calls that a model's answer makes, in the notations that chat templates teach. Pure; any text is an answer.
//
//   Hermes, Qwen, and pico    <tool_call>{"name": ..., "arguments": {...}}</tool_call>, any number, prose between them
//   Llama 3                   nothing but {"name": ..., "parameters": {...}}
//   Mistral                   [TOOL_CALLS] before, or nothing but, a list of {"name": ..., "arguments": {...}}
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace rung {

struct ToolCall {
  std::string name;
  std::shared_ptr<const nlohmann::ordered_json> arguments;  ///< an object
};

struct ToolCalls {
  std::vector<ToolCall> calls;  ///< as written, in order
  bool is_malformed = false;    ///< there is a call that no program could run; `calls` holds the others
};

ToolCalls find_tool_calls(std::string_view answer);

}  // namespace rung
