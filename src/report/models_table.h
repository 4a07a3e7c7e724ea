// models.json (docs/ladder-json.md) as a terminal table: the rungs of all models from few bytes to many, then the best
// for each capability.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/table.h"

namespace rung {

std::string render_models(const nlohmann::ordered_json& models, const TableStyle& style);

}  // namespace rung
