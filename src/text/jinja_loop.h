// The variable `loop` of a for statement.
#pragma once

#include <memory>
#include <vector>

#include "text/jinja_runtime.h"

namespace rung::jinja {

class Loop final : public Object, public std::enable_shared_from_this<Loop> {
 public:
  explicit Loop(std::vector<Value> items);
  std::string_view type_name() const override { return "LoopContext"; }
  /// index, index0, revindex, revindex0, first, last, length, previtem, nextitem, depth, depth0, cycle, changed.
  Value attribute(std::string_view name) const override;
  Extent extent() const override { return extent_; }

  const std::vector<Value>& items() const { return items_; }
  size_t index = 0;

  /// loop.changed(...): whether the arguments differ from those of the call before.
  bool note_change(std::vector<Value> values);

 private:
  std::vector<Value> items_;
  Extent extent_;
  std::vector<Value> last_values_;
  bool was_called_ = false;
};

}  // namespace rung::jinja
