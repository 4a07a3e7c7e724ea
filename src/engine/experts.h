// A mixture-of-experts feed-forward: router, choice of the best experts, each expert over the tokens that chose it, and
// the shared expert. Buffers are the forward pass's. Internal to the engine.
#pragma once

#include <vector>

#include "engine/forward_layout.h"
#include "engine/products.h"
#include "model/weights.h"

namespace rung {

class Experts {
 public:
  Experts(const ModelConfig& config, ForwardBuffers& buffers) : config_(config), buffers_(buffers) {}

  /// out = mixture(normed), both (tokens, width).
  void run(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens, float* out);

 private:
  void choose(ProductContext& products, const MixtureOfExperts& moe, size_t tokens);
  void group_by_expert(size_t tokens);
  /// The chosen experts' outputs, sorted by expert.
  void run_experts(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens);
  void add_shared(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                  float* out);

  const ModelConfig& config_;
  ForwardBuffers& buffers_;
  std::vector<size_t> first_;  ///< (experts + 1): first choice of each expert in the order by expert
};

}  // namespace rung
