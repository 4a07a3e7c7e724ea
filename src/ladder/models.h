// Smaller model or fewer bits? The ladders of several models on one chart of bytes against score: which model and rung
// is the best at each capability among those that fit the memory. Models are compared by raw scores on the same items;
// shares kept say nothing between models. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

namespace rung {

/// models.json (docs/ladder-json.md) of the documents that run_ladder returned. A capability counts for the models
/// whose panels of it are the same as the first one's; notes name the others. memory in bytes; nothing: all fit.
/// Throws nlohmann::json::exception on documents of another shape.
nlohmann::ordered_json compare_models(const std::vector<nlohmann::ordered_json>& ladders,
                                      std::optional<uint64_t> memory);

}  // namespace rung
