// What calibration text has reached: tokens of each expert, experts that saw none or too few, columns that were never
// active. Pure functions of the sums.
#pragma once

#include <string>
#include <vector>

#include "io/imatrix_writer.h"

namespace rung {

struct ExpertCoverage {
  std::string tensor;          ///< the first of the layer's routed tensors
  std::vector<double> tokens;  ///< of each expert
  size_t unseen = 0;           ///< no token: the encoder uses the layer's pooled statistics
  size_t thin = 0;             ///< some, but fewer than kPooledTokens (quantize/importance.h): mostly pooled
  double least = 0, median = 0, most = 0;
};

struct DeadColumns {
  std::string tensor;
  size_t columns = 0;  ///< whose sum is 0 in a matrix that saw tokens
  size_t of = 0;       ///< in all such matrices
};

struct Coverage {
  std::vector<ExpertCoverage> layers;  ///< those with routed experts
  std::vector<DeadColumns> dead;       ///< tensors that have any
  size_t unseen = 0, thin = 0, experts = 0;
};

Coverage coverage_of(const ImatrixSums& sums);

}  // namespace rung
