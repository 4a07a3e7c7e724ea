#include "measure/distribution.h"

#include <algorithm>
#include <cmath>

#include "engine/sampler.h"

namespace rung {

double log_sum_exp(std::span<const float> logits) {
  const double highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - highest);
  return highest + std::log(sum);
}

Prediction read_prediction(std::span<const float> logits) {
  Prediction result;
  result.likeliest = greedy_token(logits);
  const double highest = logits[static_cast<size_t>(result.likeliest)];
  double sum = 0, weighted = 0;  // of exp(-gap), and of the gaps by it
  for (const float logit : logits) {
    const double gap = highest - logit, share = std::exp(-gap);
    sum += share;
    if (share > 0) weighted += share * gap;  // a logit of minus infinity has probability 0 and adds nothing
  }
  result.probability = 1 / sum;
  result.log_sum = highest + std::log(sum);
  result.entropy = std::log(sum) + weighted / sum;
  return result;
}

double kl_divergence(std::span<const float> p, double p_log_sum, std::span<const float> q, double q_log_sum) {
  double sum = 0;
  for (size_t id = 0; id < p.size(); ++id) {
    const double log_p = p[id] - p_log_sum;
    sum += std::exp(log_p) * (log_p - (q[id] - q_log_sum));
  }
  return std::max(0.0, sum);  // never negative but for rounding
}

}  // namespace rung
