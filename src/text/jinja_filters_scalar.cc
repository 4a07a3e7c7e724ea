// Filters of one value.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"
#include "text/utf8.h"

namespace rung::jinja {
namespace {

/// A filter that is a function of the value's text.
template <std::string (*kFunction)(std::string_view)>
Result<Value> text_filter(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("filter", args, {}));
  RUNG_TRY(const std::string text, print(runtime, input));
  return runtime.make_text(kFunction(text));
}

/// Jinja's own rule, not str.title's: words begin behind white space, "-", "(", "{", "[" and "<".
std::string title_words(std::string_view text) {
  std::u32string points = to_points(text);
  std::string out, word;
  for (const char32_t point : points) {
    const bool is_break =
        is_space(point) ||
        (point < 0x80 && std::string_view("-({[<").find(static_cast<char>(point)) != std::string_view::npos);
    if (!is_break) {
      append_utf8(point, word);
      continue;
    }
    out += capitalize(word);
    word.clear();
    append_utf8(point, out);
  }
  return out + capitalize(word);
}

Result<Value> to_json(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("tojson", args, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  constexpr size_t kMaxIndent = 1000;
  JsonStyle style;
  style.ascii_only = flag_or(bound[0], false);
  style.sort_keys = flag_or(bound[3], false);
  if (bound[1] != nullptr && !bound[1]->is_none()) {
    if (bound[1]->is_text()) {
      style.indent = *bound[1]->text();
    } else {
      RUNG_TRY(const int64_t width, integer_or(bound[1], 0, "tojson"));
      style.indent = std::string(static_cast<size_t>(std::clamp<int64_t>(width, 0, kMaxIndent + 1)), ' ');
    }
    if (style.indent->size() > kMaxIndent) return input_error("tojson: indent is wider than {}", kMaxIndent);
    style.item_separator = ",";
  }
  if (bound[2] != nullptr && !bound[2]->is_none()) {
    RUNG_TRY(const std::vector<Value> pair, iterate(runtime, *bound[2]));
    if (pair.size() != 2 || !pair[0].is_text() || !pair[1].is_text()) {
      return input_error("tojson: separators must be two strings");
    }
    style.item_separator = *pair[0].text();
    style.key_separator = *pair[1].text();
  }
  RUNG_TRY(std::string text, dump_json(runtime, input, style));
  return runtime.make_text(std::move(text));
}

Result<Value> count(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("length", args, {}));
  if (input.is_text()) RUNG_CHECK(runtime.charge_walk(input));
  const auto size = length(input);
  if (!size) return input_error("object of type '{}' has no len()", type_name(input));
  return Value(*size);
}

Result<Value> trim(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("trim", args, {"chars"}));
  RUNG_TRY(const auto chars, text_or_none(bound[0], "trim"));
  RUNG_TRY(const std::string text, print(runtime, input));
  return runtime.make_text(strip(text, chars, Side::kBoth));
}

Result<Value> fall_back(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("default", args, {"default_value", "boolean"}));
  const bool is_missing = input.is_undefined() || (flag_or(bound[1], false) && !truth(input));
  if (!is_missing) return input;
  return bound[0] != nullptr ? *bound[0] : Value(std::string());
}

Result<Value> to_text(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("string", args, {}));
  if (input.is_text()) return input;
  RUNG_TRY(std::string text, print(runtime, input));
  return runtime.make_text(std::move(text));
}

std::string number_text(std::string_view text) {
  std::string digits = strip(text, std::nullopt, Side::kBoth);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.erase(0, 1);
  return replace(digits, "_", "", -1);
}

std::optional<double> parse_real(std::string_view text) {
  const std::string digits = lower(number_text(text));
  if (digits.find_first_of("xp(") != std::string::npos) return std::nullopt;
  double value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view text, int base) {
  std::string digits = lower(number_text(text));
  const size_t sign = !digits.empty() && digits[0] == '-' ? 1 : 0;
  const std::string_view prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "";
  if (!prefix.empty() && std::string_view(digits).substr(sign, 2) == prefix) digits.erase(sign, 2);
  int64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> truncate(double value) {
  if (!(std::fabs(value) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Result<Value> to_integer(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("int", args, {"default", "base"}));
  if (input.is_undefined()) return undefined_error(input);
  RUNG_TRY(const int64_t base, integer_or(bound[1], 10, "int"));
  if (base < 2 || base > 36) return input_error("int() base must be from 2 to 36, not {}", base);
  std::optional<int64_t> value;
  if (const std::string* text = input.text()) {
    value = parse_integer(*text, static_cast<int>(base));
    const auto real = value ? std::nullopt : parse_real(*text);
    if (real) value = truncate(*real);
  } else if (input.is_number()) {
    value = input.is_integral() ? input.integer() : truncate(input.real());
  }
  if (value) return Value(*value);
  return bound[0] != nullptr ? *bound[0] : Value(int64_t{0});
}

Result<Value> to_real(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("float", args, {"default"}));
  if (input.is_undefined()) return undefined_error(input);
  if (input.is_number()) return Value(input.real());
  const auto value = input.is_text() ? parse_real(*input.text()) : std::nullopt;
  if (value) return Value(*value);
  return bound[0] != nullptr ? *bound[0] : Value(0.0);
}

Result<Value> round(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("round", args, {"precision", "method"}));
  if (input.is_undefined()) return undefined_error(input);
  if (!input.is_number()) return input_error("round: '{}' is no number", type_name(input));
  RUNG_TRY(const int64_t precision, integer_or(bound[0], 0, "round"));
  RUNG_TRY(const auto method, text_or_none(bound[1], "round"));
  if (method && *method != "common" && *method != "ceil" && *method != "floor") {
    return input_error("round: method must be common, ceil or floor, not '{}'", *method);
  }
  const double value = input.real(), scale = std::pow(10.0, static_cast<double>(precision));
  if (method == "ceil") return Value(std::ceil(value * scale) / scale);
  if (method == "floor") return Value(std::floor(value * scale) / scale);
  if (input.is_integral() && precision >= 0) return Value(input.integer());
  if (!std::isfinite(value) || precision > 300) return input;
  if (precision < 0) {
    const double rounded = std::nearbyint(value * std::pow(10.0, static_cast<double>(precision))) /
                           std::pow(10.0, static_cast<double>(precision));
    return input.is_integral() ? Value(static_cast<int64_t>(rounded)) : Value(rounded);
  }
  // Python rounds the exact binary value, as printing with so many decimals does.
  return Value(parse_real(fmt::format("{:.{}f}", value, precision)).value_or(value));
}

Result<Value> absolute(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("abs", args, {}));
  if (input.is_undefined()) return undefined_error(input);
  if (!input.is_number()) return input_error("bad operand type for abs(): '{}'", type_name(input));
  if (!input.is_integral()) return Value(std::fabs(input.real()));
  return input.integer() < 0 ? negate(input) : Result<Value>(Value(input.integer()));
}

Result<Value> substitute(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("replace", args, {"old", "new", "count"}, 2));
  RUNG_TRY(std::string text, print(runtime, input));
  CallArgs rest;
  for (const Value* part : {bound[0], bound[1]}) {
    RUNG_TRY(std::string shown, print(runtime, *part));
    rest.positional.emplace_back(std::move(shown));
  }
  if (bound[2] != nullptr && !bound[2]->is_none()) rest.positional.push_back(*bound[2]);
  const auto method = find_method(Value(std::move(text)), "replace");
  return method->object()->call(runtime, rest);
}

Result<Value> mark_safe(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("safe", args, {}));
  RUNG_TRY(std::string text, print(runtime, input));
  return runtime.make_text(std::move(text), true);
}

Result<Value> escape(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("escape", args, {}));
  const Text* known = input.as<Text>();
  if (known != nullptr && known->markup) return input;
  RUNG_TRY(const std::string text, print(runtime, input));
  return runtime.make_text(escape_html(text), true);
}

Result<Value> force_escape(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("forceescape", args, {}));
  RUNG_TRY(const std::string text, print(runtime, input));
  return runtime.make_text(escape_html(text), true);
}

Result<Value> indent(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("indent", args, {"width", "first", "blank"}));
  RUNG_TRY(const std::string text, print(runtime, input));
  std::string margin;
  if (bound[0] != nullptr && bound[0]->is_text()) {
    margin = *bound[0]->text();
  } else {
    RUNG_TRY(const int64_t width, integer_or(bound[0], 4, "indent"));
    margin.assign(static_cast<size_t>(std::clamp<int64_t>(width, 0, kMaxTextBytes)), ' ');
  }
  const bool first = flag_or(bound[1], false), blank = flag_or(bound[2], false);
  RUNG_CHECK(runtime.charge(text.size()));
  const std::vector<std::string> lines = split_lines(text + "\n", false);
  if (margin.size() > kMaxTextBytes / (lines.size() + 1)) return input_error("indent: the text gets too long");
  std::string out = first ? margin : "";
  for (size_t at = 0; at < lines.size(); ++at) {
    if (at > 0) out += '\n';
    if (at > 0 && (blank || !lines[at].empty())) out += margin;
    out += lines[at];
  }
  return runtime.make_text(std::move(out));
}

Result<Value> format(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(std::string text, print(runtime, input));
  if (!args.named.empty() && !args.positional.empty()) {
    return input_error("format: either positional or keyword arguments");
  }
  if (args.named.empty()) {
    RUNG_TRY(const Value values, runtime.make_list(args.positional, Form::kTuple));
    return format_percent(runtime, Value(std::move(text)), values);
  }
  auto named = std::make_shared<Dict>();
  for (const auto& [name, value] : args.named) named->set(name, value);
  return format_percent(runtime, Value(std::move(text)), Value(std::move(named)));
}

Result<Value> count_words(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("wordcount", args, {}));
  RUNG_TRY(const std::string text, print(runtime, input));
  RUNG_CHECK(runtime.charge(text.size()));
  int64_t words = 0;
  bool in_word = false;
  for (const char32_t point : to_points(text)) {
    const bool is_word = has_class(point, PointClass::kWord);
    words += is_word && !in_word ? 1 : 0;
    in_word = is_word;
  }
  return Value(words);
}

Result<Value> center(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("center", args, {"width"}));
  RUNG_TRY(std::string text, print(runtime, input));
  RUNG_TRY(const int64_t width, integer_or(bound[0], 80, "center"));
  CallArgs rest;
  rest.positional.emplace_back(width);
  return find_method(Value(std::move(text)), "center")->object()->call(runtime, rest);
}

Result<Value> attribute(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("attr", args, {"name"}, 1));
  RUNG_TRY(const auto name, text_or_none(bound[0], "attr"));
  if (!name) return input_error("attr: needs a name");
  if (input.dict() != nullptr && !find_method(input, *name)) {
    return Value::undefined(fmt::format("'dict object' has no attribute '{}'", *name));
  }
  return get_attribute(input, *name);
}

}  // namespace

const std::vector<Named<Filter>>& scalar_filters() {
  static const std::vector<Named<Filter>> kFilters = {
      {"tojson", to_json},
      {"length", count},
      {"count", count},
      {"trim", trim},
      {"upper", text_filter<upper>},
      {"lower", text_filter<lower>},
      {"title", text_filter<title_words>},
      {"capitalize", text_filter<capitalize>},
      {"default", fall_back},
      {"d", fall_back},
      {"string", to_text},
      {"int", to_integer},
      {"float", to_real},
      {"round", round},
      {"abs", absolute},
      {"replace", substitute},
      {"safe", mark_safe},
      {"escape", escape},
      {"e", escape},
      {"forceescape", force_escape},
      {"indent", indent},
      {"format", format},
      {"wordcount", count_words},
      {"center", center},
      {"attr", attribute},
  };
  return kFilters;
}

}  // namespace rung::jinja
