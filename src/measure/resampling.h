// The bootstrap for any statistic of items: items are drawn again with replacement, the statistic computed each time
// (Efron 1979).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "measure/statistics.h"

namespace rung {

/// The 95 % percentile interval of `statistic` over draws of `items` indices. A draw for which it is not a number (no
/// wrong answer was drawn, say) is left out; {0, 0} if all are. Deterministic.
Interval bootstrap_interval(size_t items, uint64_t seed,
                            const std::function<double(std::span<const size_t>)>& statistic, size_t draws = 1000);

}  // namespace rung
