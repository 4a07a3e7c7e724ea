// Rotary position embedding (RoFormer, arXiv 2104.09864) of a model: frequencies as its metadata and tensors give them.
// Immutable after construction, so shared by threads.
#pragma once

#include <vector>

#include "model/config.h"

namespace rung {

class Rope {
 public:
  /// factors: (rope_dims / 2) divisors of the frequencies, or empty.
  Rope(const ModelConfig& config, const std::vector<float>& factors);

  size_t pairs() const { return frequencies_.size(); }
  bool adjacent() const { return adjacent_; }
  /// (pairs) cosines and sines of a position's angles.
  void angles(size_t position, float* cosine, float* sine) const;
  /// Turns the heads of `count` positions that follow each other, (count, dim).
  void turn(size_t position, size_t count, size_t dim, float* heads) const;

 private:
  std::vector<double> frequencies_;              ///< radians per position
  std::vector<double> step_cosine_, step_sine_;  ///< of one position
  bool adjacent_;
};

}  // namespace rung
