#include "text/jinja_loop.h"

#include <algorithm>
#include <utility>

#include "text/jinja_callables.h"

namespace rung::jinja {
namespace {

Result<Value> cycle(Runtime&, const Value& self, const CallArgs& args) {
  if (args.positional.empty()) return input_error("no items for cycling given");
  const auto& loop = static_cast<const Loop&>(*self.object());
  return args.positional[loop.index % args.positional.size()];
}

Result<Value> changed(Runtime& runtime, const Value& self, const CallArgs& args) {
  for (const Value& value : args.positional) RUNG_CHECK(runtime.charge_walk(value));
  return Value(static_cast<Loop&>(*self.object()).note_change(args.positional));
}

}  // namespace

Loop::Loop(std::vector<Value> items) : items_(std::move(items)) {
  for (const Value& item : items_) extent_.hold(extent_of(item));
}

bool Loop::note_change(std::vector<Value> values) {
  const bool is_same =
      was_called_ && std::equal(values.begin(), values.end(), last_values_.begin(), last_values_.end(), equal);
  last_values_ = std::move(values);
  was_called_ = true;
  return !is_same;
}

Value Loop::attribute(std::string_view name) const {
  const auto number = [](size_t value) { return Value(static_cast<int64_t>(value)); };
  const size_t length = items_.size();
  if (name == "index") return number(index + 1);
  if (name == "index0") return number(index);
  if (name == "revindex") return number(length - index);
  if (name == "revindex0") return number(length - index - 1);
  if (name == "first") return Value(index == 0);
  if (name == "last") return Value(index + 1 == length);
  if (name == "length") return number(length);
  // Of recursion, which we have not: a loop in a loop does not count.
  if (name == "depth") return number(1);
  if (name == "depth0") return number(0);
  if (name == "previtem") return index > 0 ? items_[index - 1] : Value::undefined("there is no previous item");
  if (name == "nextitem") return index + 1 < length ? items_[index + 1] : Value::undefined("there is no next item");
  const Method method = name == "cycle" ? cycle : name == "changed" ? changed : nullptr;
  if (method == nullptr) return Object::attribute(name);
  const Value self(std::static_pointer_cast<Object>(std::const_pointer_cast<Loop>(shared_from_this())));
  return Value(std::make_shared<BoundMethod>(self, method));
}

}  // namespace rung::jinja
