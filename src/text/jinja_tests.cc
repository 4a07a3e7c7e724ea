// What may stand behind `is`.
#include <algorithm>

#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

using Predicate = bool (*)(const Value&);

template <Predicate kPredicate>
Result<bool> plain(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("test", args, {}));
  return kPredicate(input);
}

bool is_defined(const Value& value) { return !value.is_undefined(); }
bool is_missing(const Value& value) { return value.is_undefined(); }
bool is_nothing(const Value& value) { return value.is_none(); }
bool is_string(const Value& value) { return value.is_text(); }
bool is_numeric(const Value& value) { return value.is_number(); }
bool is_integer(const Value& value) { return value.as<int64_t>() != nullptr; }
bool is_real(const Value& value) { return value.as<double>() != nullptr; }
bool is_boolean(const Value& value) { return value.as<bool>() != nullptr; }
bool is_mapping(const Value& value) { return value.dict() != nullptr; }
bool is_iterable(const Value& value) {
  return value.is_text() || value.list() != nullptr || value.dict() != nullptr || value.is_undefined();
}
bool is_sequence(const Value& value) {
  const List* list = value.list();
  return list != nullptr ? list->form <= Form::kRange : is_iterable(value);
}
bool is_true(const Value& value) { return value.as<bool>() != nullptr && *value.as<bool>(); }
bool is_false(const Value& value) { return value.as<bool>() != nullptr && !*value.as<bool>(); }
bool is_callable(const Value& value) {
  return value.is_undefined() || (value.object() != nullptr && value.object()->is_callable());
}
bool is_escaped(const Value& value) { return value.is_text() && value.as<Text>()->markup; }

Result<bool> remainder_is(Runtime& runtime, const Value& input, const Value& divisor, int64_t wanted) {
  RUNG_TRY(const Value rest, apply(runtime, BinaryOp::kModulo, input, divisor));
  return equal(rest, Value(wanted));
}

Result<bool> is_odd(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("odd", args, {}));
  return remainder_is(runtime, input, Value(int64_t{2}), 1);
}

Result<bool> is_even(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("even", args, {}));
  return remainder_is(runtime, input, Value(int64_t{2}), 0);
}

Result<bool> is_divisible(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("divisibleby", args, {"num"}, 1));
  return remainder_is(runtime, input, *bound[0], 0);
}

template <CompareOp kOp>
Result<bool> compares(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("test", args, {"other"}, 1));
  return compare(runtime, kOp, input, *bound[0]);
}

Result<bool> is_same(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("sameas", args, {"other"}, 1));
  const Value& other = *bound[0];
  if (input.data().index() != other.data().index()) return false;
  if (input.list() != nullptr) return input.list() == other.list();
  if (input.dict() != nullptr) return input.dict() == other.dict();
  return equal(input, other);
}

/// str.islower and str.isupper: some letter has that case and none the other.
template <PointClass kWanted, PointClass kOther>
Result<bool> has_case(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("test", args, {}));
  RUNG_TRY(const std::string text, print(runtime, input));
  RUNG_CHECK(runtime.charge(text.size()));
  bool found = false;
  for (const char32_t point : to_points(text)) {
    if (has_class(point, kOther)) return false;
    found = found || has_class(point, kWanted);
  }
  return found;
}

template <class T, T (*kFind)(std::string_view)>
Result<bool> names(Runtime&, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("test", args, {}));
  return input.is_text() && kFind(*input.text()) != nullptr;
}

const std::vector<Named<Test>>& tests() {
  static const std::vector<Named<Test>> kTests = {
      {"defined", plain<is_defined>},
      {"undefined", plain<is_missing>},
      {"none", plain<is_nothing>},
      {"string", plain<is_string>},
      {"number", plain<is_numeric>},
      {"integer", plain<is_integer>},
      {"float", plain<is_real>},
      {"boolean", plain<is_boolean>},
      {"mapping", plain<is_mapping>},
      {"iterable", plain<is_iterable>},
      {"sequence", plain<is_sequence>},
      {"true", plain<is_true>},
      {"false", plain<is_false>},
      {"callable", plain<is_callable>},
      {"escaped", plain<is_escaped>},
      {"odd", is_odd},
      {"even", is_even},
      {"divisibleby", is_divisible},
      {"sameas", is_same},
      {"lower", has_case<PointClass::kLower, PointClass::kUpper>},
      {"upper", has_case<PointClass::kUpper, PointClass::kLower>},
      {"filter", names<Filter, find_filter>},
      {"test", names<Test, find_test>},
      {"in", compares<CompareOp::kIn>},
      {"eq", compares<CompareOp::kEqual>},
      {"equalto", compares<CompareOp::kEqual>},
      {"==", compares<CompareOp::kEqual>},
      {"ne", compares<CompareOp::kNotEqual>},
      {"!=", compares<CompareOp::kNotEqual>},
      {"lt", compares<CompareOp::kLess>},
      {"lessthan", compares<CompareOp::kLess>},
      {"<", compares<CompareOp::kLess>},
      {"le", compares<CompareOp::kLessEqual>},
      {"<=", compares<CompareOp::kLessEqual>},
      {"gt", compares<CompareOp::kGreater>},
      {"greaterthan", compares<CompareOp::kGreater>},
      {">", compares<CompareOp::kGreater>},
      {"ge", compares<CompareOp::kGreaterEqual>},
      {">=", compares<CompareOp::kGreaterEqual>},
  };
  return kTests;
}

}  // namespace

Test find_test(std::string_view name) {
  const auto found = std::find_if(tests().begin(), tests().end(), [name](const auto& row) { return row.name == name; });
  return found == tests().end() ? nullptr : found->call;
}

}  // namespace rung::jinja
