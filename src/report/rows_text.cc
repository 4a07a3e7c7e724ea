#include "report/rows_text.h"

#include <algorithm>

#include "report/terminal_text.h"

namespace rung {

void write_rows(const std::vector<TextRow>& rows, const TableStyle& style, std::string& out) {
  std::vector<size_t> widths(rows.front().size());
  for (const TextRow& row : rows)
    for (size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], display_width(row[column]));
  for (const TextRow& row : rows) {
    std::string line;
    for (size_t column = 0; column < row.size(); ++column)
      line += column == 0 ? pad_right(row[column], widths[column]) : "  " + pad_left(row[column], widths[column]);
    out += painted(line, &row == &rows.front() ? Paint::kBold : Paint::kNone, style.color) + "\n";
  }
}

}  // namespace rung
