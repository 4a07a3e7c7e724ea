#include "report/text_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/terminal_text.h"

namespace rung {
namespace {

constexpr size_t kMostNameColumns = 20;
constexpr size_t kMostPlotColumns = 64;

struct Mark {
  const RungRow* rung;
  double value, low, high;
};

// Where values stand: `low` in column 0, `high` in the last.
struct Axis {
  double low, high;
  size_t columns;
  bool logarithmic;

  size_t column(double value) const {
    const double from = logarithmic ? std::log(low) : low, to = logarithmic ? std::log(high) : high;
    const double at = ((logarithmic ? std::log(value) : value) - from) / (to - from);
    return static_cast<size_t>(std::lround(std::clamp(at, 0.0, 1.0) * static_cast<double>(columns - 1)));
  }
};

struct Signs {
  const char *type, *recipe, *reference, *left, *right, *line, *cliff;
};

Signs signs_for(const TableStyle& style) {
  if (!style.unicode) return {"o", "*", "#", "[", "]", "-", "~"};
  return {"\u25cf", "\u25c6", "\u25a0", "\u251c", "\u2524", "\u2500", "\u2504"};
}

std::vector<Mark> marks_of(const LadderRows& ladder, bool kept) {
  std::vector<Mark> marks;
  for (const RungRow& rung : ladder.rungs) {
    if (!rung.bits_per_weight) continue;
    if (kept) {
      if (const auto quality = quality_kept(rung)) marks.push_back({&rung, quality->mean, quality->low, quality->high});
    } else if (rung.kld_mean.value_or(0) > 0) {
      marks.push_back({&rung, *rung.kld_mean, *rung.kld_mean, *rung.kld_mean});
    }
  }
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& one, const Mark& other) {
    return *one.rung->bits_per_weight > *other.rung->bits_per_weight;
  });
  return marks;
}

Axis axis_for(const std::vector<Mark>& marks, size_t columns, bool kept) {
  double low = marks[0].low, high = marks[0].high;
  for (const Mark& mark : marks) {
    low = std::min(low, mark.low);
    high = std::max(high, mark.high);
  }
  // Tens of percent, or whole decades, so that the two ends of the axis are round numbers.
  if (kept) return {std::max(0.0, std::floor(std::min(low, 0.9) * 10) / 10), std::max(1.0, high), columns, false};
  return {std::pow(10, std::floor(std::log10(low))), std::pow(10, std::floor(std::log10(high)) + 1), columns, true};
}

std::string plot_line(const Mark& mark, const Axis& axis, const Signs& signs, const TableStyle& style) {
  std::vector<std::string> cells(axis.columns, " ");
  const size_t left = axis.column(mark.low), at = axis.column(mark.value), right = axis.column(mark.high);
  for (size_t column = left; column <= right; ++column) cells[column] = signs.line;
  cells[left] = signs.left;
  cells[right] = signs.right;
  const bool recipe = mark.rung->kind == "recipe";
  const char* sign = recipe ? signs.recipe : mark.rung->is_reference() ? signs.reference : signs.type;
  cells[at] = painted(sign, recipe ? Paint::kYellow : Paint::kCyan, style.color);
  std::string line;
  for (const std::string& cell : cells) line += cell;
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string axis_line(const Axis& axis, bool kept) {
  const std::string low = kept ? percent(axis.low, 0) : divergence(axis.low);
  const std::string high = kept ? "100" : divergence(axis.high);
  const size_t end = axis.column(kept ? 1.0 : axis.high) + 1;
  return pad_right(low, 0) + pad_left(high, end > low.size() ? end - low.size() : 0);
}

}  // namespace

std::vector<std::string> text_curve(const LadderRows& ladder, const TableStyle& style) {
  const bool kept = !ladder.capabilities.empty();
  const std::vector<Mark> marks = marks_of(ladder, kept);
  if (marks.size() < 2) return {};
  size_t names = 4;
  for (const Mark& mark : marks) names = std::max(names, std::min(kMostNameColumns, display_width(mark.rung->name)));
  const size_t before = names + 2 + 5 + 2;  // name, gap, bits such as "16.02", gap
  const size_t width = static_cast<size_t>(std::max(style.width, 40));
  const Axis axis = axis_for(marks, std::min(kMostPlotColumns, width - std::min(width - 10, before + 8)), kept);
  const Signs signs = signs_for(style);

  std::vector<std::string> lines;
  lines.push_back(
      painted(kept ? "Quality kept, % of the reference, 95 % interval" : "Mean KL divergence, nats, logarithmic axis",
              Paint::kBold, style.color));
  lines.push_back(pad_right("rung", names) + pad_left("bits", 7) + "  " + axis_line(axis, kept));
  for (size_t row = 0; row < marks.size(); ++row) {
    const Mark& mark = marks[row];
    const std::string name = pad_right(shorten(mark.rung->name, names), names);
    const std::string value = kept ? percent(mark.value, 1) : divergence(mark.value);
    const std::string plot = plot_line(mark, axis, signs, style);
    const size_t used = display_width(plot_line(mark, axis, signs, {style.width, false, style.unicode}));
    lines.push_back(name + pad_left(fixed(mark.rung->bits_per_weight, 2), 7) + "  " + plot +
                    std::string(axis.columns - used, ' ') + pad_left(value, 7));
    const bool at_cliff = ladder.cliff && row + 1 < marks.size() && mark.rung->name == ladder.cliff->above &&
                          marks[row + 1].rung->name == ladder.cliff->below;
    if (!at_cliff) continue;
    std::string rule;
    for (size_t column = 0; column < axis.columns; ++column) rule += signs.cliff;
    lines.push_back(painted(pad_right("cliff", names + 9) + rule, Paint::kRed, style.color));
  }
  return lines;
}

}  // namespace rung
