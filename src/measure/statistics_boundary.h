// Limits for a normal mean that is looked at again and again while items come in, such that it leaves any of them by
// chance no more often than it would a single one. How much of the error a look may use is planned by the spending
// function ln(1 + (e - 1) t) of the share t of the items (Lan and DeMets, Biometrika 70 (1983) 659; like Pocock's test,
// nearly the same limit at every look), and what a look has in common with those before it is used (the recursion of
// Armitage, McPherson and Rowe, J. R. Statist. Soc. A 132 (1969) 235). Pure.
#pragma once

#include <span>
#include <vector>

namespace rung {

/// The z of two-sided limits at each look, together at `alpha`. `times`: shares of all items, rising, in (0, 1].
std::vector<double> spending_limits(std::span<const double> times, double alpha);

}  // namespace rung
