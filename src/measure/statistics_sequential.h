// Looking at a panel before all of its items are answered, without paying for it in false alarms. The looks are planned
// before the first answer; what one may spend of the error allowed is planned too (an alpha-spending function, Lan and
// DeMets, Biometrika 70 (1983) 659), so that the error over all looks is kept whatever makes one stop.
//
// Tests spend in proportion to the items that a look adds (Kim and DeMets, Biometrika 74 (1987) 149). They are exact,
// and corrected over many cells to levels at which looks hardly overlap: Boole's inequality bounds their sum.
// Intervals (repeated confidence intervals, Jennison and Turnbull, J. R. Statist. Soc. B 51 (1989) 305) have nearly the
// same limit at every look (statistics_boundary.h): most of them end early, because most rungs hold. Deterministic;
// safe from several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rung {

/// Items answered at each look, rising, the last one `items`: 20, then 60 and 80 and their doubles up to four fifths
/// of all, all. Panels of fewer than 40 items get the one look at all.
std::vector<size_t> planned_looks(size_t items);

/// The part of the error that a test at a look may spend: the share of the items that it adds.
double look_share(std::span<const size_t> looks, size_t look);

/// The z of a two-sided interval at a look, the intervals at all of them together 95 %: 1.96 for a single one.
double look_z(std::span<const size_t> looks, size_t look);

/// What McNemar's exact test says after looks: the smallest of p / share. Holds whenever one stops.
class SequentialMcNemar {
 public:
  explicit SequentialMcNemar(std::span<const size_t> looks) : looks_(looks.begin(), looks.end()) {}
  /// All items so far, at the next look.
  void look(uint64_t lost, uint64_t gained);
  double p_value() const { return p_value_; }

 private:
  std::vector<size_t> looks_;
  size_t taken_ = 0;
  double p_value_ = 1;
};

}  // namespace rung
