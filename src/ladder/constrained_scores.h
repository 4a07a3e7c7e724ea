// Scores with and without a grammar, of the items that have one: what a grammar repairs was syntax, what stays wrong
// within it was a choice. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ladder/rung_result.h"

namespace rung {

/// {items, free, right, score, low, high, repaired, spoiled}: the items that have a grammar; how many of them are right
/// freely and within it, with the latter's 95 % Wilson interval; and how many are right only within it, or only freely.
/// Null where no item has a grammar.
nlohmann::ordered_json constrained_json(const CapabilityAnswers& answers);

}  // namespace rung
