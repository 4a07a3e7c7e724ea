// One choice for each group, so that the losses add up to the least that a number of bytes allows: the multiple-choice
// knapsack problem (Kellerer, Pferschy, Pisinger, "Knapsack Problems", 2004, chapter 11). The convex hulls of the
// groups solve its linear relaxation exactly, which bounds every solution from below; what the last fraction leaves is
// filled by exchanges. Pure and deterministic; knows nothing of models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rung {

struct Choice {
  uint64_t bytes = 0;
  double loss = 0;  ///< finite; may be negative
};
using GroupChoices = std::vector<Choice>;  ///< of one group, in any order, not empty

struct Allocation {
  std::vector<size_t> choices;  ///< of each group, an index
  uint64_t bytes = 0;
  double loss = 0;
  double bound = 0;  ///< of the linear relaxation: no choice within the bytes has less loss
};

/// Empty where even the smallest choices have more than `bytes`.
std::optional<Allocation> allocate(std::span<const GroupChoices> groups, uint64_t bytes);

/// The allocations along the hulls, from the smallest on: the best for their own bytes, and all that are needed to
/// draw the curve of bytes against loss.
std::vector<Allocation> pareto_curve(std::span<const GroupChoices> groups);

/// The choices of a group that are on its lower convex hull, from the smallest to the one of least loss.
std::vector<size_t> convex_hull(const GroupChoices& choices);

}  // namespace rung
