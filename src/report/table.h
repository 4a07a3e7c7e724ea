// A ladder (docs/ladder-json.md) as text for a terminal: the table of rungs, the curve of kept quality, the findings.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rung {

struct TableStyle {
  int width = 100;       // columns of the terminal; 40 at least is assumed
  bool color = false;    // ANSI colours; every coloured mark has a sign too
  bool unicode = false;  // false: ASCII alone, but for names that the ladder brings
};

/// Lines end with '\n'. No line is wider than the style's width, as long as two columns fit beside a name. Shows
/// spreads (standard errors, intervals) where they fit, else leaves them to the page. Missing values are "-", a ladder
/// with missing parts renders what it has. Deterministic; safe from any thread.
std::string render_table(const nlohmann::ordered_json& ladder, const TableStyle& style);

}  // namespace rung
