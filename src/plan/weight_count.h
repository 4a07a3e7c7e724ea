// Bytes of a model's weights under a plan of types (recipe/recipe.h): by role, by type, by layer, what one token reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace rung {

struct WeightPart {
  std::string name;
  uint64_t tensors = 0, values = 0, bytes = 0;
};

struct LayerByteCount {
  uint64_t dense_bytes = 0;   ///< read for every token
  uint64_t expert_bytes = 0;  ///< of routed experts
  uint64_t dense_values = 0, expert_values = 0;
};

/// How much of the routed experts a token uses.
struct ExpertUse {
  uint64_t experts = 0, used = 0;  ///< of a layer; 0: dense, or not known

  double share() const { return experts == 0 ? 1.0 : static_cast<double>(used) / static_cast<double>(experts); }
};

struct WeightCount {
  uint64_t bytes = 0;  ///< of all tensors, without the padding between them in a file
  uint64_t values = 0;
  uint64_t draft_bytes = 0;                            ///< of a head that predicts further tokens
  uint64_t vision_bytes = 0;                           ///< of image and sound encoders
  uint64_t embedding_bytes = 0, embedding_values = 0;  ///< of the token embedding; one row of it is read for a token
  uint64_t output_bytes = 0, output_values = 0;        ///< of what follows the last layer; the embedding if it is tied
  /// What one token reads and multiplies with; empty: the model has experts, and nothing says how many a token uses.
  std::optional<uint64_t> active_bytes, active_values;
  std::vector<WeightPart> by_role;     ///< largest first
  std::vector<WeightPart> by_type;     ///< largest first
  std::vector<LayerByteCount> layers;  ///< without the draft head's

  double bits_per_weight() const {
    return values == 0 ? 0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(values);
  }
};

/// layers: of the model without its draft head; 0: as the tensors' names say. experts: empty if not known.
WeightCount count_weights(const QuantizationPlan& plan, uint64_t layers, const std::optional<ExpertUse>& experts);

}  // namespace rung
