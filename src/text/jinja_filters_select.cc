// map, select, reject, selectattr, rejectattr: filters that apply another filter or a test to every item.
#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"

namespace rung::jinja {
namespace {

/// The arguments behind the first `skipped`, for the filter or test that they are meant for.
CallArgs rest_of(const CallArgs& args, size_t skipped) {
  CallArgs rest;
  rest.named = args.named;
  if (args.positional.size() > skipped) {
    rest.positional.assign(args.positional.begin() + static_cast<ptrdiff_t>(skipped), args.positional.end());
  }
  return rest;
}

Result<Value> map_attribute(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("map", args, {"attribute", "default"}, 1));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::vector<Value> mapped;
  for (const Value& item : items) {
    RUNG_TRY(Value value, walk_attribute(runtime, item, *bound[0]));
    const bool is_default = value.is_undefined() && bound[1] != nullptr && !bound[1]->is_none();
    mapped.push_back(is_default ? *bound[1] : std::move(value));
  }
  return runtime.make_list(std::move(mapped), Form::kGenerator);
}

Result<Value> map_filter(Runtime& runtime, const Value& input, const CallArgs& args) {
  if (args.positional.empty() && !args.named.empty()) return map_attribute(runtime, input, args);
  if (args.positional.empty() || !args.positional[0].is_text()) return input_error("map requires a filter argument");
  const std::string& name = *args.positional[0].text();
  const Filter filter = find_filter(name);
  if (filter == nullptr) return input_error("no filter named '{}'", name);
  const CallArgs rest = rest_of(args, 1);
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::vector<Value> mapped;
  for (const Value& item : items) {
    RUNG_TRY(Value value, filter(runtime, item, rest));
    mapped.push_back(std::move(value));
  }
  return runtime.make_list(std::move(mapped), Form::kGenerator);
}

/// Keeps the items of which a test (truth, when none is named) says `wanted`; of the item or of its attribute.
template <bool kWanted, bool kByAttribute>
Result<Value> select(Runtime& runtime, const Value& input, const CallArgs& args) {
  constexpr size_t kTestAt = kByAttribute ? 1 : 0;
  if (args.positional.size() < kTestAt) return input_error("selectattr: lacks the name of an attribute");
  Test test = nullptr;
  if (args.positional.size() > kTestAt) {
    const Value& name = args.positional[kTestAt];
    test = name.is_text() ? find_test(*name.text()) : nullptr;
    if (test == nullptr) return input_error("no test named '{}'", name.is_text() ? *name.text() : "?");
  }
  const CallArgs rest = rest_of(args, kTestAt + 1);
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::vector<Value> kept;
  for (const Value& item : items) {
    Value subject = item;
    if (kByAttribute) {
      RUNG_TRY(subject, walk_attribute(runtime, item, args.positional[0]));
    }
    RUNG_TRY(const bool holds, test != nullptr ? test(runtime, subject, rest) : Result<bool>(truth(subject)));
    if (holds == kWanted) kept.push_back(item);
  }
  return runtime.make_list(std::move(kept), Form::kGenerator);
}

}  // namespace

const std::vector<Named<Filter>>& selection_filters() {
  static const std::vector<Named<Filter>> kFilters = {
      {"map", map_filter},
      {"select", select<true, false>},
      {"reject", select<false, false>},
      {"selectattr", select<true, true>},
      {"rejectattr", select<false, true>},
  };
  return kFilters;
}

}  // namespace rung::jinja
