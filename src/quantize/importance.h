// How much each input column of a weight matrix matters to the encoder. Three sources: an importance matrix measured on
// text; the weights alone (mean squared weight of the column: a substitute without data, and marked as one); nothing.
// Experts that saw few tokens are shrunk towards the pooled statistics of their layer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/gram.h"
#include "io/imatrix.h"
#include "recipe/recipe.h"

namespace rung {

enum class CalibrationSource { kNone, kWeightsOnly, kImatrix };
std::string_view calibration_name(CalibrationSource source);  ///< "none", "weights-only", "imatrix"

struct ImportanceOptions {
  const Imatrix* imatrix = nullptr;  ///< outlives the use
  bool weights_only = false;         ///< column energy where a format must have importance and the imatrix has none
  const GramFile* grams = nullptr;   ///< outlives the use; matrices that it knows enough of are rounded by GPTQ
};
/// "gptq", "imatrix" or "rtn": what is written as rung.method.
std::string_view method_name(const ImportanceOptions& importance, CalibrationSource calibration);

/// Refuses a plan whose formats must have importance and would get none; the error names the tensor and the next step.
/// Also an importance matrix of another model: one whose sizes contradict a tensor's, or with an entry for a tensor
/// that the plan lacks. Token embedding and output are exempt, as llama-imatrix does not see them: they get column
/// energy.
Status check_calibration(const QuantizationPlan& plan, const ImportanceOptions& options);

/// What a planned tensor's format gets. An imatrix that was made of weights counts as weights-only: the column energy
/// is taken from the weights themselves.
CalibrationSource calibration_for(const TensorPlan& tensor, const ImportanceOptions& options);
/// What the plan's formats get, taken together: imatrix if any does, else weights-only if any does, else none.
CalibrationSource calibration_of(const QuantizationPlan& plan, const ImportanceOptions& options);

/// Tokens that the pooled statistics of a layer's experts count for: an expert that saw n tokens gets
/// (n * own + kPooledTokens * pooled) / (n + kPooledTokens). Measured where experts are well covered (pico, 11000
/// tokens and more for each): the relative variance of a column's mean square between the experts of a layer is 0.03 to
/// 0.05 for gate and up; one token's own is 2 for a normal distribution, so that 2 / 0.04 tokens weigh as much.
inline constexpr double kPooledTokens = 50;

/// (matrices, columns) of the imatrix for a tensor that it has seen, experts shrunk.
Result<std::vector<float>> imatrix_importance(const GgufTensor& tensor, const Imatrix& imatrix);

/// The moments' diagonals: what an importance matrix of the same text holds.
Imatrix imatrix_of(const GramFile& grams);

/// What the imatrix of a plan leaves to be guessed.
struct ImatrixGaps {
  size_t unseen_experts = 0;    ///< no token: pooled statistics instead
  size_t thin_experts = 0;      ///< fewer than kPooledTokens: mostly pooled
  size_t affected_tensors = 0;  ///< with experts of either kind
  size_t missing_tensors = 0;   ///< weights that could use importance and are not in the imatrix
  std::string first_missing;
  std::vector<std::string> warnings() const;
};
ImatrixGaps imatrix_gaps(const QuantizationPlan& plan, const ImportanceOptions& options);

}  // namespace rung
