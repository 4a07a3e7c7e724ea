#include <algorithm>

#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace rung::jinja {

Result<Bound> bind(std::string_view callee, const CallArgs& args, std::initializer_list<std::string_view> names,
                   size_t required) {
  if (args.positional.size() > names.size()) {
    return input_error("{}() takes at most {} argument(s), {} given", callee, names.size(), args.positional.size());
  }
  Bound bound(names.size(), nullptr);
  for (size_t at = 0; at < args.positional.size(); ++at) bound[at] = &args.positional[at];
  for (const auto& [name, value] : args.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return input_error("{}() has no argument '{}'", callee, name);
    const Value*& slot = bound[static_cast<size_t>(found - names.begin())];
    if (slot != nullptr) return input_error("{}() got argument '{}' twice", callee, name);
    slot = &value;
  }
  for (size_t at = 0; at < required; ++at) {
    if (bound[at] == nullptr) return input_error("{}() lacks its argument '{}'", callee, *(names.begin() + at));
  }
  return bound;
}

bool flag_or(const Value* value, bool fallback) { return value != nullptr ? truth(*value) : fallback; }

Result<int64_t> integer_or(const Value* value, int64_t fallback, std::string_view callee) {
  if (value == nullptr) return fallback;
  if (!value->is_integral()) return input_error("{}() needs an integer, not {}", callee, type_name(*value));
  return value->integer();
}

Result<std::optional<std::string>> text_or_none(const Value* value, std::string_view callee) {
  if (value == nullptr || value->is_none()) return std::nullopt;
  if (!value->is_text()) return input_error("{}() needs a string, not {}", callee, type_name(*value));
  return *value->text();
}

Result<Value> walk_attribute(Runtime& runtime, const Value& value, const Value& path) {
  if (!path.is_text()) return get_item(runtime, value, path);
  Value at = value;
  for (const std::string& part : split(*path.text(), ".", -1)) {
    const bool is_number = !part.empty() && part.size() < 10 &&
                           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    RUNG_TRY(at, get_item(runtime, at, is_number ? Value(static_cast<int64_t>(std::stol(part))) : Value(part)));
  }
  return at;
}

Filter find_filter(std::string_view name) {
  for (const auto* table : {&scalar_filters(), &sequence_filters(), &selection_filters()}) {
    const auto found = std::find_if(table->begin(), table->end(), [name](const auto& row) { return row.name == name; });
    if (found != table->end()) return found->call;
  }
  return nullptr;
}

}  // namespace rung::jinja
