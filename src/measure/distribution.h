// What logits say as a distribution over the next token. Natural logarithms; sums in doubles, in one fixed order.
#pragma once

#include <span>

namespace rung {

/// Natural log of the sum of exp(logit). Logits: not empty.
double log_sum_exp(std::span<const float> logits);

}  // namespace rung
