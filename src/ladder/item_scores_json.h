// Scores of items and prose samples as JSON, one array a number, and back. Numbers keep six digits.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "measure/item_score.h"
#include "measure/richness.h"

namespace rung {

nlohmann::ordered_json item_scores_json(const std::vector<ItemScore>& scores);
/// right: the verdicts, '1' or '0', of which there are as many as scores, if there are scores. Throws
/// nlohmann::json::exception on anything that item_scores_json would not have written.
std::vector<ItemScore> item_scores_from(const nlohmann::ordered_json& json, std::string_view right);

nlohmann::ordered_json prose_samples_json(const std::vector<ProseSample>& samples);
/// Throws likewise.
std::vector<ProseSample> prose_samples_from(const nlohmann::ordered_json& json);

}  // namespace rung
