// The tensors of a model bound by name to their places in the forward pass, every shape checked against the
// configuration. Matrices stay where the source has them, with the factor NAME.scale beside NAME.weight if there is one
// (NVFP4); small vectors (norms, biases, RoPE factors) are decoded to
// floats. Immutable; valid as long as the source.
#pragma once

#include <optional>
#include <vector>

#include "kernels/matmul.h"
#include "model/config.h"
#include "model/tensor_source.h"

namespace rung {

struct Linear {
  Matrix weight;
  std::vector<float> bias;  ///< empty: none
};

/// One matrix per expert, all of one shape and format, one after the other.
struct ExpertMatrices {
  Matrix first;
  size_t count = 0;
  std::vector<float> scales;  ///< of each; empty: none
  Matrix expert(size_t index) const;
};

struct FeedForward {
  Linear gate, up, down;
};

struct MixtureOfExperts {
  Matrix router;  ///< (experts, width)
  ExpertMatrices gate, up, down;
  std::optional<FeedForward> shared;
  std::vector<float> shared_gate;  ///< (width); empty: the shared expert is not gated
};

struct LayerWeights {
  std::vector<float> attention_norm, ffn_norm;  ///< (width)
  Linear q, k, v, attention_output;
  std::vector<float> q_norm, k_norm;  ///< (key_dim); empty: none
  std::optional<FeedForward> dense;   ///< exactly one of the two
  std::optional<MixtureOfExperts> moe;
};

struct ModelWeights {
  Matrix embedding;                 ///< (vocabulary, width)
  Matrix output;                    ///< the embedding where tied
  std::vector<float> output_norm;   ///< (width)
  std::vector<float> rope_factors;  ///< (rope_dims / 2) divisors of the frequencies; empty: ones
  std::vector<LayerWeights> layers;
};

Result<ModelWeights> bind_weights(const TensorSource& source, const ModelConfig& config);

}  // namespace rung
