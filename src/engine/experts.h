// A mixture-of-experts feed-forward: router, choice of the best experts, each expert over the tokens that chose it, and
// the shared expert. Internal to the engine.
#pragma once

#include <vector>

#include "engine/products.h"
#include "model/weights.h"

namespace rung {

class Experts {
 public:
  explicit Experts(const ModelConfig& config) : config_(config) {}

  /// out = mixture(normed), both (tokens, width).
  void run(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens, float* out);
  uint64_t memory_bytes() const;

 private:
  void choose(ProductContext& products, const MixtureOfExperts& moe, const Activations& input, size_t tokens);
  void group_by_expert(size_t tokens);
  void add_shared(ProductContext& products, const MixtureOfExperts& moe, const float* normed, size_t tokens,
                  float* out);

  const ModelConfig& config_;
  std::vector<float> scores_;     ///< (tokens, experts): router probabilities
  std::vector<uint32_t> chosen_;  ///< (tokens, used): experts, best first
  std::vector<float> share_;      ///< (tokens, used): their weights
  std::vector<uint32_t> order_;   ///< (tokens * used): choices sorted by expert
  std::vector<uint32_t> place_;   ///< (tokens * used): where a choice stands in that order
  std::vector<size_t> first_;     ///< (experts + 1): first choice of each expert in that order
  std::vector<float> gathered_, gate_, up_, down_;
  std::vector<float> shared_gate_, shared_up_, shared_out_;
  Activations input_, expert_input_, expert_hidden_, shared_hidden_;
};

}  // namespace rung
