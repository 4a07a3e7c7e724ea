#include "measure/grader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "measure/answer_text.h"
#include "measure/call_match.h"
#include "measure/instruction_checks.h"
#include "measure/sandbox.h"
#include "measure/tool_calls.h"
#include "text/json_schema.h"
#include "text/regex.h"
#include "text/tokenizer.h"

namespace rung {
namespace {

/// Sorted keys: equality does not see their order.
using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The decimal number that ends last in the text, thousands separated by commas or not: "so 1,250.5 apples." is 1250.5.
std::optional<double> last_number(std::string_view text) {
  const size_t end = text.find_last_of("0123456789");
  if (end == std::string_view::npos) return std::nullopt;
  size_t begin = end;
  const auto joins = [&](size_t at) {
    return (text[at] == '.' || text[at] == ',') && at > 0 && is_digit(text[at - 1]);
  };
  while (begin > 0 && (is_digit(text[begin - 1]) || joins(begin - 1))) --begin;
  std::string digits;
  if (begin > 0 && text[begin - 1] == '-') digits = "-";
  for (const char c : text.substr(begin, end + 1 - begin)) {
    if (c != ',') digits += c;
  }
  double value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool equal(const OrderedJson& left, const OrderedJson& right) { return Json(left) == Json(right); }

bool grade_json(const PanelItem& item, std::string_view answer) {
  const auto value = parse_bounded_json(without_fence(answer));
  return value && value->is_object() && equal(*value, *item.answer) && validate_json(*value, *item.schema);
}

bool grade_valid_json(const PanelItem& item, std::string_view answer) {
  const auto value = parse_bounded_json(without_fence(answer));
  return value && validate_json(*value, *item.schema);
}

bool is_same_call(const ToolCall& call, const OrderedJson& expected) {
  return OrderedJson(call.name) == expected.at("name") && equal(*call.arguments, expected.at("arguments"));
}

bool grade_call(const OrderedJson& expected, std::string_view answer) {
  const ToolCalls found = find_tool_calls(answer);
  return !found.is_malformed && found.calls.size() == 1 && is_same_call(found.calls.front(), expected);
}

/// Each expected call is made once; equal calls are told apart by their number only.
bool grade_calls(const OrderedJson& expected, std::string_view answer) {
  ToolCalls found = find_tool_calls(answer);
  if (found.is_malformed || found.calls.size() != expected.size()) return false;
  for (const OrderedJson& wanted : expected) {
    const auto made = std::find_if(found.calls.begin(), found.calls.end(),
                                   [&](const ToolCall& call) { return is_same_call(call, wanted); });
    if (made == found.calls.end()) return false;
    found.calls.erase(made);
  }
  return true;
}

bool follows_all(const OrderedJson& instructions, std::string_view answer) {
  const auto followed = instructions_followed(instructions, answer, Strictness::kStrict);
  return std::all_of(followed.begin(), followed.end(), [](bool one) { return one; });
}

/// The answer up to its stop, and of that what the item extracts; nothing where that does not occur.
std::optional<std::string> graded_part(const PanelItem& item, std::string_view answer) {
  size_t end = answer.size();
  for (const std::string& stop : item.stops) end = std::min(end, answer.find(stop));
  Utf8Stream repaired;
  std::string text = repaired.push(answer.substr(0, end)) + repaired.flush();
  if (item.extract.empty()) return text;
  const auto pattern = Regex::compile(item.extract);
  const auto found = pattern ? pattern->find_all(text, 1) : std::vector<std::string_view>();
  if (found.empty()) return std::nullopt;
  return std::string(found.front());
}

bool grade_code(const OrderedJson& expected, std::string_view answer) {
  const std::string before = expected.value("before", "");
  const std::string program =
      fmt::format("{}\n{}\n{}\n", before, first_fenced(answer), expected.at("after").get_ref<const std::string&>());
  return run_python(program).outcome == RunOutcome::kPassed;
}

}  // namespace

bool grade(const PanelItem& item, std::string_view whole_answer) {
  const auto graded = graded_part(item, whole_answer);
  if (!graded) return false;
  const std::string_view answer = *graded;
  const auto expected_text = [&]() -> const std::string& { return item.answer->get_ref<const std::string&>(); };
  switch (item.grader) {
    case Grader::kExact:
      return trim_space(answer) == trim_space(expected_text());
    case Grader::kShortAnswer:
    case Grader::kChoice:
      return short_answer_words(answer) == short_answer_words(expected_text());
    case Grader::kNumber:
      return last_number(answer) == item.answer->get<double>();
    case Grader::kJson:
      return grade_json(item, answer);
    case Grader::kToolCall:
      return grade_call(*item.answer, answer);
    case Grader::kToolCalls:
      return grade_calls(*item.answer, answer);
    case Grader::kJsonValid:
      return grade_valid_json(item, answer);
    case Grader::kCallMatch:
      return match_calls(*item.answer, *item.tools, find_tool_calls(answer));
    case Grader::kInstructions:
      return follows_all(*item.answer, answer);
    case Grader::kCode:
      return grade_code(*item.answer, answer);
    case Grader::kNoToolCall: {
      const ToolCalls found = find_tool_calls(answer);
      return !found.is_malformed && found.calls.empty();
    }
  }
  return false;
}

}  // namespace rung
