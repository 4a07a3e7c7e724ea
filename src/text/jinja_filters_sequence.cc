// Filters that take a sequence as a whole: order it, fold it, pick its ends.
#include <algorithm>

#include "text/jinja_builtins.h"
#include "text/jinja_ops.h"
#include "text/jinja_print.h"
#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

/// What a filter's `attribute` argument picks of an item; strings in lower case unless case counts.
Result<Value> sort_key(Runtime& runtime, const Value& item, const Value* attribute, bool case_sensitive) {
  Value key = item;
  if (attribute != nullptr && !attribute->is_none()) {
    RUNG_TRY(key, walk_attribute(runtime, item, *attribute));
  }
  if (case_sensitive || !key.is_text()) return key;
  return runtime.make_text(lower(*key.text()));
}

/// The keys of one item: an attribute argument may name several, "age,name".
Result<Value> sort_keys(Runtime& runtime, const Value& item, const Value* attribute, bool case_sensitive) {
  if (attribute == nullptr || !attribute->is_text() || attribute->text()->find(',') == std::string::npos) {
    return sort_key(runtime, item, attribute, case_sensitive);
  }
  std::vector<Value> keys;
  for (const std::string& part : split(*attribute->text(), ",", -1)) {
    const Value path(part);
    RUNG_TRY(Value key, sort_key(runtime, item, &path, case_sensitive));
    keys.push_back(std::move(key));
  }
  return runtime.make_list(std::move(keys));
}

struct Keyed {
  Value key;
  Value item;
};

/// Stable, as Python's sorted, also when reversed.
Status sort_keyed(Runtime& runtime, std::vector<Keyed>& entries, bool reverse) {
  std::optional<Error> error;
  const auto precedes = [&](const Keyed& left, const Keyed& right) {
    if (error) return false;
    const auto charged = runtime.charge(std::min(extent_of(left.key).weight, extent_of(right.key).weight));
    const auto is_less = less(left.key, right.key);
    if (!charged) error = charged.error();
    if (!is_less) error = is_less.error();
    return charged && is_less && *is_less;
  };
  if (reverse) std::reverse(entries.begin(), entries.end());
  std::stable_sort(entries.begin(), entries.end(), precedes);
  if (reverse) std::reverse(entries.begin(), entries.end());
  if (error) return tl::unexpected(*error);
  return {};
}

std::vector<Value> items_of(std::vector<Keyed> entries) {
  std::vector<Value> items;
  for (Keyed& entry : entries) items.push_back(std::move(entry.item));
  return items;
}

Result<Value> sort(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("sort", args, {"reverse", "case_sensitive", "attribute"}));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::vector<Keyed> entries;
  for (const Value& item : items) {
    RUNG_TRY(Value key, sort_keys(runtime, item, bound[2], flag_or(bound[1], false)));
    entries.push_back({std::move(key), item});
  }
  RUNG_CHECK(sort_keyed(runtime, entries, flag_or(bound[0], false)));
  return runtime.make_list(items_of(std::move(entries)));
}

Result<Value> sort_dict(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("dictsort", args, {"case_sensitive", "by", "reverse"}));
  RUNG_TRY(const auto by, text_or_none(bound[1], "dictsort"));
  if (by && *by != "key" && *by != "value") return input_error("dictsort: by must be key or value, not '{}'", *by);
  if (input.is_undefined()) return undefined_error(input);
  if (input.dict() == nullptr) return input_error("dictsort: '{}' is no mapping", type_name(input));
  std::vector<Keyed> entries;
  for (const auto& [key, value] : input.dict()->entries()) {
    const bool by_value = by == "value";
    RUNG_TRY(Value order, sort_key(runtime, by_value ? value : key, nullptr, flag_or(bound[0], false)));
    RUNG_TRY(Value pair, runtime.make_list({key, value}, Form::kTuple));
    entries.push_back({std::move(order), std::move(pair)});
  }
  RUNG_CHECK(sort_keyed(runtime, entries, flag_or(bound[2], false)));
  return runtime.make_list(items_of(std::move(entries)));
}

Result<Value> group(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("groupby", args, {"attribute", "default", "case_sensitive"}, 1));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  const bool case_sensitive = flag_or(bound[2], false);
  std::vector<Keyed> entries;
  for (const Value& item : items) {
    RUNG_TRY(Value key, sort_key(runtime, item, bound[0], case_sensitive));
    if (key.is_undefined() && bound[1] != nullptr) key = *bound[1];
    entries.push_back({std::move(key), item});
  }
  RUNG_CHECK(sort_keyed(runtime, entries, false));
  std::vector<Value> groups;
  for (size_t begin = 0; begin < entries.size();) {
    size_t end = begin;
    std::vector<Value> members;
    while (end < entries.size() && equal(entries[end].key, entries[begin].key)) members.push_back(entries[end++].item);
    RUNG_TRY(Value shown, sort_key(runtime, entries[begin].item, bound[0], true));
    if (shown.is_undefined() && bound[1] != nullptr) shown = *bound[1];
    RUNG_TRY(Value list, runtime.make_list(std::move(members)));
    RUNG_TRY(Value pair, runtime.make_list({std::move(shown), std::move(list)}, Form::kTuple));
    groups.push_back(std::move(pair));
    begin = end;
  }
  return runtime.make_list(std::move(groups));
}

Result<Value> unique(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("unique", args, {"case_sensitive", "attribute"}));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  Dict seen;
  std::vector<Value> kept;
  for (const Value& item : items) {
    RUNG_TRY(Value key, sort_key(runtime, item, bound[1], flag_or(bound[0], false)));
    RUNG_CHECK(runtime.charge_walk(key));
    const size_t before = seen.entries().size();
    RUNG_CHECK(seen.set(std::move(key), Value()));
    if (seen.entries().size() > before) kept.push_back(item);
  }
  return runtime.make_list(std::move(kept), Form::kGenerator);
}

Result<Value> extreme(Runtime& runtime, const Value& input, const CallArgs& args, bool wants_largest) {
  RUNG_TRY(const Bound bound, bind(wants_largest ? "max" : "min", args, {"case_sensitive", "attribute"}));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  Value best = items[0];
  RUNG_TRY(Value best_key, sort_key(runtime, best, bound[1], flag_or(bound[0], false)));
  for (size_t at = 1; at < items.size(); ++at) {
    RUNG_TRY(Value key, sort_key(runtime, items[at], bound[1], flag_or(bound[0], false)));
    RUNG_CHECK(runtime.charge_walk(key));
    RUNG_TRY(const bool is_better, wants_largest ? less(best_key, key) : less(key, best_key));
    if (!is_better) continue;
    best = items[at];
    best_key = std::move(key);
  }
  return best;
}

Result<Value> smallest(Runtime& runtime, const Value& input, const CallArgs& args) {
  return extreme(runtime, input, args, false);
}

Result<Value> largest(Runtime& runtime, const Value& input, const CallArgs& args) {
  return extreme(runtime, input, args, true);
}

Result<Value> sum(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("sum", args, {"attribute", "start"}));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  Value total = bound[1] != nullptr ? *bound[1] : Value(int64_t{0});
  if (total.is_text()) return input_error("sum() can't sum strings");
  for (const Value& item : items) {
    RUNG_TRY(const Value part, sort_key(runtime, item, bound[0], true));
    RUNG_TRY(total, apply(runtime, BinaryOp::kAdd, total, part));
  }
  return total;
}

Result<Value> join(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("join", args, {"d", "attribute"}));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::string separator, out;
  if (bound[0] != nullptr) {
    RUNG_TRY(separator, print(runtime, *bound[0]));
  }
  for (size_t at = 0; at < items.size(); ++at) {
    RUNG_TRY(const Value part, sort_key(runtime, items[at], bound[1], true));
    RUNG_TRY(const std::string text, print(runtime, part));
    if (at > 0) out += separator;
    out += text;
    if (out.size() > kMaxTextBytes) return input_error("join: more than {} bytes", kMaxTextBytes);
  }
  return runtime.make_text(std::move(out));
}

Result<Value> first(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("first", args, {}));
  RUNG_TRY(std::vector<Value> items, iterate(runtime, input));
  if (items.empty()) return Value::undefined("No first item, sequence was empty.");
  return std::move(items.front());
}

Status check_reversible(const Value& input) {
  if (input.list() == nullptr || input.list()->form != Form::kGenerator) return {};
  return input_error("'generator' object is not reversible");
}

Result<Value> last(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("last", args, {}));
  RUNG_CHECK(check_reversible(input));
  RUNG_TRY(std::vector<Value> items, iterate(runtime, input));
  if (items.empty()) return Value::undefined("No last item, sequence was empty.");
  return std::move(items.back());
}

Result<Value> reverse(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("reverse", args, {}));
  RUNG_CHECK(check_reversible(input));
  RUNG_TRY(std::vector<Value> items, iterate(runtime, input));
  std::reverse(items.begin(), items.end());
  if (!input.is_text()) return runtime.make_list(std::move(items), Form::kGenerator);
  std::string out;
  for (const Value& item : items) out += *item.text();
  return runtime.make_text(std::move(out));
}

Result<Value> to_list(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("list", args, {}));
  RUNG_TRY(std::vector<Value> items, iterate(runtime, input));
  return runtime.make_list(std::move(items));
}

Result<Value> item_pairs(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_CHECK(bind("items", args, {}));
  std::vector<Value> pairs;
  if (input.is_undefined()) return runtime.make_list({}, Form::kGenerator);
  if (input.dict() == nullptr) return input_error("Can only get item pairs from a mapping.");
  for (const auto& [key, value] : input.dict()->entries()) {
    RUNG_TRY(Value pair, runtime.make_list({key, value}, Form::kTuple));
    pairs.push_back(std::move(pair));
  }
  return runtime.make_list(std::move(pairs), Form::kGenerator);
}

Result<Value> batch(Runtime& runtime, const Value& input, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("batch", args, {"linecount", "fill_with"}, 1));
  RUNG_TRY(const int64_t size, integer_or(bound[0], 0, "batch"));
  if (size < 1) return input_error("batch: needs a size of at least 1, not {}", size);
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, input));
  std::vector<Value> batches;
  for (size_t begin = 0; begin < items.size();) {
    const size_t end = begin + std::min(static_cast<size_t>(size), items.size() - begin);
    std::vector<Value> members(items.begin() + static_cast<ptrdiff_t>(begin),
                               items.begin() + static_cast<ptrdiff_t>(end));
    const size_t missing = static_cast<size_t>(size) - members.size();
    if (bound[1] != nullptr && !bound[1]->is_none() && missing > 0) {
      RUNG_CHECK(runtime.charge(missing));
      members.insert(members.end(), missing, *bound[1]);
    }
    RUNG_TRY(Value list, runtime.make_list(std::move(members)));
    batches.push_back(std::move(list));
    begin = end;
  }
  return runtime.make_list(std::move(batches), Form::kGenerator);
}

}  // namespace

const std::vector<Named<Filter>>& sequence_filters() {
  static const std::vector<Named<Filter>> kFilters = {
      {"sort", sort},        {"dictsort", sort_dict}, {"groupby", group},   {"unique", unique},
      {"min", smallest},     {"max", largest},        {"sum", sum},         {"join", join},
      {"first", first},      {"last", last},          {"reverse", reverse}, {"list", to_list},
      {"items", item_pairs}, {"batch", batch},
  };
  return kFilters;
}

}  // namespace rung::jinja
