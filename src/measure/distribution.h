// What logits say as a distribution over the next token. Natural logarithms, nats; sums in doubles, in one fixed order.
#pragma once

#include <cstdint>
#include <span>

namespace rung {

/// Natural log of the sum of exp(logit). Logits: not empty.
double log_sum_exp(std::span<const float> logits);

/// One prediction in short.
struct Prediction {
  int32_t likeliest = 0;   ///< the greedy token (greedy_token())
  double probability = 0;  ///< of the likeliest
  double entropy = 0;      ///< in nats, 0 to ln(vocabulary)
  double log_sum = 0;      ///< log_sum_exp(logits): -ln of a token's probability is log_sum - its logit
};
Prediction read_prediction(std::span<const float> logits);

/// Kullback-Leibler divergence sum P ln(P/Q) of two rows of logits of one length, their log_sum_exp given. Not
/// negative.
double kl_divergence(std::span<const float> p, double p_log_sum, std::span<const float> q, double q_log_sum);

}  // namespace rung
