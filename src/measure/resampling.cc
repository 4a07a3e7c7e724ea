#include "measure/resampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace rung {

Interval bootstrap_interval(size_t items, uint64_t seed,
                            const std::function<double(std::span<const size_t>)>& statistic, size_t draws) {
  if (items == 0) return {};
  Rng rng(seed);
  std::vector<size_t> drawn(items);
  std::vector<double> values;
  for (size_t draw = 0; draw < draws; ++draw) {
    for (size_t& index : drawn) index = static_cast<size_t>(rng.below(items));
    const double value = statistic(drawn);
    if (std::isfinite(value)) values.push_back(value);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {quantile_of_sorted(values, 0.025), quantile_of_sorted(values, 0.975)};
}

}  // namespace rung
