// The curve of a ladder as lines of text: a line for each rung from most bits to fewest, its mark at what it keeps.
#pragma once

#include <string>
#include <vector>

#include "report/ladder_rows.h"
#include "report/table.h"

namespace rung {

/// Quality kept with its interval; without a panel the mean KL divergence on a logarithmic axis. The cliff is a line
/// between its two rungs. Empty where there is nothing to compare.
std::vector<std::string> text_curve(const LadderRows& ladder, const TableStyle& style);

}  // namespace rung
