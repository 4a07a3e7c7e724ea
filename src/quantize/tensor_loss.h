// What encoding a tensor lost: sums over its weights x, their errors e = decoded - x and their importance w (1 where
// the encoder got none). Added up row by row in file order, so that they do not depend on threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "codec/format.h"

namespace rung {

struct TensorLoss {
  double weighted_error = 0;  ///< sum w e^2
  double weighted_power = 0;  ///< sum w x^2
  double error = 0;           ///< sum e^2
  double power = 0;           ///< sum x^2
  uint64_t outliers = 0;      ///< weights beyond 6 times the root mean square of their row

  TensorLoss& operator+=(const TensorLoss& other);
  double relative_error() const;         ///< sum w e^2 / sum w x^2; 0 for a tensor of zeros
  std::optional<double> snr_db() const;  ///< 10 log10(sum x^2 / sum e^2); empty where nothing was lost
};

/// How a row was encoded.
struct EncodedRow {
  Format format = Format::F32;
  const uint8_t* blocks = nullptr;    ///< null: the row is kept as it is
  float scale = 1.0f;                 ///< multiplies every decoded value
  const float* importance = nullptr;  ///< a weight for each column; null: 1
};
TensorLoss row_loss(const float* row, size_t columns, const EncodedRow& encoded);

}  // namespace rung
