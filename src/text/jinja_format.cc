// Python's two ways to format text: "%s" % values and "{}".format(values).
#include <fmt/args.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

constexpr size_t kMaxFieldDigits = 4;  ///< of a width or precision: at most 9999

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// One "%(name)-08.3f".
struct Directive {
  std::optional<std::string> name;
  std::string flags, width, precision;
  char type = 0;
};

class PercentFormatter {
 public:
  PercentFormatter(Runtime& runtime, std::string_view rest, const Value& values)
      : runtime_(runtime), rest_(rest), values_(values) {}
  Result<std::string> run();

 private:
  Result<Directive> parse();
  Result<std::string> digits(bool& is_given);
  Result<Value> next(const Directive& directive);
  Result<std::string> show(const Directive& directive, const Value& value);
  static Result<std::string> show_number(const Directive& directive, const Value& value);

  Runtime& runtime_;
  std::string_view rest_;
  const Value& values_;
  size_t used_ = 0;
};

Result<Directive> PercentFormatter::parse() {
  Directive directive;
  rest_.remove_prefix(1);
  if (!rest_.empty() && rest_[0] == '(') {
    const size_t end = rest_.find(')');
    if (end == std::string_view::npos) return input_error("incomplete format key");
    directive.name = std::string(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
  }
  const auto take_while = [this](auto&& holds) {
    size_t length = 0;
    while (length < rest_.size() && holds(rest_[length])) ++length;
    std::string taken(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return taken;
  };
  directive.flags = take_while([](char c) { return std::string_view("-+ #0").find(c) != std::string_view::npos; });
  directive.width = take_while(is_digit);
  if (!rest_.empty() && rest_[0] == '.') {
    rest_.remove_prefix(1);
    directive.precision = "0" + take_while(is_digit);
  }
  if (rest_.empty()) return input_error("incomplete format");
  directive.type = rest_[0];
  rest_.remove_prefix(1);
  if (directive.width.size() > kMaxFieldDigits || directive.precision.size() > kMaxFieldDigits) {
    return input_error("format: width or precision is too large");
  }
  return directive;
}

Result<Value> PercentFormatter::next(const Directive& directive) {
  if (directive.name) {
    if (values_.dict() == nullptr) return input_error("format requires a mapping");
    const Value* found = values_.dict()->find(*directive.name);
    if (found == nullptr) return input_error("format: no key '{}'", *directive.name);
    return *found;
  }
  const List* list = values_.list();
  const bool is_tuple = list != nullptr && list->form == Form::kTuple;
  const size_t at = used_++;
  if (at >= (is_tuple ? list->items.size() : 1)) return input_error("not enough arguments for format string");
  return is_tuple ? list->items[at] : values_;
}

Result<std::string> PercentFormatter::show_number(const Directive& directive, const Value& value) {
  if (!value.is_number())
    return input_error("%{} format: a number is required, not {}", directive.type, type_name(value));
  const bool is_integer = std::string_view("diuxXo").find(directive.type) != std::string_view::npos;
  std::string flags = directive.flags;
  const bool is_left = flags.find('-') != std::string::npos;
  std::string spec = is_left ? "<" : flags.find('0') != std::string::npos ? "" : ">";
  if (flags.find('+') != std::string::npos) {
    spec += '+';
  } else if (flags.find(' ') != std::string::npos) {
    spec += ' ';
  }
  if (flags.find('#') != std::string::npos) spec += '#';
  if (!is_left && flags.find('0') != std::string::npos) spec += '0';
  spec += directive.width;
  const char type = directive.type == 'i' || directive.type == 'u' ? 'd' : directive.type;
  if (is_integer) {
    if (!value.is_integral() && !(std::fabs(value.real()) < 9.2e18)) return input_error("format: number too large");
    if (!value.is_integral() && type != 'd') return input_error("%{} format: an integer is required", type);
    const int64_t number = value.is_integral() ? value.integer() : static_cast<int64_t>(value.real());
    return fmt::format(fmt::runtime("{:" + spec + type + "}"), number);
  }
  const std::string precision = directive.precision.empty() ? "6" : directive.precision;
  const size_t first = std::min(precision.find_first_not_of('0'), precision.size() - 1);
  return fmt::format(fmt::runtime("{:" + spec + "." + precision.substr(first) + type + "}"), value.real());
}

Result<std::string> PercentFormatter::show(const Directive& directive, const Value& value) {
  if (std::string_view("diuxXofFeEgG").find(directive.type) != std::string_view::npos) {
    return show_number(directive, value);
  }
  if (directive.type == 'c' && value.is_text() && count_points(*value.text()) != 1) {
    return input_error("%c requires int or char");
  }
  if (directive.type == 'c' && !value.is_text()) return input_error("%c is supported for a string of one character");
  if (directive.type != 's' && directive.type != 'r' && directive.type != 'c') {
    return input_error("unsupported format character '{}'", directive.type);
  }
  RUNG_TRY(std::string text, directive.type == 'r' ? represent(runtime_, value) : print(runtime_, value));
  if (!directive.precision.empty()) text = from_points(to_points(text).substr(0, std::stoul(directive.precision)));
  const size_t size = count_points(text);
  const size_t width = directive.width.empty() ? 0 : std::stoul(directive.width);
  if (size >= width) return text;
  const bool is_left = directive.flags.find('-') != std::string::npos;
  return is_left ? text + std::string(width - size, ' ') : std::string(width - size, ' ') + text;
}

Result<std::string> PercentFormatter::run() {
  std::string out;
  while (!rest_.empty()) {
    const size_t at = std::min(rest_.find('%'), rest_.size());
    out += rest_.substr(0, at);
    rest_.remove_prefix(at);
    if (rest_.empty()) break;
    RUNG_CHECK(runtime_.charge(1));
    RUNG_TRY(const Directive directive, parse());
    if (directive.type == '%') {
      out += '%';
      continue;
    }
    RUNG_TRY(const Value value, next(directive));
    RUNG_TRY(const std::string text, show(directive, value));
    out += text;
    if (out.size() > kMaxTextBytes) return input_error("format: more than {} bytes", kMaxTextBytes);
  }
  const List* list = values_.list();
  const bool is_tuple = list != nullptr && list->form == Form::kTuple;
  const size_t given = is_tuple ? list->items.size() : 1;
  const bool may_be_unused = values_.dict() != nullptr || (list != nullptr && !is_tuple);
  if (used_ < given && !may_be_unused) return input_error("not all arguments converted during string formatting");
  return out;
}

/// "{0.name[key]!r:>8}" without the braces.
class BraceFormatter {
 public:
  BraceFormatter(Runtime& runtime, std::string_view rest, const CallArgs& args)
      : runtime_(runtime), rest_(rest), args_(args) {}
  Result<std::string> run();

 private:
  Result<std::string> field(std::string_view text);
  Result<Value> look_up(std::string_view name);
  Result<std::string> show(const Value& value, std::string_view spec);

  Runtime& runtime_;
  std::string_view rest_;
  const CallArgs& args_;
  size_t next_ = 0;
};

Result<Value> BraceFormatter::look_up(std::string_view name) {
  const size_t end = std::min(name.find_first_of(".["), name.size());
  const std::string_view first = name.substr(0, end);
  name.remove_prefix(end);
  Value value;
  if (first.empty() || (first.size() < 6 && std::all_of(first.begin(), first.end(), is_digit))) {
    const size_t at = first.empty() ? next_++ : std::stoul(std::string(first));
    if (at >= args_.positional.size()) return input_error("format: no argument {}", at);
    value = args_.positional[at];
  } else {
    const auto found = std::find_if(args_.named.begin(), args_.named.end(),
                                    [first](const auto& entry) { return entry.first == first; });
    if (found == args_.named.end()) return input_error("format: no argument '{}'", first);
    value = found->second;
  }
  while (!name.empty()) {
    const bool is_item = name[0] == '[';
    const size_t stop = is_item ? name.find(']') : std::min(name.find_first_of(".[", 1), name.size());
    if (stop == std::string_view::npos || (!is_item && name[0] != '.')) return input_error("format: malformed field");
    const std::string key(name.substr(1, stop - 1));
    const bool is_index = is_item && !key.empty() && key.size() < 10 && std::all_of(key.begin(), key.end(), is_digit);
    const Value index = is_index ? Value(static_cast<int64_t>(std::stol(key))) : Value(key);
    RUNG_TRY(value, is_item ? get_item(runtime_, value, index) : get_attribute(value, key));
    name.remove_prefix(is_item ? stop + 1 : stop);
  }
  return value;
}

Result<std::string> BraceFormatter::show(const Value& value, std::string_view spec) {
  if (spec.empty()) return print(runtime_, value);
  size_t run = 0;
  for (const char c : spec) {
    run = is_digit(c) ? run + 1 : 0;
    if (run > kMaxFieldDigits) return input_error("format: width or precision is too large");
  }
  if (spec.find_first_of("{},_") != std::string_view::npos) return input_error("format: '{}' is not supported", spec);
  const std::string pattern = "{:" + std::string(spec) + "}";
  try {
    if (value.as<int64_t>() && spec.find_first_of("eEfFgG%.") == std::string_view::npos) {
      return fmt::format(fmt::runtime(pattern), value.integer());
    }
    if (value.is_number()) return fmt::format(fmt::runtime(pattern), value.real());
    RUNG_TRY(const std::string text, print(runtime_, value));
    return fmt::format(fmt::runtime(pattern), text);
  } catch (const fmt::format_error& error) {
    return input_error("format: '{}' is no valid specification: {}", spec, error.what());
  }
}

Result<std::string> BraceFormatter::field(std::string_view text) {
  const size_t colon = std::min(text.find(':'), text.size());
  std::string_view name = text.substr(0, colon);
  const std::string_view spec = colon < text.size() ? text.substr(colon + 1) : std::string_view();
  const size_t mark = name.find('!');
  const std::string_view conversion = mark == std::string_view::npos ? "" : name.substr(mark + 1);
  RUNG_TRY(Value value, look_up(name.substr(0, mark)));
  if (conversion == "r") {
    RUNG_TRY(std::string shown, represent(runtime_, value));
    value = Value(std::move(shown));
  } else if (conversion == "s") {
    RUNG_TRY(std::string shown, print(runtime_, value));
    value = Value(std::move(shown));
  } else if (mark != std::string_view::npos) {
    return input_error("format: unknown conversion '{}'", conversion);
  }
  return show(value, spec);
}

Result<std::string> BraceFormatter::run() {
  std::string out;
  while (!rest_.empty()) {
    const size_t at = std::min(rest_.find_first_of("{}"), rest_.size());
    out += rest_.substr(0, at);
    rest_.remove_prefix(at);
    if (rest_.empty()) break;
    RUNG_CHECK(runtime_.charge(1));
    if (rest_.size() > 1 && rest_[1] == rest_[0]) {
      out += rest_[0];
      rest_.remove_prefix(2);
      continue;
    }
    const size_t end = rest_.find('}');
    if (rest_[0] == '}' || end == std::string_view::npos) return input_error("format: unbalanced brace");
    RUNG_TRY(const std::string text, field(rest_.substr(1, end - 1)));
    out += text;
    rest_.remove_prefix(end + 1);
    if (out.size() > kMaxTextBytes) return input_error("format: more than {} bytes", kMaxTextBytes);
  }
  return out;
}

}  // namespace

Result<Value> format_percent(Runtime& runtime, const Value& text, const Value& values) {
  RUNG_TRY(std::string out, PercentFormatter(runtime, *text.text(), values).run());
  return runtime.make_text(std::move(out), text.as<Text>()->markup);
}

Result<Value> format_braces(Runtime& runtime, const std::string& text, const CallArgs& args) {
  RUNG_TRY(std::string out, BraceFormatter(runtime, text, args).run());
  return runtime.make_text(std::move(out));
}

}  // namespace rung::jinja
