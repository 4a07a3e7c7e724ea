// The inputs of a model's matrix products: which weight tensors read the same one (q, k and v; gate and up), how wide
// it is, and of how many matrices (experts) each tensor consists. Found out by running one token, so that whatever the
// engine can compute can be calibrated. Immutable.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace rung {

struct ModelInput {
  std::vector<std::string> tensors;  ///< that read it; the first stands for all
  size_t columns = 0;
  size_t matrices = 1;
  bool output = false;  ///< of the output matrix: only on request, as llama-imatrix does
  bool routed = false;  ///< of routed experts: each matrix sees tokens of its own
};

class InputMap {
 public:
  static constexpr size_t kNone = SIZE_MAX;
  struct Place {
    size_t input = kNone;  ///< kNone: not the tensor that stands for an input
    size_t matrix = 0;
  };

  static Result<InputMap> of(const std::shared_ptr<const Engine>& engine, ThreadPool& pool);

  const std::vector<ModelInput>& inputs() const { return inputs_; }
  Place find(const Matrix& weights) const;

 private:
  friend class InputFinder;
  /// Where a tensor's bytes lie.
  struct Extent {
    const uint8_t* begin = nullptr;
    const uint8_t* end = nullptr;
    size_t matrix_bytes = 0;
    std::string name;
    size_t matrices = 1;
    size_t input = kNone;  ///< where it is the first of an input
  };

  void add_extents(const TensorSource& source);
  Extent* extent_of(const uint8_t* data);
  const Extent* extent_of(const uint8_t* data) const;

  std::vector<Extent> extents_;  ///< by address
  std::vector<ModelInput> inputs_;
};

}  // namespace rung
