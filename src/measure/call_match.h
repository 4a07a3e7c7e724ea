// Tool calls where several are right, as BFCL's possible answers have them (Berkeley Function Calling Leaderboard v4,
// its AST checker for Python): each expected call is {"name": ..., "arguments": {parameter: [value, ...]}}, any of the
// values is right, and "" among them means that the parameter may be left out. Pure.
//
// Strings are equal whatever their case, without spaces and , . / - _ * ^ and with ' as ". A whole number does for a
// parameter of type number, but 5.0 does not for an integer. A dot in a function's name may be written _. In an object
// the values of each key are again lists of right ones.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/status.h"
#include "measure/tool_calls.h"

namespace rung {

/// `answer` must be a list, not empty, of expected calls.
Status check_call_alternatives(const nlohmann::ordered_json& answer);

/// Whether exactly the expected calls were made, in any order. `tools` as in a panel item: a parameter that a tool
/// requires must be there, and one that it does not have must not.
bool match_calls(const nlohmann::ordered_json& expected, const nlohmann::ordered_json& tools, const ToolCalls& made);

}  // namespace rung
