// What guessing is worth on a panel, so that scores can be corrected for it.
#pragma once

#include <span>

#include "measure/panel.h"

namespace rung {

/// The score that needs no understanding: the larger of what picking one of each item's choices at random gives, and
/// what always giving the panel's commonest answer gives. The latter is counted on the other items of each (c - 1 of
/// n - 1), so that a panel whose answers all differ has chance 0. In [0, 1).
double chance_score(std::span<const PanelPrompt> prompts);

/// (score - chance) / (1 - chance): 1 for all right, 0 for guessing, negative below it.
double corrected_score(double score, double chance);

}  // namespace rung
