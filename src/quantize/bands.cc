#include "quantize/bands.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rung {
namespace {

constexpr size_t kBandValues = size_t{256} << 10;
constexpr size_t kMatrixParts = 16;  // of a matrix at most: enough to share out, few enough to hold
constexpr size_t kPartBands = 16;    // at least

bool all_finite(std::span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000u;
  uint32_t bad = 0;  // no early exit: this way it is vectorized
  for (const float value : values) bad |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent ? 1u : 0u;
  return bad == 0;
}

size_t divide_up(size_t value, size_t by) { return (value + by - 1) / by; }

}  // namespace

BandCut::BandCut(const GgufTensor& tensor)
    : columns(std::max<size_t>(1, tensor.columns())), matrices(tensor.shape.size() > 2 ? tensor.shape[2] : 1) {
  const size_t rows = tensor.rows();
  if (matrices == 0 || rows % matrices != 0) matrices = 1;
  rows_per_matrix = rows / matrices;
  row_bytes = rows == 0 ? 0 : tensor.bytes.size() / rows;
  rows_per_band = std::max<size_t>(1, kBandValues / columns);
  band_count = std::max<size_t>(1, matrices * divide_up(rows_per_matrix, rows_per_band));
}

Band BandCut::operator[](size_t band) const {
  const size_t bands_per_matrix = band_count / matrices;
  const size_t matrix = band / bands_per_matrix, row = band % bands_per_matrix * rows_per_band;
  return {matrix, matrix * rows_per_matrix + row, std::min(rows_per_band, rows_per_matrix - row)};
}

std::span<const uint8_t> band_bytes(const GgufTensor& tensor, const BandCut& cut, const Band& band) {
  return tensor.bytes.subspan(band.first_row * cut.row_bytes, band.rows * cut.row_bytes);
}

Status decode_band(const GgufTensor& tensor, const BandCut& cut, const Band& band, std::vector<float>& values,
                   size_t& bad_row) {
  values.resize(band.rows * cut.columns);
  if (values.empty()) return {};
  decode_row(*tensor.format, band_bytes(tensor, cut, band).data(), values.size(), values.data());
  if (all_finite(values)) return {};
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  const auto at = static_cast<size_t>(bad - values.begin());
  bad_row = band.first_row + at / cut.columns;
  return input_error("tensor {}: row {}, column {}: found {}, allowed are finite numbers", tensor.name, bad_row,
                     at % cut.columns, *bad);
}

MatrixSurvey::MatrixSurvey(const BandCut& cut, bool with_energy)
    : bands_per_matrix_(cut.band_count / cut.matrices),
      parts_per_matrix_(std::clamp<size_t>(bands_per_matrix_ / kPartBands, 1, kMatrixParts)),
      bands_per_part_(divide_up(bands_per_matrix_, parts_per_matrix_)),
      largest_(cut.matrices * parts_per_matrix_),
      squares_(with_energy ? largest_.size() : 0, std::vector<double>(cut.columns)) {}

std::pair<size_t, size_t> MatrixSurvey::bands_of(size_t part) const {
  const size_t matrix = part / parts_per_matrix_, first = part % parts_per_matrix_ * bands_per_part_;
  const size_t end = std::min(first + bands_per_part_, bands_per_matrix_);
  return {matrix * bands_per_matrix_ + std::min(first, end), matrix * bands_per_matrix_ + end};
}

void MatrixSurvey::add(size_t part, std::span<const float> values) {
  for (const float value : values) largest_[part] = std::max(largest_[part], std::fabs(value));
  if (squares_.empty()) return;
  std::vector<double>& sums = squares_[part];
  for (; !values.empty(); values = values.subspan(sums.size()))
    for (size_t column = 0; column < sums.size(); ++column) {
      const double value = values[column];
      sums[column] += value * value;
    }
}

std::vector<float> MatrixSurvey::column_energy(const BandCut& cut) const {
  std::vector<float> energy(cut.matrices * cut.columns);
  for (size_t matrix = 0; matrix < cut.matrices; ++matrix)
    for (size_t column = 0; column < cut.columns; ++column) {
      double sum = 0;
      for (size_t part = 0; part < parts_per_matrix_; ++part)
        sum += squares_[matrix * parts_per_matrix_ + part][column];
      energy[matrix * cut.columns + column] = static_cast<float>(sum / static_cast<double>(cut.rows_per_matrix));
    }
  return energy;
}

float MatrixSurvey::largest(size_t matrix) const {
  const auto parts = largest_.begin() + static_cast<ptrdiff_t>(matrix * parts_per_matrix_);
  return *std::max_element(parts, parts + static_cast<ptrdiff_t>(parts_per_matrix_));
}

}  // namespace rung
