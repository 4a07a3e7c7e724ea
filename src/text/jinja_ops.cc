#include "text/jinja_ops.h"

#include <algorithm>
#include <cmath>

#include "text/jinja_builtins.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"
#include "text/utf8.h"

namespace rung::jinja {
namespace {

tl::unexpected<Error> too_big() { return input_error("an integer exceeds 64 bits"); }

Result<Value> integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return input_error("0.0 cannot be raised to a negative power");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t power = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(power, base, &power)) return too_big();
    if (exponent > 1 && __builtin_mul_overflow(base, base, &base)) return too_big();
  }
  return Value(power);
}

Result<Value> integer_arithmetic(BinaryOp op, int64_t left, int64_t right) {
  int64_t out = 0;
  switch (op) {
    case BinaryOp::kAdd:
      return __builtin_add_overflow(left, right, &out) ? Result<Value>(too_big()) : Value(out);
    case BinaryOp::kSubtract:
      return __builtin_sub_overflow(left, right, &out) ? Result<Value>(too_big()) : Value(out);
    case BinaryOp::kMultiply:
      return __builtin_mul_overflow(left, right, &out) ? Result<Value>(too_big()) : Value(out);
    case BinaryOp::kPower:
      return integer_power(left, right);
    default:
      break;
  }
  if (right == 0) return input_error("division by zero");
  if (op == BinaryOp::kDivide) return Value(static_cast<double>(left) / static_cast<double>(right));
  if (right == -1) {
    if (op == BinaryOp::kModulo) return Value(int64_t{0});
    return __builtin_sub_overflow(int64_t{0}, left, &out) ? Result<Value>(too_big()) : Value(out);
  }
  const int64_t rest = left % right;
  const bool is_adjusted = rest != 0 && (rest < 0) != (right < 0);
  if (op == BinaryOp::kModulo) return Value(is_adjusted ? rest + right : rest);
  return Value(left / right - (is_adjusted ? 1 : 0));
}

/// Python's float // and %: the quotient is floored, the remainder has the divisor's sign.
Result<Value> float_division(BinaryOp op, double left, double right) {
  if (right == 0) return input_error("float division by zero");
  if (op == BinaryOp::kDivide) return Value(left / right);
  double rest = std::fmod(left, right);
  double quotient = (left - rest) / right;
  if (rest != 0 && (rest < 0) != (right < 0)) {
    rest += right;
    quotient -= 1;
  }
  if (op == BinaryOp::kModulo) return Value(rest == 0 ? std::copysign(0.0, right) : rest);
  if (quotient == 0) return Value(std::copysign(0.0, left / right));
  const double floored = std::floor(quotient);
  return Value(quotient - floored > 0.5 ? floored + 1 : floored);
}

Result<Value> float_arithmetic(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return Value(left + right);
    case BinaryOp::kSubtract:
      return Value(left - right);
    case BinaryOp::kMultiply:
      return Value(left * right);
    case BinaryOp::kPower:
      if (left == 0 && right < 0) return input_error("0.0 cannot be raised to a negative power");
      if (left < 0 && std::trunc(right) != right) return input_error("a negative number to a fraction is complex");
      return Value(std::pow(left, right));
    default:
      return float_division(op, left, right);
  }
}

Result<Value> concatenate(Runtime& runtime, const Text& left, const Text& right) {
  const bool markup = left.markup || right.markup;
  const auto part = [markup](const Text& text) {
    return markup && !text.markup ? escape_html(*text.bytes) : *text.bytes;
  };
  return runtime.make_text(part(left) + part(right), markup);
}

Result<Value> repeat(Runtime& runtime, const Value& value, int64_t times) {
  const auto count = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  if (const Text* text = value.as<Text>()) {
    if (!text->bytes->empty() && count > kMaxTextBytes / text->bytes->size()) {
      return input_error("a string is longer than {} bytes", kMaxTextBytes);
    }
    std::string out;
    out.reserve(text->bytes->size() * count);
    for (uint64_t done = 0; !text->bytes->empty() && done < count; ++done) out += *text->bytes;
    return runtime.make_text(std::move(out), text->markup);
  }
  const List& list = *value.list();
  if (list.items.empty()) return value;
  RUNG_CHECK(runtime.charge(std::min(count, kMaxSteps + 1) * list.items.size()));
  std::vector<Value> items;
  for (uint64_t done = 0; done < count; ++done) {
    items.insert(items.end(), list.items.begin(), list.items.end());
  }
  return runtime.make_list(std::move(items), list.form);
}

bool is_list_or_tuple(const Value& value) {
  const List* list = value.list();
  return list != nullptr && (list->form == Form::kList || list->form == Form::kTuple);
}

Result<Value> apply_to_sequences(Runtime& runtime, BinaryOp op, const Value& left, const Value& right) {
  const auto is_repeatable = [](const Value& value) { return value.is_text() || is_list_or_tuple(value); };
  if (op == BinaryOp::kModulo && left.is_text()) return format_percent(runtime, left, right);
  if (op == BinaryOp::kAdd && left.is_text() && right.is_text()) {
    return concatenate(runtime, *left.as<Text>(), *right.as<Text>());
  }
  if (op == BinaryOp::kAdd && is_list_or_tuple(left) && is_list_or_tuple(right) &&
      left.list()->form == right.list()->form) {
    std::vector<Value> items = left.list()->items;
    items.insert(items.end(), right.list()->items.begin(), right.list()->items.end());
    return runtime.make_list(std::move(items), left.list()->form);
  }
  if (op == BinaryOp::kMultiply && is_repeatable(left) && right.is_integral()) {
    return repeat(runtime, left, right.integer());
  }
  if (op == BinaryOp::kMultiply && left.is_integral() && is_repeatable(right)) {
    return repeat(runtime, right, left.integer());
  }
  if (op == BinaryOp::kAdd && is_repeatable(left)) {
    return input_error("can only concatenate {0} (not \"{1}\") to {0}", type_name(left), type_name(right));
  }
  return input_error("unsupported operand type(s) for {}: '{}' and '{}'", symbol(op), type_name(left),
                     type_name(right));
}

Result<bool> contains(Runtime& runtime, const Value& needle, const Value& haystack) {
  if (const std::string* text = haystack.text()) {
    if (needle.is_undefined()) return undefined_error(needle);
    const std::string* wanted = needle.text();
    if (wanted == nullptr) {
      return input_error("'in <string>' requires string as left operand, not {}", type_name(needle));
    }
    RUNG_CHECK(runtime.charge_walk(haystack));
    return text->find(*wanted) != std::string::npos;
  }
  if (const Dict* dict = haystack.dict()) {
    RUNG_CHECK(runtime.charge_walk(needle));
    RUNG_TRY(const Value* found, dict->find(needle));
    return found != nullptr;
  }
  if (haystack.list() == nullptr && !haystack.is_undefined()) {
    return input_error("argument of type '{}' is not iterable", type_name(haystack));
  }
  RUNG_CHECK(runtime.charge_walk(haystack));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, haystack));
  return std::any_of(items.begin(), items.end(), [&needle](const Value& item) { return equal(item, needle); });
}

std::string_view owner_name(const Value& value) { return value.is_none() ? "None" : type_name(value); }

Value no_attribute(const Value& value, std::string_view name) {
  const std::string_view suffix = value.is_none() ? "" : " object";
  return Value::undefined(fmt::format("'{}{}' has no attribute '{}'", owner_name(value), suffix, name));
}

/// Python's slice.indices: the positions that a slice visits.
Result<std::vector<size_t>> slice_positions(size_t size, const Value& start, const Value& stop, const Value& step) {
  const int64_t count = static_cast<int64_t>(size);
  const int64_t by = step.is_none() ? 1 : step.integer();
  if (by == 0) return input_error("slice step cannot be zero");
  const int64_t low = by < 0 ? -1 : 0, high = by < 0 ? count - 1 : count;
  const auto place = [&](const Value& bound, int64_t absent) {
    if (bound.is_none()) return absent;
    const int64_t wanted = bound.integer() < 0 ? bound.integer() + count : bound.integer();
    return std::clamp(wanted, low, high);
  };
  const int64_t first = place(start, by < 0 ? high : low), last = place(stop, by < 0 ? low : high);
  std::vector<size_t> positions;
  for (int64_t at = first; by < 0 ? at > last : at < last;) {
    positions.push_back(static_cast<size_t>(at));
    if (by > 0 ? last - at <= by : at - last <= (by == INT64_MIN ? INT64_MAX : -by)) break;
    at += by;
  }
  return positions;
}

}  // namespace

std::string_view symbol(BinaryOp op) {
  static constexpr std::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
  return kSymbols[static_cast<size_t>(op)];
}

tl::unexpected<Error> undefined_error(const Value& value) { return input_error("{}", *value.as<Undefined>()->why); }

Result<Value> apply(Runtime& runtime, BinaryOp op, const Value& left, const Value& right) {
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined() && !(op == BinaryOp::kModulo && left.is_text())) return undefined_error(right);
  if (!left.is_number() || !right.is_number()) return apply_to_sequences(runtime, op, left, right);
  if (left.is_integral() && right.is_integral()) return integer_arithmetic(op, left.integer(), right.integer());
  return float_arithmetic(op, left.real(), right.real());
}

Result<Value> negate(const Value& value) {
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_number()) return input_error("bad operand type for unary -: '{}'", type_name(value));
  if (!value.is_integral()) return Value(-value.real());
  return integer_arithmetic(BinaryOp::kSubtract, 0, value.integer());
}

Result<Value> positive(const Value& value) {
  if (value.is_undefined()) return undefined_error(value);
  if (!value.is_number()) return input_error("bad operand type for unary +: '{}'", type_name(value));
  return value.is_integral() ? Value(value.integer()) : value;
}

Result<bool> less(const Value& left, const Value& right) {
  if (left.is_undefined()) return undefined_error(left);
  if (right.is_undefined()) return undefined_error(right);
  if (left.is_integral() && right.is_integral()) return left.integer() < right.integer();
  if (left.is_number() && right.is_number()) return left.real() < right.real();
  if (left.is_text() && right.is_text()) return *left.text() < *right.text();
  if (is_list_or_tuple(left) && is_list_or_tuple(right) && left.list()->form == right.list()->form) {
    const auto& one = left.list()->items;
    const auto& other = right.list()->items;
    const size_t common = std::min(one.size(), other.size());
    for (size_t at = 0; at < common; ++at) {
      if (!equal(one[at], other[at])) return less(one[at], other[at]);
    }
    return one.size() < other.size();
  }
  return input_error("'<' not supported between instances of '{}' and '{}'", type_name(left), type_name(right));
}

Result<bool> compare(Runtime& runtime, CompareOp op, const Value& left, const Value& right) {
  RUNG_CHECK(runtime.charge(std::min(extent_of(left).weight, extent_of(right).weight)));
  switch (op) {
    case CompareOp::kEqual:
      return equal(left, right);
    case CompareOp::kNotEqual:
      return !equal(left, right);
    case CompareOp::kLess:
      return less(left, right);
    case CompareOp::kGreater:
      return less(right, left);
    case CompareOp::kIn:
      return contains(runtime, left, right);
    case CompareOp::kNotIn:
      return contains(runtime, left, right).map([](bool found) { return !found; });
    default:
      break;
  }
  const bool is_less = op == CompareOp::kLessEqual;
  RUNG_TRY(const bool is_strict, is_less ? less(left, right) : less(right, left));
  return is_strict || equal(left, right);
}

Result<Value> get_attribute(const Value& value, std::string_view name) {
  if (value.is_undefined()) return undefined_error(value);
  if (const Object* object = value.object()) return object->attribute(name);
  if (auto method = find_method(value, name)) return std::move(*method);
  if (const Dict* dict = value.dict()) {
    const Value* found = dict->find(name);
    if (found != nullptr) return *found;
  }
  return no_attribute(value, name);
}

Result<Value> get_item(Runtime& runtime, const Value& value, const Value& key) {
  if (value.is_undefined()) return undefined_error(value);
  if (const Dict* dict = value.dict()) {
    RUNG_CHECK(runtime.charge_walk(key));
    const auto found = dict->find(key);
    if (found && *found != nullptr) return **found;
  }
  if (key.is_integral()) {
    const auto size = length(value);
    const int64_t at = size && key.integer() < 0 ? key.integer() + *size : key.integer();
    if (size && value.dict() == nullptr && at >= 0 && at < *size) {
      const List* list = value.list();
      if (list != nullptr && list->form <= Form::kRange) return list->items[static_cast<size_t>(at)];
      if (value.is_text()) {
        RUNG_CHECK(runtime.charge_walk(value));
        return runtime.make_text(from_points(to_points(*value.text()).substr(static_cast<size_t>(at), 1)));
      }
    }
  }
  if (const std::string* name = key.text()) return get_attribute(value, *name);
  RUNG_TRY(const std::string shown, represent(runtime, key));
  return Value::undefined(
      fmt::format("{}{} has no element {}", owner_name(value), value.is_none() ? "" : " object", shown));
}

Result<Value> get_slice(Runtime& runtime, const Value& value, const Value& start, const Value& stop,
                        const Value& step) {
  if (value.is_undefined()) return undefined_error(value);
  const List* list = value.list();
  const bool is_sliceable = value.is_text() || (list != nullptr && list->form <= Form::kRange);
  if (!is_sliceable) return input_error("'{}' object cannot be sliced", type_name(value));
  for (const Value* bound : {&start, &stop, &step}) {
    if (!bound->is_none() && !bound->is_integral()) return input_error("slice indices must be integers or None");
  }
  RUNG_CHECK(runtime.charge_walk(value));
  if (list != nullptr) {
    RUNG_TRY(const std::vector<size_t> positions, slice_positions(list->items.size(), start, stop, step));
    std::vector<Value> items;
    for (const size_t at : positions) items.push_back(list->items[at]);
    return runtime.make_list(std::move(items), list->form);
  }
  const std::u32string points = to_points(*value.text());
  RUNG_TRY(const std::vector<size_t> positions, slice_positions(points.size(), start, stop, step));
  std::string out;
  for (const size_t at : positions) append_utf8(points[at], out);
  return runtime.make_text(std::move(out), value.as<Text>()->markup);
}

Result<std::vector<Value>> iterate(Runtime& runtime, const Value& value) {
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (List* list = value.list()) {
    RUNG_CHECK(runtime.charge(list->items.size()));
    if (list->form == Form::kGenerator) {
      items.swap(list->items);
    } else {
      items = list->items;
    }
    return items;
  }
  if (const Dict* dict = value.dict()) {
    RUNG_CHECK(runtime.charge(dict->entries().size()));
    for (const Dict::Entry& entry : dict->entries()) items.push_back(entry.first);
    return items;
  }
  const Text* text = value.as<Text>();
  if (text == nullptr) return input_error("'{}' object is not iterable", type_name(value));
  RUNG_CHECK(runtime.charge(text->bytes->size()));
  for (const char32_t point : to_points(*text->bytes)) {
    std::string character;
    append_utf8(point, character);
    items.emplace_back(std::move(character), text->markup);
  }
  return items;
}

std::optional<int64_t> length(const Value& value) {
  if (value.is_undefined()) return 0;
  if (const std::string* text = value.text()) return static_cast<int64_t>(count_points(*text));
  if (const Dict* dict = value.dict()) return static_cast<int64_t>(dict->entries().size());
  const List* list = value.list();
  if (list == nullptr || list->form == Form::kGenerator) return std::nullopt;
  return static_cast<int64_t>(list->items.size());
}

}  // namespace rung::jinja
