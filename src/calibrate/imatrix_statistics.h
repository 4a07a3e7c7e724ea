// What an importance matrix says of each tensor, in the terms of llama-imatrix's statistics: how large the mean squared
// activations of its columns are, how unevenly they are spread, and how like the same tensor's of the layer before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/imatrix.h"

namespace rung {

struct TensorStatistics {
  std::string tensor;
  double tokens = 0;  ///< of all its matrices; .dat: calls
  size_t values = 0;  ///< mean squares, of matrices that saw tokens; the rest is over these
  double sum = 0, least = 0, most = 0, mean = 0, deviation = 0;
  double active = 0;              ///< share above 1e-5
  double entropy = 0;             ///< bits, of the values as shares of their sum
  double normalised_entropy = 0;  ///< over log2 of their number: 1 is even
  double outliers = 0;            ///< "ZD": share more than one deviation above the mean
  std::optional<double> cosine;   ///< with the same tensor one layer before
};

/// In order of layers, then of names; tensors that saw nothing are left out.
std::vector<TensorStatistics> imatrix_statistics(const Imatrix& imatrix);

}  // namespace rung
