// A grammar of the texts that a model may write: JSON that is valid for a schema, or calls of given tools
// (docs/grammar.md). Immutable and cheap to copy; threads may share it.
//
// Every text that it accepts validates (text/json_schema.h). It accepts what validates, with properties in any order,
// except as docs/grammar.md lists: spellings of names, digits of numbers, nesting and white space are limited.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/status.h"

namespace rung {

struct GrammarRules;

/// How a chat template writes tool calls.
enum class ToolCallStyle {
  kTagged,  ///< <tool_call>{"name": ..., "arguments": {...}}</tool_call>: Hermes, Qwen, pico
  kBare,    ///< {"name": ..., "parameters": {...}} and nothing else: Llama 3
  kList,    ///< [TOOL_CALLS] or nothing, then [{"name": ..., "arguments": {...}}]: Mistral
};

struct ToolCallOptions {
  ToolCallStyle style = ToolCallStyle::kTagged;
  bool may_answer = true;  ///< a text without a call is allowed too; tagged calls may follow some text
  size_t most_calls = 1;   ///< bare calls: 1
};

class Grammar {
 public:
  /// One JSON value, white space before it allowed. An error names the place in the schema and the keyword that a
  /// grammar cannot keep, or the limit that was passed.
  static Result<Grammar> of_schema(const nlohmann::ordered_json& schema);
  /// `tools`: a list of functions, as OpenAI writes them. Arguments are those that the tool declares: where its
  /// parameters say nothing of additionalProperties, there are none.
  static Result<Grammar> of_tools(const nlohmann::ordered_json& tools, const ToolCallOptions& options);

  bool accepts(std::string_view text) const;
  const GrammarRules& rules() const { return *rules_; }

 private:
  explicit Grammar(std::shared_ptr<const GrammarRules> rules) : rules_(std::move(rules)) {}

  std::shared_ptr<const GrammarRules> rules_;
};

}  // namespace rung
