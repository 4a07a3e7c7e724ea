// Generators of panel items: each asks for one capability, in levels of difficulty from 1 to kLevels and in many
// surface forms. What they ask is made from a seed, so no model has been trained on it. Immutable, thread-safe.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "measure/panel_items.h"
#include "panel/draw.h"
#include "panel/fact_table.h"

namespace rung {

inline constexpr size_t kLevels = 8;

struct Form {
  std::string_view name;
  std::function<PanelItem(Draw&, size_t level)> draw;
};

struct Generator {
  std::string_view capability;
  std::string_view asks;    ///< what it asks for
  std::string_view levels;  ///< what grows with the level
  std::vector<Form> forms;

  /// An item of a random form, complete but for its id.
  PanelItem draw(Draw& random, size_t level) const;
};

/// What some generators need.
struct GeneratorOptions {
  FactTable facts;               ///< empty: the generator of facts is left out
  bool has_interpreter = false;  ///< without, nothing is asked that only running the answer can grade
};

/// In the order of their names.
std::vector<Generator> make_generators(const GeneratorOptions& options);

}  // namespace rung
