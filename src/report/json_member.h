// Reading documents that may be foreign: what is not there, or stands in something else than an object, is null.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace rung {

/// The member of that name, or a null that lives as long as the program.
const nlohmann::ordered_json& member(const nlohmann::ordered_json& object, std::string_view key);

}  // namespace rung
