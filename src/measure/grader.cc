#include "measure/grader.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "text/json_schema.h"

namespace rung {
namespace {

/// Sorted keys: equality does not see their order.
using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

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
  const auto value = parse_bounded_json(answer);
  return value && value->is_object() && equal(*value, *item.answer) && validate_json(*value, *item.schema);
}

struct Call {
  std::string name;
  OrderedJson arguments;
};

std::optional<Call> parse_call(std::string_view text, const char* arguments_key) {
  const auto json = parse_bounded_json(text);
  if (!json || !json->is_object() || json->size() != 2) return std::nullopt;
  const auto name = json->find("name"), arguments = json->find(arguments_key);
  if (name == json->end() || !name->is_string() || arguments == json->end() || !arguments->is_object()) {
    return std::nullopt;
  }
  return Call{name->get<std::string>(), *arguments};
}

constexpr std::string_view kOpen = "<tool_call>", kClose = "</tool_call>";

/// The call that the answer makes, if it makes exactly one and writes it well.
std::optional<Call> find_call(std::string_view answer) {
  const size_t begin = answer.find(kOpen);
  if (begin == std::string_view::npos) return parse_call(trim(answer), "parameters");
  const size_t end = answer.find(kClose, begin);
  if (end == std::string_view::npos || answer.find(kOpen, begin + 1) != std::string_view::npos) return std::nullopt;
  return parse_call(trim(answer.substr(begin + kOpen.size(), end - begin - kOpen.size())), "arguments");
}

bool grade_call(const OrderedJson& expected, std::string_view answer) {
  const auto call = find_call(answer);
  return call && OrderedJson(call->name) == expected.at("name") && equal(call->arguments, expected.at("arguments"));
}

}  // namespace

bool grade(const PanelItem& item, std::string_view answer) {
  switch (item.grader) {
    case Grader::kExact:
      return trim(answer) == trim(item.answer->get_ref<const std::string&>());
    case Grader::kNumber:
      return last_number(answer) == item.answer->get<double>();
    case Grader::kJson:
      return grade_json(item, answer);
    case Grader::kToolCall:
      return grade_call(*item.answer, answer);
    case Grader::kNoToolCall:
      return answer.find(kOpen) == std::string_view::npos && !parse_call(trim(answer), "parameters");
  }
  return false;
}

}  // namespace rung
