#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rung {

int32_t greedy_token(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

int32_t Sampler::sample(std::span<const float> logits) {
  if (options_.temperature <= 0.0f) return greedy_token(logits);
  order_.resize(logits.size());
  std::iota(order_.begin(), order_.end(), 0);
  size_t kept = options_.top_k == 0 ? logits.size() : std::min<size_t>(options_.top_k, logits.size());
  const auto better = [&](int32_t a, int32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; };
  std::partial_sort(order_.begin(), order_.begin() + static_cast<ptrdiff_t>(kept), order_.end(), better);

  const double best = logits[order_[0]];
  probability_.resize(kept);
  double total = 0;
  for (size_t rank = 0; rank < kept; ++rank) total += probability_[rank] = std::exp(logits[order_[rank]] - best);
  if (options_.top_p < 1.0f) {
    double sum = 0;
    size_t rank = 0;
    while (rank < kept && sum < options_.top_p * total) sum += probability_[rank++];
    kept = std::max<size_t>(rank, 1);
  }
  while (kept > 1 && probability_[kept - 1] < options_.min_p) --kept;

  total = 0;
  for (size_t rank = 0; rank < kept; ++rank)
    total += probability_[rank] = std::exp((logits[order_[rank]] - best) / options_.temperature);
  double draw = rng_.uniform() * total;
  for (size_t rank = 0; rank < kept; ++rank)
    if ((draw -= probability_[rank]) < 0) return order_[rank];
  return order_[kept - 1];
}

}  // namespace rung
