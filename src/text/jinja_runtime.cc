#include "text/jinja_runtime.h"

namespace rung::jinja {
namespace {

Status check_extent(const Extent& extent) {
  if (extent.depth > kMaxValueDepth) return input_error("a value is nested deeper than {} levels", kMaxValueDepth);
  if (extent.weight > kMaxSteps) return input_error("a value holds more than {} values", kMaxSteps);
  return {};
}

}  // namespace

Value Namespace::attribute(std::string_view name) const {
  const Value* found = values.find(name);
  return found != nullptr ? *found : Object::attribute(name);
}

Runtime::~Runtime() {
  for (const auto& space : namespaces_) space->values.clear();
}

Status Runtime::charge(uint64_t steps) {
  if (steps > steps_left_) {
    steps_left_ = 0;
    return input_error("the template needs more than {} steps", kMaxSteps);
  }
  steps_left_ -= steps;
  return {};
}

Result<Value> Runtime::make_text(std::string text, bool markup) {
  if (text.size() > kMaxTextBytes) return input_error("a string is longer than {} bytes", kMaxTextBytes);
  RUNG_CHECK(charge(1 + text.size() / 64));
  return Value(std::move(text), markup);
}

Result<Value> Runtime::make_list(std::vector<Value> items, Form form) {
  RUNG_CHECK(charge(1 + items.size()));
  auto list = std::make_shared<List>();
  list->form = form;
  list->items = std::move(items);
  for (const Value& item : list->items) list->extent.hold(extent_of(item));
  RUNG_CHECK(check_extent(list->extent));
  return Value(std::move(list));
}

Result<Value> Runtime::make_dict(std::shared_ptr<Dict> dict) {
  RUNG_CHECK(charge(1 + dict->entries().size()));
  RUNG_CHECK(check_extent(dict->extent()));
  return Value(std::move(dict));
}

std::shared_ptr<Namespace> Runtime::make_namespace() {
  auto space = std::make_shared<Namespace>();
  namespaces_.push_back(space);
  return space;
}

Status Runtime::Level::check() const {
  if (runtime_.depth_ > kMaxCallDepth) return input_error("evaluation is nested deeper than {} levels", kMaxCallDepth);
  return {};
}

}  // namespace rung::jinja
