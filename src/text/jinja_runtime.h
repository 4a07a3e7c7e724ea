// What one rendering may spend, and the makers of values that keep to it. Templates are hostile input: every node
// evaluated, every item and every 64 bytes made costs a step; nesting of calls and of values is limited.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/jinja_value.h"

namespace rung::jinja {

inline constexpr uint64_t kMaxSteps = 10'000'000;
inline constexpr size_t kMaxTextBytes = size_t{64} << 20;
inline constexpr size_t kMaxValueDepth = 300;
inline constexpr size_t kMaxCallDepth = 1000;

class Namespace final : public Object {
 public:
  std::string_view type_name() const override { return "Namespace"; }
  Value attribute(std::string_view name) const override;
  Dict values;
};

class Runtime {
 public:
  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime();

  Status charge(uint64_t steps);
  /// Before walking through all of a value.
  Status charge_walk(const Value& value) { return charge(extent_of(value).weight); }

  Result<Value> make_text(std::string text, bool markup = false);
  Result<Value> make_list(std::vector<Value> items, Form form = Form::kList);
  Result<Value> make_dict(std::shared_ptr<Dict> dict);
  /// Namespaces can hold themselves; the Runtime breaks such rings when it goes.
  std::shared_ptr<Namespace> make_namespace();

  /// One level of evaluation; undone at the end of the scope.
  class Level {
   public:
    explicit Level(Runtime& runtime) : runtime_(runtime) { ++runtime_.depth_; }
    ~Level() { --runtime_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    Status check() const;

   private:
    Runtime& runtime_;
  };

 private:
  uint64_t steps_left_ = kMaxSteps;
  size_t depth_ = 0;
  std::vector<std::shared_ptr<Namespace>> namespaces_;
};

}  // namespace rung::jinja
