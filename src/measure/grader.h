// Decides whether a model's answer to a panel item is right. Pure; any text is an answer, a malformed one is wrong.
#pragma once

#include <string_view>

#include "measure/panel_items.h"

namespace rung {

/// exact: equal once white space around both is cut. number: the last number of the answer has the expected value.
/// json: the answer is one JSON object, equal to the expected one whatever the order of keys, numbers by value, and
/// valid for the schema. tool_call: exactly one call, of that name, with equal arguments. no_tool_call: no call, not
/// even a malformed one. A call is <tool_call>{"name": ..., "arguments": {...}}</tool_call> anywhere in the answer, or,
/// as Llama 3 writes it, an answer that is nothing but {"name": ..., "parameters": {...}}.
bool grade(const PanelItem& item, std::string_view answer);

}  // namespace rung
