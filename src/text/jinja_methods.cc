// Methods of lists and dictionaries, and the table of those of strings.
#include "text/jinja_methods.h"

#include <algorithm>

#include "text/jinja_callables.h"
#include "text/jinja_ops.h"

namespace rung::jinja {
namespace {

Result<Value> dict_get(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("get", args, {"key", "default"}, 1));
  RUNG_CHECK(runtime.charge_walk(*bound[0]));
  RUNG_TRY(const Value* found, self.dict()->find(*bound[0]));
  if (found != nullptr) return *found;
  return bound[1] != nullptr ? *bound[1] : Value();
}

template <Form kForm>
Result<Value> dict_view(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_CHECK(bind("view", args, {}));
  std::vector<Value> items;
  for (const auto& [key, value] : self.dict()->entries()) {
    if (kForm == Form::kItems) {
      RUNG_TRY(Value pair, runtime.make_list({key, value}, Form::kTuple));
      items.push_back(std::move(pair));
    } else {
      items.push_back(kForm == Form::kKeys ? key : value);
    }
  }
  return runtime.make_list(std::move(items), kForm);
}

Result<Value> copy(Runtime&, const Value& self, const CallArgs& args) {
  RUNG_CHECK(bind("copy", args, {}));
  return self;
}

Result<Value> list_index(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("index", args, {"value"}, 1));
  RUNG_CHECK(runtime.charge_walk(self));
  const auto& items = self.list()->items;
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Value& item) { return equal(item, *bound[0]); });
  if (found == items.end()) return input_error("list.index(x): x not in list");
  return Value(static_cast<int64_t>(found - items.begin()));
}

Result<Value> list_count(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("count", args, {"value"}, 1));
  RUNG_CHECK(runtime.charge_walk(self));
  const auto& items = self.list()->items;
  return Value(static_cast<int64_t>(
      std::count_if(items.begin(), items.end(), [&](const Value& item) { return equal(item, *bound[0]); })));
}

constexpr Named<Method> kDictMethods[] = {
    {"get", dict_get},
    {"items", dict_view<Form::kItems>},
    {"keys", dict_view<Form::kKeys>},
    {"values", dict_view<Form::kValues>},
    {"copy", copy},
    // Forbidden: they change the dictionary.
    {"clear", nullptr},
    {"pop", nullptr},
    {"popitem", nullptr},
    {"setdefault", nullptr},
    {"update", nullptr},
};

constexpr Named<Method> kListMethods[] = {
    {"index", list_index},
    {"count", list_count},
    {"copy", copy},
    // Forbidden: they change the list.
    {"append", nullptr},
    {"clear", nullptr},
    {"extend", nullptr},
    {"insert", nullptr},
    {"pop", nullptr},
    {"remove", nullptr},
    {"reverse", nullptr},
    {"sort", nullptr},
};

constexpr Named<Method> kTupleMethods[] = {{"index", list_index}, {"count", list_count}};

std::span<const Named<Method>> methods_of(const Value& self) {
  if (self.is_text()) return string_methods();
  if (self.dict() != nullptr) return kDictMethods;
  if (self.list() == nullptr || self.list()->form > Form::kRange) return {};
  return self.list()->form == Form::kList ? std::span<const Named<Method>>(kListMethods) : kTupleMethods;
}

}  // namespace

std::optional<Value> find_method(const Value& self, std::string_view name) {
  const auto methods = methods_of(self);
  const auto found = std::find_if(methods.begin(), methods.end(), [name](const auto& row) { return row.name == name; });
  if (found == methods.end()) return std::nullopt;
  if (found->call != nullptr)
    return Value(std::static_pointer_cast<Object>(std::make_shared<BoundMethod>(self, found->call)));
  return Value::undefined(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(self)));
}

}  // namespace rung::jinja
