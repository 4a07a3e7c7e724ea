// What a rung's answers and its prose tell beyond right and wrong: the "answers" and "prose" of a rung in ladder.json
// (docs/ladder-json.md; docs/scoring.md has the definitions). Pure and deterministic. A rung that was asked fewer items
// than its reference is compared on those.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ladder/rung_result.h"

namespace rung {

/// Likelihoods, margins, divergence by kind of token, confidence, loops. Null where no scores were kept. The reference
/// is given as its own reference.
nlohmann::ordered_json answers_json(const RungResult& rung, const RungResult& reference);

/// Richness of sampled prose. Null where none was sampled.
nlohmann::ordered_json prose_json(const RungResult& rung, const RungResult& reference);

}  // namespace rung
