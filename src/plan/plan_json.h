// A plan as the JSON that docs/plan.md describes.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "plan/planner.h"

namespace rung {

/// explain: with the formulas of the rung that `weights` is about.
nlohmann::ordered_json plan_json(const ModelPlan& plan, bool explain);
nlohmann::ordered_json decision_json(const QualityDecision& decision);

}  // namespace rung
