// Python's operators, item access and iteration, with the sandbox's rules: reading what is not there gives an undefined
// value, using an undefined value is an error.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "text/jinja_runtime.h"

namespace rung::jinja {

enum class BinaryOp { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class CompareOp { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

std::string_view symbol(BinaryOp op);
Result<Value> apply(Runtime& runtime, BinaryOp op, const Value& left, const Value& right);
Result<Value> negate(const Value& value);
Result<Value> positive(const Value& value);

Result<bool> compare(Runtime& runtime, CompareOp op, const Value& left, const Value& right);
/// Python's <.
Result<bool> less(const Value& left, const Value& right);

/// value.name: attribute first, then item.
Result<Value> get_attribute(const Value& value, std::string_view name);
/// value[key]: item first, then attribute.
Result<Value> get_item(Runtime& runtime, const Value& value, const Value& key);
Result<Value> get_slice(Runtime& runtime, const Value& value, const Value& start, const Value& stop, const Value& step);

/// The items that a for loop sees: of sequences, the keys of a dictionary, the characters of a string, nothing of an
/// undefined value. Empties a generator.
Result<std::vector<Value>> iterate(Runtime& runtime, const Value& value);
/// len(); absent for what has none.
std::optional<int64_t> length(const Value& value);

/// The error of using an undefined value.
tl::unexpected<Error> undefined_error(const Value& value);

}  // namespace rung::jinja
