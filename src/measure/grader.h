// Decides whether a model's answer to a panel item is right. Any text is an answer, a malformed one is wrong. Pure, but
// for code, which is run (measure/sandbox.h).
#pragma once

#include <string_view>

#include "measure/panel_items.h"

namespace rung {

/// Only what comes before the item's stops counts, and of that only what its `extract` finds.
/// exact: equal once white space around both is cut. short_answer, and choice where it was generated: the same words,
/// as short_answer_words() has them. number: the last number of the answer has the expected value.
/// json: the answer is one JSON object, fenced as Markdown or not, equal to the expected one whatever the order of
/// keys, numbers by value, and valid for the schema. tool_call: exactly one call, of that name, with equal arguments.
/// json_valid: any JSON value, fenced or not, that is valid. instructions: all are followed, strictly.
/// tool_calls: exactly these calls in any order; call_match: the same with several right values an argument.
/// no_tool_call: no call, not even a malformed one. What a call is, says tool_calls.h. code: the answer's first fenced
/// block, or all of it, runs between `before` and `after` to its end; always wrong where python_available() is not.
bool grade(const PanelItem& item, std::string_view answer);

}  // namespace rung
