#include "quantize/tensor_loss.h"

#include <cmath>
#include <vector>

namespace rung {
namespace {

constexpr double kOutlierSigmas = 6;

uint64_t count_outliers(const float* row, size_t columns, double power) {
  const double square = kOutlierSigmas * kOutlierSigmas * power / static_cast<double>(columns);
  uint64_t count = 0;
  for (size_t column = 0; column < columns; ++column)
    count += static_cast<double>(row[column]) * row[column] > square ? 1 : 0;
  return count;
}

}  // namespace

TensorLoss& TensorLoss::operator+=(const TensorLoss& other) {
  weighted_error += other.weighted_error;
  weighted_power += other.weighted_power;
  error += other.error;
  power += other.power;
  outliers += other.outliers;
  return *this;
}

double TensorLoss::relative_error() const { return weighted_power > 0 ? weighted_error / weighted_power : 0; }

std::optional<double> TensorLoss::snr_db() const {
  if (error == 0) return std::nullopt;
  return 10 * std::log10(power / error);
}

TensorLoss row_loss(const float* row, size_t columns, const EncodedRow& encoded) {
  std::vector<float> decoded(row, row + columns);
  if (encoded.blocks != nullptr) decode_row(encoded.format, encoded.blocks, columns, decoded.data());
  TensorLoss loss;
  for (size_t column = 0; column < columns; ++column) {
    const double weight = encoded.importance != nullptr ? encoded.importance[column] : 1.0;
    const double value = row[column], miss = static_cast<double>(encoded.scale * decoded[column]) - value;
    loss.weighted_error += weight * miss * miss;
    loss.weighted_power += weight * value * value;
    loss.error += miss * miss;
    loss.power += value * value;
  }
  loss.outliers = count_outliers(row, columns, loss.power);
  return loss;
}

}  // namespace rung
