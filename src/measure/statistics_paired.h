// Score-based intervals for two answers to each item of one panel: a rung and its reference are asked the same items,
// so their scores go up and down together, and only the items that one has right and the other wrong tell them apart.
//
// All limits invert one score test (below), whose variance is that of the likeliest distribution under the value
// tested. For a difference that is Tango's interval (Statistics in Medicine 17 (1998) 891), for a ratio that of Nam and
// Blackwelder (ibid. 21 (2002) 689) and Tang, Tang and Chan (ibid. 22 (2003) 1217). Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "measure/statistics.h"

namespace rung {

/// How the items of a panel turned out. "Lost" were right before and are wrong now.
struct PairedCounts {
  uint64_t both = 0, lost = 0, gained = 0, neither = 0;

  uint64_t items() const { return both + lost + gained + neither; }
  uint64_t right() const { return both + gained; }
  uint64_t reference_right() const { return both + lost; }
  /// Share of items that changed in either direction.
  double discordant() const;
};

/// Of the first `items` of two rows of '1' (right) and '0', equally long.
PairedCounts count_pairs(std::string_view rung, std::string_view reference, size_t items);

/// The z of a two-sided interval that misses with the chance `alpha`: 1.96 for 0.05. 0 < alpha < 1.
double two_sided_z(double alpha);

/// For score(rung) - score(reference), within [-1, 1]. Without items [-1, 1].
Interval difference_interval(const PairedCounts& counts, double z);

/// The share kept of what lies above chance, (score(rung) - chance) / (score(reference) - chance), from 0 on; the upper
/// limit is kMostKept where the items set none. chance in [0, 1) is taken as known. Empty panels keep [0, kMostKept].
constexpr double kMostKept = 100;
Interval kept_interval(const PairedCounts& counts, double chance, double z);

}  // namespace rung
