// The values of a Jinja template: Python's, as far as chat templates can tell. Lists and dictionaries are shared and,
// as in the immutable sandbox, never change once made; only namespaces do. Not thread-safe: one rendering owns them.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace rung::jinja {

struct List;
class Dict;
class Object;

/// Nesting, and the number of values with sharing undone: what printing or comparing a value costs. Both are limited
/// when a value is made, for `[x, x]` repeated would double without end.
struct Extent {
  size_t depth = 0;
  uint64_t weight = 1;

  /// Takes in a value that is one level further down.
  void hold(const Extent& inner);
};

struct None {};
/// What a missing name or attribute gives: empty when printed; most other uses fail with `why`.
struct Undefined {
  std::shared_ptr<const std::string> why;
};
struct Text {
  std::shared_ptr<const std::string> bytes;
  bool markup = false;  ///< result of escape or safe: adding plain text to it escapes that text
};

class Value {
 public:
  using Data = std::variant<None, Undefined, bool, int64_t, double, Text, std::shared_ptr<List>, std::shared_ptr<Dict>,
                            std::shared_ptr<Object>>;
  Value() = default;
  explicit Value(bool value) : data_(value) {}
  explicit Value(int64_t value) : data_(value) {}
  explicit Value(double value) : data_(value) {}
  explicit Value(std::string value, bool markup = false)
      : data_(Text{std::make_shared<const std::string>(std::move(value)), markup}) {}
  explicit Value(std::shared_ptr<List> value) : data_(std::move(value)) {}
  explicit Value(std::shared_ptr<Dict> value) : data_(std::move(value)) {}
  explicit Value(std::shared_ptr<Object> value) : data_(std::move(value)) {}
  static Value undefined(std::string why);

  const Data& data() const { return data_; }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  bool is_none() const { return as<None>() != nullptr; }
  bool is_undefined() const { return as<Undefined>() != nullptr; }
  bool is_text() const { return as<Text>() != nullptr; }
  bool is_number() const { return as<bool>() || as<int64_t>() || as<double>(); }
  bool is_integral() const { return as<bool>() || as<int64_t>(); }
  /// Null unless the value is of that kind.
  const std::string* text() const;
  List* list() const;
  Dict* dict() const;
  Object* object() const;
  /// Of a bool or int / of any number.
  int64_t integer() const;
  double real() const;

 private:
  Data data_;
};

/// How Python would have made a sequence: it decides what may be done with it and how it prints.
enum class Form { kList, kTuple, kRange, kGenerator, kKeys, kValues, kItems };

struct List {
  Form form = Form::kList;
  std::vector<Value> items;  ///< a generator's are taken by the first that iterates
  Extent extent{1, 1};
};

/// Insertion-ordered; keys are strings, numbers, None or tuples of such.
class Dict {
 public:
  using Entry = std::pair<Value, Value>;
  /// Replaces the value of a key that is there. Fails on a key that Python could not hash.
  Status set(Value key, Value value);
  void set(std::string key, Value value);
  /// Null when absent.
  Result<const Value*> find(const Value& key) const;
  const Value* find(std::string_view key) const;
  const std::vector<Entry>& entries() const { return entries_; }
  const Extent& extent() const { return extent_; }
  void clear();

 private:
  void store(std::string hashed, Value key, Value value);
  std::vector<Entry> entries_;
  Extent extent_{1, 1};
  std::unordered_map<std::string, size_t> index_;  ///< by hash_text
};

class Runtime;

/// What was passed to a function, filter or test.
struct CallArgs {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// Anything with behaviour: functions, macros, bound methods, namespaces, loop.
class Object {
 public:
  virtual ~Object() = default;
  /// As Python names the type in its messages.
  virtual std::string_view type_name() const = 0;
  virtual bool is_callable() const { return false; }
  virtual Result<Value> call(Runtime& runtime, const CallArgs& args);
  /// Undefined when there is none.
  virtual Value attribute(std::string_view name) const;
  /// With the values that it holds for good.
  virtual Extent extent() const { return {}; }
};

/// A text by which equal keys and only those agree; fails on lists and dictionaries.
Result<std::string> hash_text(const Value& value);
std::string_view type_name(const Value& value);
bool truth(const Value& value);
/// Python's ==.
bool equal(const Value& left, const Value& right);
Extent extent_of(const Value& value);

/// Objects become dictionaries; nesting is limited, as are integers to 64 bits.
Result<Value> from_json(const nlohmann::ordered_json& json);

}  // namespace rung::jinja
