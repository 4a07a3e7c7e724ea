#include "text/jinja_value.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

constexpr size_t kMaxJsonDepth = 200;

Result<Value> convert(const nlohmann::ordered_json& json, size_t depth) {
  if (depth > kMaxJsonDepth) return input_error("template context is nested deeper than {} levels", kMaxJsonDepth);
  switch (json.type()) {
    case nlohmann::ordered_json::value_t::boolean:
      return Value(json.get<bool>());
    case nlohmann::ordered_json::value_t::number_integer:
      return Value(json.get<int64_t>());
    case nlohmann::ordered_json::value_t::number_float:
      return Value(json.get<double>());
    case nlohmann::ordered_json::value_t::string:
      return Value(json.get<std::string>());
    case nlohmann::ordered_json::value_t::number_unsigned: {
      const auto value = json.get<uint64_t>();
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return input_error("template context: integer {} exceeds 64 signed bits", value);
      }
      return Value(static_cast<int64_t>(value));
    }
    case nlohmann::ordered_json::value_t::array: {
      auto list = std::make_shared<List>();
      for (const auto& item : json) {
        RUNG_TRY(Value value, convert(item, depth + 1));
        list->extent.hold(extent_of(value));
        list->items.push_back(std::move(value));
      }
      return Value(std::move(list));
    }
    case nlohmann::ordered_json::value_t::object: {
      auto dict = std::make_shared<Dict>();
      for (const auto& [key, item] : json.items()) {
        RUNG_TRY(Value value, convert(item, depth + 1));
        dict->set(key, std::move(value));
      }
      return Value(std::move(dict));
    }
    default:
      return Value();
  }
}

bool equal_items(const std::vector<Value>& left, const std::vector<Value>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

bool equal_dicts(const Dict& left, const Dict& right) {
  if (left.entries().size() != right.entries().size()) return false;
  return std::all_of(left.entries().begin(), left.entries().end(), [&right](const Dict::Entry& entry) {
    const auto found = right.find(entry.first);
    return found && *found != nullptr && equal(entry.second, **found);
  });
}

bool equal_numbers(const Value& left, const Value& right) {
  if (left.is_integral() && right.is_integral()) return left.integer() == right.integer();
  // An int64 and a double are both exact in x86's 64-bit mantissa.
  const auto exact = [](const Value& value) -> long double {
    return value.is_integral() ? static_cast<long double>(value.integer()) : static_cast<long double>(value.real());
  };
  return exact(left) == exact(right);
}

}  // namespace

void Extent::hold(const Extent& inner) {
  depth = std::max(depth, inner.depth + 1);
  weight = inner.weight > std::numeric_limits<uint64_t>::max() - weight ? std::numeric_limits<uint64_t>::max()
                                                                        : weight + inner.weight;
}

Value Value::undefined(std::string why) {
  Value value;
  value.data_ = Undefined{std::make_shared<const std::string>(std::move(why))};
  return value;
}

const std::string* Value::text() const {
  const Text* text = as<Text>();
  return text != nullptr ? text->bytes.get() : nullptr;
}
List* Value::list() const {
  const auto* list = as<std::shared_ptr<List>>();
  return list != nullptr ? list->get() : nullptr;
}
Dict* Value::dict() const {
  const auto* dict = as<std::shared_ptr<Dict>>();
  return dict != nullptr ? dict->get() : nullptr;
}
Object* Value::object() const {
  const auto* object = as<std::shared_ptr<Object>>();
  return object != nullptr ? object->get() : nullptr;
}

int64_t Value::integer() const {
  if (const bool* flag = as<bool>()) return *flag ? 1 : 0;
  const int64_t* value = as<int64_t>();
  return value != nullptr ? *value : 0;
}

double Value::real() const {
  const double* value = as<double>();
  return value != nullptr ? *value : static_cast<double>(integer());
}

void Dict::store(std::string hashed, Value key, Value value) {
  extent_.hold(extent_of(key));
  extent_.hold(extent_of(value));
  const auto [place, is_new] = index_.try_emplace(std::move(hashed), entries_.size());
  if (is_new) {
    entries_.emplace_back(std::move(key), std::move(value));
  } else {
    entries_[place->second].second = std::move(value);
  }
}

Status Dict::set(Value key, Value value) {
  RUNG_TRY(std::string hashed, hash_text(key));
  store(std::move(hashed), std::move(key), std::move(value));
  return {};
}

void Dict::set(std::string key, Value value) {
  std::string hashed = "s" + key;
  store(std::move(hashed), Value(std::move(key)), std::move(value));
}

Result<const Value*> Dict::find(const Value& key) const {
  RUNG_TRY(const std::string hashed, hash_text(key));
  const auto found = index_.find(hashed);
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

const Value* Dict::find(std::string_view key) const {
  const auto found = index_.find(std::string("s").append(key));
  return found == index_.end() ? nullptr : &entries_[found->second].second;
}

void Dict::clear() {
  entries_.clear();
  index_.clear();
}

Result<Value> Object::call(Runtime&, const CallArgs&) {
  return input_error("'{}' object is not callable", type_name());
}

Value Object::attribute(std::string_view name) const {
  return Value::undefined(fmt::format("'{} object' has no attribute '{}'", type_name(), name));
}

Result<std::string> hash_text(const Value& value) {
  if (const std::string* text = value.text()) return "s" + *text;
  if (value.is_none()) return std::string("none");
  if (value.is_undefined()) return std::string("undefined");
  if (value.is_integral()) return fmt::format("n{}", value.integer());
  if (const double* real = value.as<double>()) {
    if (std::trunc(*real) == *real && std::fabs(*real) < 9e18) return fmt::format("n{}", static_cast<int64_t>(*real));
    return "n" + float_text(*real);
  }
  if (const Object* object = value.object()) return fmt::format("o{}", static_cast<const void*>(object));
  const List* list = value.list();
  if (list == nullptr || list->form == Form::kList) return input_error("unhashable type: '{}'", type_name(value));
  std::string hashed = "t";
  for (const Value& item : list->items) {
    RUNG_TRY(const std::string part, hash_text(item));
    hashed += fmt::format("{}:{}", part.size(), part);
  }
  return hashed;
}

std::string_view type_name(const Value& value) {
  static constexpr std::string_view kForms[] = {"list",      "tuple",       "range",     "generator",
                                                "dict_keys", "dict_values", "dict_items"};
  static constexpr std::string_view kKinds[] = {"NoneType", "Undefined", "bool", "int", "float", "str", "list", "dict"};
  if (const Object* object = value.object()) return object->type_name();
  if (const List* list = value.list()) return kForms[static_cast<size_t>(list->form)];
  return kKinds[value.data().index()];
}

bool truth(const Value& value) {
  if (value.is_none() || value.is_undefined()) return false;
  if (value.is_integral()) return value.integer() != 0;
  if (const double* real = value.as<double>()) return *real != 0;
  if (const std::string* text = value.text()) return !text->empty();
  if (const List* list = value.list()) return list->form == Form::kGenerator || !list->items.empty();
  if (const Dict* dict = value.dict()) return !dict->entries().empty();
  return true;
}

bool equal(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return equal_numbers(left, right);
  if (left.data().index() != right.data().index()) return false;
  if (const std::string* text = left.text()) return *text == *right.text();
  if (const Dict* dict = left.dict()) return dict == right.dict() || equal_dicts(*dict, *right.dict());
  if (const Object* object = left.object()) return object == right.object();
  const List* list = left.list();
  if (list == nullptr || list == right.list()) return true;
  if (list->form != right.list()->form || list->form == Form::kGenerator) return false;
  return equal_items(list->items, right.list()->items);
}

Extent extent_of(const Value& value) {
  if (const List* list = value.list()) return list->extent;
  if (const Dict* dict = value.dict()) return dict->extent();
  if (const Object* object = value.object()) return object->extent();
  const std::string* text = value.text();
  return {0, text != nullptr ? 1 + text->size() / 64 : 1};
}

Result<Value> from_json(const nlohmann::ordered_json& json) { return convert(json, 0); }

}  // namespace rung::jinja
