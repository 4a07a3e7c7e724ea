// What the files of pico's tasks share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "measure/panel_items.h"
#include "panel/draw.h"

namespace rung::pico {

struct Task {
  PanelItem item;
  std::string key;  ///< tells whether training held it out; empty: all of its kind were trained on (facts)
};

/// As Python's str() writes a tuple of plain strings.
std::string python_tuple(const std::vector<std::string_view>& parts);

struct Land {
  std::string name, capital, color, food;
};
/// The invented lands that pico knows by heart.
const std::vector<Land>& lands();

Task code(Draw& draw);
Task schema(Draw& draw);
Task tools(Draw& draw);

}  // namespace rung::pico
