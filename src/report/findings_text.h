// What a ladder found, a sentence each: for the terminal and for the model card.
#pragma once

#include <string>
#include <vector>

#include "report/ladder_rows.h"

namespace rung {

/// Nothing without a panel or without a rung below the reference.
std::vector<std::string> findings_text(const LadderRows& ladder);

}  // namespace rung
