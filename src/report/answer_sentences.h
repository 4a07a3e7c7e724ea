// What a ladder's answers tell beyond right and wrong (docs/scoring.md), in a few sentences for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace rung {

/// Where answers diverge most on the rung of fewest bits, which rungs are more confident when wrong, which run into
/// loops, whose prose is poorer. Only what differs from the reference beyond its interval; empty where nothing was
/// scored. What is missing or of another type is left out. Safe for a terminal, as printable() makes it.
std::vector<std::string> answer_sentences(const nlohmann::ordered_json& ladder);

}  // namespace rung
