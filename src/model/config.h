// The numbers of a model as the engine needs them, read from GGUF metadata ("<architecture>.<key>") and checked:
// ranges, divisibility, kinds. Shapes of tensors are checked against them when the weights are bound (model/weights.h).
#pragma once

#include <cstdint>

#include "base/status.h"
#include "io/gguf.h"
#include "model/architecture.h"

namespace rung {

struct ModelConfig {
  const Architecture* architecture = nullptr;
  size_t layers = 0;
  size_t width = 0;       ///< embedding_length
  size_t vocabulary = 0;  ///< rows of the token embedding
  size_t context = 0;     ///< context_length it was trained for; 0 if not stored
  size_t heads = 0;
  size_t kv_heads = 0;   ///< divides heads
  size_t key_dim = 0;    ///< per head
  size_t value_dim = 0;  ///< per head
  size_t rope_dims = 0;  ///< leading values of a head that turn; even
  float rope_base = 10000.0f;
  float rope_linear_factor = 1.0f;  ///< frequencies are divided by it
  float norm_epsilon = 0;
  size_t leading_dense_layers = 0;
  size_t experts = 0;  ///< 0: dense
  size_t experts_used = 0;
  bool renormalise_experts = false;
  float expert_weights_scale = 1.0f;
};

Result<ModelConfig> read_config(const GgufFile& file);

}  // namespace rung
