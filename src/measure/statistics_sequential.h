// Looking at a panel before all of its items are answered, without paying for it in false alarms. The looks are planned
// before the first answer and each may spend a part of the error allowed, in proportion to the items it adds (an
// alpha-spending function, Lan and DeMets, Biometrika 70 (1983) 659, with the linear rate of Kim and DeMets, ibid. 74
// (1987) 149): the parts sum to the whole, so that by Boole's inequality the error over all looks is kept whatever
// makes one stop. Limits at a look use its part too (repeated confidence intervals, Jennison and Turnbull, J. R.
// Statist. Soc. B 51 (1989) 305). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rung {

/// Items answered at each look, rising, the last one `items`: 20, twice as many each time up to half of all, all.
/// Panels of fewer than 40 items get the one look at all.
std::vector<size_t> planned_looks(size_t items);

/// The part of the error that a look may spend: the share of the items that it adds.
double look_share(std::span<const size_t> looks, size_t look);

/// The z of a two-sided 95 % interval at a look: wider than 1.96 by the part that the other looks have.
double look_z(std::span<const size_t> looks, size_t look);

/// What McNemar's exact test says after looks: the smallest of p / share. Holds whenever one stops.
class SequentialMcNemar {
 public:
  explicit SequentialMcNemar(std::span<const size_t> looks) : looks_(looks.begin(), looks.end()) {}
  /// All items so far, at the next look.
  void look(uint64_t lost, uint64_t gained);
  double p_value() const { return p_value_; }
  size_t looks_taken() const { return taken_; }

 private:
  std::vector<size_t> looks_;
  size_t taken_ = 0;
  double p_value_ = 1;
};

}  // namespace rung
