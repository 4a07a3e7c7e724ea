// The result of rung compare (docs/compare.md) as text for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/table.h"

namespace rung {

std::string render_comparison(const nlohmann::ordered_json& comparison, const TableStyle& style);

}  // namespace rung
