// What templates can call by name: filters, tests, global functions, and methods of strings, lists and dictionaries.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja_runtime.h"

namespace rung::jinja {

/// `input` is what stands before the bar.
using Filter = Result<Value> (*)(Runtime& runtime, const Value& input, const CallArgs& args);
using Test = Result<bool> (*)(Runtime& runtime, const Value& input, const CallArgs& args);
using Function = Result<Value> (*)(Runtime& runtime, const CallArgs& args);
using Method = Result<Value> (*)(Runtime& runtime, const Value& self, const CallArgs& args);

template <class T>
struct Named {
  std::string_view name;
  T call;
};

/// Null when there is no such filter or test.
Filter find_filter(std::string_view name);
Test find_test(std::string_view name);
/// raise_exception, strftime_now, range, dict, namespace.
std::optional<Value> find_global(std::string_view name);
/// A bound method; an undefined value where the immutable sandbox forbids it; nothing when the type has none.
std::optional<Value> find_method(const Value& self, std::string_view name);

/// text % values.
Result<Value> format_percent(Runtime& runtime, const Value& text, const Value& values);
/// text.format(...).
Result<Value> format_braces(Runtime& runtime, const std::string& text, const CallArgs& args);

/// Arguments by position in `names`, as Python binds them; null where none was given.
using Bound = std::vector<const Value*>;
Result<Bound> bind(std::string_view callee, const CallArgs& args, std::initializer_list<std::string_view> names,
                   size_t required = 0);
bool flag_or(const Value* value, bool fallback);
Result<int64_t> integer_or(const Value* value, int64_t fallback, std::string_view callee);
/// None counts as not given.
Result<std::optional<std::string>> text_or_none(const Value* value, std::string_view callee);
/// value.a.b.0 for "a.b.0", by items first, as the attribute arguments of filters are read.
Result<Value> walk_attribute(Runtime& runtime, const Value& value, const Value& path);

/// The tables behind find_filter, one a file.
const std::vector<Named<Filter>>& scalar_filters();
const std::vector<Named<Filter>>& sequence_filters();
const std::vector<Named<Filter>>& selection_filters();

}  // namespace rung::jinja
