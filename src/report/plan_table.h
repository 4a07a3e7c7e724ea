// Plans (plan/planner.h) as text for a terminal: the verdict first, then a table of rungs, then what the numbers rest
// on. Deterministic; lines end with '\n'.
#pragma once

#include <string>
#include <vector>

#include "plan/planner.h"
#include "report/table.h"

namespace rung {

/// One model. explain: every number of the rung that the verdict is about, as a formula.
std::string render_plan(const ModelPlan& plan, const TableStyle& style, bool explain);

/// Several sizes, for people who have no model yet: what of each fits.
std::string render_sizes(const std::vector<ModelPlan>& plans, const TableStyle& style);

}  // namespace rung
