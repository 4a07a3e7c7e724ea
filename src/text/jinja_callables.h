// Values that can be called and are written in C++.
#pragma once

#include <memory>
#include <utility>

#include "text/jinja_builtins.h"

namespace rung::jinja {

class BoundMethod final : public Object {
 public:
  BoundMethod(Value self, Method method) : self_(std::move(self)), method_(method) {}
  std::string_view type_name() const override { return "builtin_function_or_method"; }
  bool is_callable() const override { return true; }
  Result<Value> call(Runtime& runtime, const CallArgs& args) override { return method_(runtime, self_, args); }
  Extent extent() const override {
    Extent extent;
    extent.hold(extent_of(self_));
    return extent;
  }

 private:
  Value self_;
  Method method_;
};

class GlobalFunction final : public Object {
 public:
  explicit GlobalFunction(Function function) : function_(function) {}
  std::string_view type_name() const override { return "function"; }
  bool is_callable() const override { return true; }
  Result<Value> call(Runtime& runtime, const CallArgs& args) override { return function_(runtime, args); }

 private:
  Function function_;
};

}  // namespace rung::jinja
