#include "recipe/number_range.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace rung {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

double unit_of(char suffix) {
  switch (suffix) {
    case 'k':
      return 1e3;
    case 'M':
      return 1e6;
    case 'G':
      return 1e9;
    case '%':
      return 1e-2;
    default:
      return 1;
  }
}

std::optional<double> number_of(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<size_t>(text.data() + text.size() - end));
  if (error != std::errc() || rest.size() > 1 || !std::isfinite(number) || number < 0) return std::nullopt;
  if (rest.empty()) return number;
  const double unit = unit_of(rest.front());
  if (unit == 1) return std::nullopt;
  return number * unit;
}

/// The number after one of the comparisons.
std::optional<NumberRange> compared(std::string_view text) {
  NumberRange range;
  const bool above = text.starts_with('>');
  if (!above && !text.starts_with('<')) return std::nullopt;
  const bool open = !text.substr(1).starts_with('=');
  const auto number = number_of(text.substr(open ? 1 : 2));
  if (!number) return std::nullopt;
  (above ? range.low : range.high) = *number;
  (above ? range.low_open : range.high_open) = open;
  return range;
}

std::optional<NumberRange> between(std::string_view text) {
  const size_t dash = text.find('-');
  NumberRange range;
  const auto low = number_of(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : number_of(text.substr(dash + 1));
  if (!low || !high || *low > *high) return std::nullopt;
  range.low = *low;
  range.high = *high;
  return range;
}

}  // namespace

Result<NumberRange> parse_number_range(std::string_view text) {
  auto range = compared(trimmed(text));
  if (!range) range = between(trimmed(text));
  if (!range) return input_error("found '{}', allowed are forms like 8, >= 4, < 1M, 4-16, >= 75%", text);
  range->text = trimmed(text);
  return *range;
}

}  // namespace rung
