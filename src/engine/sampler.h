// Chooses the next token from logits. Temperature 0 is greedy. Else: keep the top_k likeliest, then the fewest whose
// probabilities reach top_p, then those of at least min_p times the best one's; sharpen by the temperature; draw with a
// seeded generator. Filters see the probabilities at temperature 1, as in llama.cpp's default chain (Holtzman et al.,
// arXiv 1904.09751 for top-p; Nguyen et al., arXiv 2407.01082 for min-p). Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"

namespace rung {

struct SamplerOptions {
  float temperature = 0.0f;
  uint32_t top_k = 0;  ///< 0: all
  float top_p = 1.0f;  ///< 1: all
  float min_p = 0.0f;  ///< 0: all
  uint64_t seed = 0;
};

/// The index of the largest logit, the lowest one among equals.
int32_t greedy_token(std::span<const float> logits);

class Sampler {
 public:
  explicit Sampler(const SamplerOptions& options) : options_(options), rng_(options.seed) {}
  int32_t sample(std::span<const float> logits);

 private:
  SamplerOptions options_;
  Rng rng_;
  std::vector<int32_t> order_;
  std::vector<double> probability_;
};

}  // namespace rung
