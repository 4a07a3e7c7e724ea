// How much each input column of a weight matrix matters to the encoder. Three sources: an importance matrix measured on
// text; the weights alone (mean squared weight of the column: a substitute without data, and marked as one); nothing.
#pragma once

#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "io/imatrix.h"
#include "model/tensor_source.h"
#include "recipe/recipe.h"

namespace rung {

enum class CalibrationSource { kNone, kWeightsOnly, kImatrix };
std::string_view calibration_name(CalibrationSource source);  ///< "none", "weights-only", "imatrix"

struct ImportanceOptions {
  const Imatrix* imatrix = nullptr;  ///< outlives the use
  bool weights_only = false;         ///< column energy where a format must have importance and the imatrix has none
};

/// Refuses a plan whose formats must have importance and would get none; the error names the tensor and the next step.
/// Also an importance matrix whose sizes contradict a tensor's.
/// Token embedding and output are exempt, as llama-imatrix does not see them: they get column energy.
Status check_calibration(const QuantizationPlan& plan, const ImportanceOptions& options);

/// What the plan's formats get, taken together: imatrix if any does, else weights-only if any does, else none.
CalibrationSource calibration_of(const QuantizationPlan& plan, const ImportanceOptions& options);

/// (matrices, columns) for a planned tensor; empty: the format's default weighting.
Result<std::vector<float>> importance_of(const TensorPlan& tensor, const ImportanceOptions& options, ThreadPool& pool);

}  // namespace rung
