#include "measure/statistics_power.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rung {
namespace {

/// ln of the binomial probability of k in n.
double log_binomial(size_t n, size_t k, double share) {
  const auto count = static_cast<double>(n), chosen = static_cast<double>(k);
  const double ways = std::lgamma(count + 1) - std::lgamma(chosen + 1) - std::lgamma(count - chosen + 1);
  const double hits = k == 0 ? 0 : chosen * std::log(share);
  const double misses = k == n ? 0 : (count - chosen) * std::log1p(-share);
  return ways + hits + misses;
}

double binomial(size_t n, size_t k, double share) {
  if (share <= 0) return k == 0 ? 1 : 0;
  if (share >= 1) return k == n ? 1 : 0;
  return std::exp(log_binomial(n, k, share));
}

/// For each number of discordant items the fewest losses that the test calls a loss; beyond that number: none.
std::vector<size_t> critical_losses(size_t items, double alpha) {
  std::vector<size_t> critical(items + 1);
  for (size_t discordant = 0; discordant <= items; ++discordant) {
    double tail = 0;
    size_t gained = 0;
    for (; 2 * gained < discordant; ++gained) {
      tail += binomial(discordant, gained, 0.5);
      if (2 * tail >= alpha) break;
    }
    critical[discordant] = gained == 0 ? discordant + 1 : discordant - gained + 1;
  }
  return critical;
}

double power_with(const std::vector<size_t>& critical, double lost, double gained) {
  const size_t items = critical.size() - 1;
  const double discordant = std::min(1.0, lost + gained);
  const double share = discordant > 0 ? std::min(1.0, lost / discordant) : 0;
  double power = 0;
  for (size_t changed = 0; changed <= items; ++changed) {
    const double chance = binomial(items, changed, discordant);
    if (chance < 1e-12) continue;
    double found = 0;
    for (size_t losses = critical[changed]; losses <= changed; ++losses) found += binomial(changed, losses, share);
    power += chance * found;
  }
  return power;
}

}  // namespace

double mcnemar_power(size_t items, double lost, double gained, double alpha) {
  return power_with(critical_losses(items, alpha), lost, gained);
}

double smallest_drop(size_t items, double discordant, double alpha, double power) {
  const std::vector<size_t> critical = critical_losses(items, alpha);
  const auto power_of = [&](double drop) {
    const double changed = std::max(drop, discordant);
    return power_with(critical, (changed + drop) / 2, (changed - drop) / 2);
  };
  if (power_of(1) < power) return 1;
  double low = 0, high = 1;
  for (int halving = 0; halving < 12; ++halving) {  // to a fortieth of a point
    const double middle = (low + high) / 2;
    (power_of(middle) < power ? low : high) = middle;
  }
  return high;
}

}  // namespace rung
