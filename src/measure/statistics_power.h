// What a paired panel can see: the power of McNemar's exact test, and the smallest drop that a number of items shows.
// Shares are fractions of the items. Pure functions.
#pragma once

#include <cstddef>

namespace rung {

/// The chance that the exact two-sided test at `alpha` finds a loss in `items` items, of which the shares `lost` and
/// `gained` change on average.
double mcnemar_power(size_t items, double lost, double gained, double alpha);

/// The smallest drop found with the chance `power` in `items` items of which the share `discordant` changes anyway (a
/// larger drop makes it larger); 1 where even the loss of every item is not found. By mcnemar_power, so exact where
/// Connor's formula (Biometrics 43 (1987) 207) is not: with few items.
double smallest_drop(size_t items, double discordant, double alpha, double power = 0.8);

}  // namespace rung
