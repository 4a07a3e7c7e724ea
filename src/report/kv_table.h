// kv-ladder.json on a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/table.h"

namespace rung {

std::string render_kv_ladder(const nlohmann::ordered_json& document, const TableStyle& style);

}  // namespace rung
