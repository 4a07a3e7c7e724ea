// Sees the matrix products of a forward pass: what calibration listens to. A session that is given an observer tells it
// of every group of products just before they run, in the thread that runs the session and outside every parallel loop,
// so that the observer may use the session's pool. Without one nothing is done.
#pragma once

#include <span>

#include "kernels/matmul.h"

namespace rung {

class ProductObserver {
 public:
  virtual ~ProductObserver() = default;
  /// The weights of a job are known by where their bytes lie (Matrix::data, inside a tensor of the engine's source),
  /// its inputs are rows first_token .. first_token + tokens of `input`, in floats. Jobs with the same input and first
  /// row read the same values: q, k and v, or gate and up. For routed experts the rows are those of the tokens that
  /// chose the expert. Valid during the call.
  virtual void products(std::span<const MatmulJob> jobs) = 0;
};

}  // namespace rung
