#include "quantize/importance.h"

#include <algorithm>

namespace rung {
namespace {

uint64_t matrix_count(const GgufTensor& tensor) { return tensor.shape.size() > 2 ? tensor.shape[2] : 1; }

Calibration need_of(const TensorPlan& tensor) {
  return tensor.format ? format_info(*tensor.format).calibration : Calibration::kNone;
}

/// llama-imatrix never writes the embedding (a look-up) and the output only on request.
bool is_exempt(const GgufTensor& tensor) {
  const Role role = role_of(tensor.name).role;
  return role == Role::kTokenEmbedding || role == Role::kOutput;
}

CalibrationSource source_for(const TensorPlan& tensor, const ImportanceOptions& options) {
  const Calibration need = need_of(tensor);
  if (need == Calibration::kNone) return CalibrationSource::kNone;
  if (options.imatrix != nullptr && options.imatrix->find(tensor.source->name) != nullptr)
    return CalibrationSource::kImatrix;
  if (need != Calibration::kRequired) return CalibrationSource::kNone;
  const bool allowed = options.weights_only || (options.imatrix != nullptr && is_exempt(*tensor.source));
  return allowed ? CalibrationSource::kWeightsOnly : CalibrationSource::kNone;
}

Result<std::span<const float>> means_of(const GgufTensor& tensor, const Imatrix& imatrix) {
  return imatrix.means(tensor.name, tensor.columns(), matrix_count(tensor));
}

/// Mean squared weight of every column, matrix by matrix.
std::vector<float> column_energy(const GgufTensor& tensor, ThreadPool& pool) {
  const size_t columns = tensor.columns(), matrices = matrix_count(tensor), rows = tensor.rows() / matrices;
  const size_t stride = row_bytes(*tensor.format, columns);
  std::vector<float> energy(matrices * columns);
  pool.parallel_for(matrices, 1, [&](size_t begin, size_t end, int) {
    std::vector<float> row(columns);
    std::vector<double> sum(columns);
    for (size_t matrix = begin; matrix < end; ++matrix) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (size_t index = 0; index < rows; ++index) {
        decode_row(*tensor.format, tensor.bytes.data() + (matrix * rows + index) * stride, columns, row.data());
        for (size_t column = 0; column < columns; ++column)
          sum[column] += static_cast<double>(row[column]) * row[column];
      }
      for (size_t column = 0; column < columns; ++column)
        energy[matrix * columns + column] = static_cast<float>(sum[column] / static_cast<double>(rows));
    }
  });
  return energy;
}

}  // namespace

std::string_view calibration_name(CalibrationSource source) {
  switch (source) {
    case CalibrationSource::kWeightsOnly:
      return "weights-only";
    case CalibrationSource::kImatrix:
      return "imatrix";
    case CalibrationSource::kNone:
      break;
  }
  return "none";
}

Status check_calibration(const QuantizationPlan& plan, const ImportanceOptions& options) {
  for (const TensorPlan& tensor : plan.tensors) {
    if (source_for(tensor, options) == CalibrationSource::kImatrix)
      RUNG_CHECK(means_of(*tensor.source, *options.imatrix));
    if (need_of(tensor) != Calibration::kRequired || source_for(tensor, options) != CalibrationSource::kNone) continue;
    const std::string_view type = format_name(*tensor.format);
    if (options.imatrix != nullptr)
      return input_error(
          "{} needs an importance matrix, and {} has no entry for tensor {}; add --weights-only to use the column "
          "energy of the weights where it has none",
          type, options.imatrix->file, tensor.source->name);
    return input_error(
        "{} needs an importance matrix (tensor {}): at so few bits the encoder must know which columns matter; give "
        "one with --imatrix FILE, or --weights-only to use the column energy of the weights instead",
        type, tensor.source->name);
  }
  return {};
}

CalibrationSource calibration_of(const QuantizationPlan& plan, const ImportanceOptions& options) {
  CalibrationSource best = CalibrationSource::kNone;
  for (const TensorPlan& tensor : plan.tensors) best = std::max(best, source_for(tensor, options));
  return best;
}

Result<std::vector<float>> importance_of(const TensorPlan& tensor, const ImportanceOptions& options, ThreadPool& pool) {
  const GgufTensor& source = *tensor.source;
  switch (source_for(tensor, options)) {
    case CalibrationSource::kNone:
      return std::vector<float>();
    case CalibrationSource::kWeightsOnly:
      return column_energy(source, pool);
    case CalibrationSource::kImatrix:
      break;
  }
  RUNG_TRY(const auto means, means_of(source, *options.imatrix));
  return std::vector<float>(means.begin(), means.end());
}

}  // namespace rung
