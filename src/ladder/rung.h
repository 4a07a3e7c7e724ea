// What is measured: a model's own types, a type, a recipe, or one of these rounded by GPTQ, planned for a model. Ladder
// and comparison know the same names.
#pragma once

#include "ladder/inputs.h"
#include "quantize/importance.h"
#include "recipe/recipe.h"

namespace rung {

struct Rung {
  Recipe recipe;  ///< with the rung's name
  QuantizationPlan plan;
  bool is_reference = false;
  bool is_noise = false;  ///< the reference again, its activations rounded
  bool gptq = false;
};

/// NAME or NAME+gptq, not planned yet. GPTQ without second moments is an error.
Result<Rung> find_rung(const std::string& name, const LadderInputs& inputs);
/// Fills the plan, which refers to the inputs' model. Refuses what lacks calibration.
Status plan_rung(Rung& rung, const LadderInputs& inputs);
/// Column energy stands in where a type needs importance and the inputs have none. `inputs` outlive the use.
ImportanceOptions importance_of(const Rung& rung, const LadderInputs& inputs);

}  // namespace rung
