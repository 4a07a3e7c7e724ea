#include "measure/grader.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "text/json_schema.h"

namespace rung {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::string_view kOpen = "<tool_call>", kClose = "</tool_call>";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// The last number in the text: digits with an optional sign and fraction; commas between digits are left out.
std::optional<double> last_number(std::string_view text) {
  const auto is_digit = [&](size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  size_t end = text.size();
  while (end > 0 && !is_digit(end - 1)) --end;
  if (end == 0) return std::nullopt;
  size_t begin = end;
  while (begin > 0 && (is_digit(begin - 1) ||
                       ((text[begin - 1] == '.' || text[begin - 1] == ',') && begin > 1 && is_digit(begin - 2))))
    --begin;
  if (begin > 0 && text[begin - 1] == '-') --begin;
  std::string digits;
  for (const char c : text.substr(begin, end - begin))
    if (c != ',') digits += c;
  double value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Equal whatever the order of keys; numbers by value.
bool equal(const ordered_json& a, const ordered_json& b) { return json(a) == json(b); }

/// {"name", "arguments"} of a call, whatever the key for the arguments; arguments written as a string are parsed.
std::optional<ordered_json> as_call(std::string_view text) {
  ordered_json call = ordered_json::parse(trimmed(text), nullptr, false);
  if (!call.is_object() || !call.contains("name") || !call["name"].is_string()) return std::nullopt;
  const char* key = call.contains("arguments") ? "arguments" : "parameters";
  if (!call.contains(key)) return std::nullopt;
  ordered_json arguments = call[key];
  if (arguments.is_string()) arguments = ordered_json::parse(arguments.get<std::string>(), nullptr, false);
  if (!arguments.is_object()) return std::nullopt;
  return ordered_json{{"name", call["name"]}, {"arguments", arguments}};
}

/// Every call in the answer; an empty optional stands for one that cannot be read. Calls are written as
/// <tool_call>{...}</tool_call>, or the whole answer is the bare object.
std::vector<std::optional<ordered_json>> calls_in(std::string_view answer) {
  std::vector<std::optional<ordered_json>> calls;
  if (answer.find(kOpen) == std::string_view::npos) {
    if (auto call = as_call(answer)) calls.push_back(std::move(call));
    return calls;
  }
  for (size_t at = answer.find(kOpen); at != std::string_view::npos; at = answer.find(kOpen, at)) {
    at += kOpen.size();
    const size_t end = answer.find(kClose, at);
    calls.push_back(end == std::string_view::npos ? std::nullopt : as_call(answer.substr(at, end - at)));
  }
  return calls;
}

bool right_call(const ordered_json& expected, std::string_view answer) {
  const auto calls = calls_in(answer);
  return calls.size() == 1 && calls[0] && (*calls[0])["name"] == expected["name"] &&
         equal((*calls[0])["arguments"], expected["arguments"]);
}

bool right_json(const ordered_json& record, std::string_view answer) {
  const ordered_json value = ordered_json::parse(trimmed(answer), nullptr, false);
  return value.is_object() && equal(value, record["answer"]) && validate_json(value, record["schema"]);
}

}  // namespace

bool grade(const PanelItem& item, std::string_view answer) {
  const ordered_json& record = *item.record;
  switch (item.grader) {
    case Grader::kExact:
      return trimmed(answer) == trimmed(record["answer"].get_ref<const std::string&>());
    case Grader::kNumber:
      return last_number(answer) == record["answer"].get<double>();
    case Grader::kJson:
      return right_json(record, answer);
    case Grader::kToolCall:
      return right_call(record["answer"], answer);
    case Grader::kNoToolCall:
      break;
  }
  return calls_in(answer).empty();
}

}  // namespace rung
