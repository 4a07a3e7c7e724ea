// What a paired panel can see: the power of McNemar's exact test, the items that a drop needs, and the smallest drop
// that a number of items shows. Shares are fractions of the items. Pure functions.
#pragma once

#include <cstddef>

namespace rung {

/// Items for which McNemar's test finds a drop of `drop` with the chance `power` when `discordant` of the items change
/// at all, two-sided at `alpha` (Connor, Biometrics 43 (1987) 207). 0 < drop <= discordant <= 1.
size_t items_needed(double drop, double discordant, double power = 0.8, double alpha = 0.05);

/// The chance that the exact two-sided test at `alpha` finds a loss in `items` items, of which the shares `lost` and
/// `gained` change on average.
double mcnemar_power(size_t items, double lost, double gained, double alpha);

/// The smallest drop found with the chance `power` in `items` items of which the share `discordant` changes anyway (a
/// larger drop makes it larger); 1 where even the loss of every item is not found. By mcnemar_power, so exact where
/// Connor's formula is not: with few items.
double smallest_drop(size_t items, double discordant, double alpha, double power = 0.8);

}  // namespace rung
