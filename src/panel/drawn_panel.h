// Whole panels drawn from a seed: every item asks something else, and the same seed gives the same panel on every
// machine. Items of another seed, or drawn for another purpose, share nothing but the wording.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "panel/generator.h"

namespace rung {

struct DrawOptions {
  uint64_t seed = 1;
  std::string_view purpose = "panel";  ///< another purpose, other items
  size_t items = 200;                  ///< of each capability; fewer where there are not so many different ones
};

/// Items with the level that `level_of` gives for their number.
Capability draw_capability(const Generator& generator, const DrawOptions& options,
                           const std::function<size_t(size_t index)>& level_of);

/// Every level in turn.
size_t level_in_turn(size_t index);

/// Fresh items in the words of pico, the shipped model (pico_tasks.h).
std::vector<Capability> draw_pico_panel(const DrawOptions& options);

}  // namespace rung
