// The functions that Hugging Face and Jinja put into every template's reach.
#include <algorithm>
#include <chrono>
#include <ctime>

#include "text/jinja_builtins.h"
#include "text/jinja_callables.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"

namespace rung::jinja {
namespace {

/// Of jinja2's sandbox.
constexpr int64_t kMaxRange = 100'000;

Result<Value> raise_exception(Runtime& runtime, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("raise_exception", args, {"message"}, 1));
  RUNG_TRY(const std::string message, print(runtime, *bound[0]));
  return input_error("{}", message);
}

Result<Value> strftime_now(Runtime& runtime, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("strftime_now", args, {"format"}, 1));
  RUNG_TRY(const auto format, text_or_none(bound[0], "strftime_now"));
  constexpr size_t kMaxFormat = 1000;
  if (!format || format->size() > kMaxFormat) {
    return input_error("strftime_now() needs a string of at most {} bytes", kMaxFormat);
  }
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  // A leading mark tells an empty result from one that did not fit.
  std::string text(16 * kMaxFormat, '\0');
  text.resize(std::strftime(text.data(), text.size(), ("." + *format).c_str(), &local));
  if (text.empty()) return input_error("strftime_now: the result is too long");
  return runtime.make_text(text.substr(1));
}

Result<Value> range(Runtime& runtime, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("range", args, {"start", "stop", "step"}, 1));
  if (!args.named.empty()) return input_error("range() takes no keyword arguments");
  RUNG_TRY(const int64_t start, integer_or(bound[1] != nullptr ? bound[0] : nullptr, 0, "range"));
  RUNG_TRY(const int64_t stop, integer_or(bound[1] != nullptr ? bound[1] : bound[0], 0, "range"));
  RUNG_TRY(const int64_t step, integer_or(bound[2], 1, "range"));
  if (step == 0) return input_error("range() arg 3 must not be zero");
  std::vector<Value> items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    if (static_cast<int64_t>(items.size()) >= kMaxRange) {
      return input_error("Range too big. The sandbox blocks ranges larger than {}.", kMaxRange);
    }
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  return runtime.make_list(std::move(items), Form::kRange);
}

/// dict() and namespace(): from a mapping or from pairs, then from keywords.
Status fill(Runtime& runtime, Dict& dict, const CallArgs& args) {
  if (args.positional.size() > 1)
    return input_error("dict expected at most 1 argument, got {}", args.positional.size());
  if (!args.positional.empty()) {
    const Value& source = args.positional[0];
    if (source.dict() != nullptr) {
      RUNG_CHECK(runtime.charge_walk(source));
      for (const auto& [key, value] : source.dict()->entries()) RUNG_CHECK(dict.set(key, value));
    } else {
      RUNG_TRY(const std::vector<Value> pairs, iterate(runtime, source));
      for (const Value& pair : pairs) {
        RUNG_TRY(const std::vector<Value> parts, iterate(runtime, pair));
        if (parts.size() != 2) return input_error("dict(): an item has {} values, not 2", parts.size());
        RUNG_CHECK(runtime.charge_walk(parts[0]));
        RUNG_CHECK(dict.set(parts[0], parts[1]));
      }
    }
  }
  for (const auto& [name, value] : args.named) dict.set(name, value);
  return {};
}

Result<Value> make_dict(Runtime& runtime, const CallArgs& args) {
  auto dict = std::make_shared<Dict>();
  RUNG_CHECK(fill(runtime, *dict, args));
  return runtime.make_dict(std::move(dict));
}

Result<Value> make_namespace(Runtime& runtime, const CallArgs& args) {
  const std::shared_ptr<Namespace> space = runtime.make_namespace();
  RUNG_CHECK(runtime.charge(16));
  RUNG_CHECK(fill(runtime, space->values, args));
  return Value(std::static_pointer_cast<Object>(space));
}

constexpr Named<Function> kFunctions[] = {
    {"raise_exception", raise_exception}, {"strftime_now", strftime_now}, {"range", range}, {"dict", make_dict},
    {"namespace", make_namespace},
};

}  // namespace

std::optional<Value> find_global(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kFunctions), std::end(kFunctions), [name](const auto& row) { return row.name == name; });
  if (found == std::end(kFunctions)) return std::nullopt;
  return Value(std::static_pointer_cast<Object>(std::make_shared<GlobalFunction>(found->call)));
}

}  // namespace rung::jinja
