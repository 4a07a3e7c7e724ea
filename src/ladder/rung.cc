#include "ladder/rung.h"

namespace rung {
namespace {

constexpr std::string_view kGptqSuffix = "+gptq";

}  // namespace

Result<Rung> find_rung(const std::string& name, const LadderInputs& inputs) {
  Rung rung;
  rung.gptq = name.ends_with(kGptqSuffix);
  RUNG_TRY(rung.recipe, find_recipe(rung.gptq ? name.substr(0, name.size() - kGptqSuffix.size()) : name));
  if (!rung.gptq) return rung;
  if (!inputs.grams)
    return input_error("{}: GPTQ needs second moments; make them with 'rung calibrate --gram' and give --gram FILE",
                       name);
  rung.recipe.name = name;
  rung.recipe.description += "; rounded by GPTQ";
  return rung;
}

Status plan_rung(Rung& rung, const LadderInputs& inputs) {
  RUNG_TRY(rung.plan, plan_quantization(inputs.source->file(), rung.recipe, {}, inputs.imatrix.has_value()));
  return check_calibration(rung.plan, importance_of(rung, inputs));
}

ImportanceOptions importance_of(const Rung& rung, const LadderInputs& inputs) {
  return {inputs.imatrix ? &*inputs.imatrix : nullptr, true, rung.gptq ? &*inputs.grams : nullptr};
}

}  // namespace rung
