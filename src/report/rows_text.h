// A table of texts for a terminal: columns as wide as they need, the first row bold, the first column at the left.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"

namespace rung {

using TextRow = std::vector<std::string>;

void write_rows(const std::vector<TextRow>& rows, const TableStyle& style, std::string& out);

}  // namespace rung
