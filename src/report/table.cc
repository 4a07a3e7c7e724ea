#include "report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "report/advice_text.h"
#include "report/answer_sentences.h"
#include "report/findings_text.h"
#include "report/ladder_rows.h"
#include "report/terminal_text.h"
#include "report/text_curve.h"

namespace rung {
namespace {

constexpr size_t kMostNameColumns = 24;

struct Cell {
  std::string text;
  Paint paint = Paint::kNone;
};

struct Column {
  std::string title;
  std::vector<Cell> cells;  // one for each rung

  size_t width() const {
    size_t widest = display_width(title);
    for (const Cell& cell : cells) widest = std::max(widest, display_width(cell.text));
    return widest;
  }
};

// How much of the spreads a table shows; the richest that fits is taken.
enum class Detail { kFull, kErrors, kPlain };

struct Signs {
  std::string degraded, unclear, plus_minus;
};

Signs signs_for(const TableStyle& style) {
  if (style.unicode) return {"\u25bc", "?", "\u00b1"};
  return {"!", "?", "+-"};
}

template <typename CellOf>
Column column_of(const LadderRows& ladder, std::string title, CellOf cell_of) {
  Column column{std::move(title), {}};
  for (const RungRow& rung : ladder.rungs) column.cells.push_back(cell_of(rung));
  return column;
}

// "52.06 +-2.15", both parts padded so that the decimal points of a column stay in line.
Column with_error(const LadderRows& ladder, const std::string& title, Detail detail, const Signs& signs, auto value_of,
                  auto error_of) {
  size_t widest = 0;
  for (const RungRow& rung : ladder.rungs) widest = std::max(widest, error_of(rung).size());
  return column_of(ladder, title, [&](const RungRow& rung) -> Cell {
    if (detail == Detail::kPlain || widest == 0) return {value_of(rung)};
    const std::string error = error_of(rung);
    const std::string sign = error.empty() ? std::string(display_width(signs.plus_minus), ' ') : signs.plus_minus;
    return {value_of(rung) + " " + sign + pad_right(error, widest)};
  });
}

std::string spread_or_nothing(std::optional<double> error, double scale = 1) {
  return error ? spread(*error * scale) : "";
}

std::vector<Column> text_columns(const LadderRows& ladder, Detail detail, const Signs& signs) {
  std::vector<Column> columns;
  columns.push_back(
      column_of(ladder, "bits", [](const RungRow& rung) -> Cell { return {fixed(rung.bits_per_weight, 2)}; }));
  columns.push_back(column_of(ladder, "size", [](const RungRow& rung) -> Cell { return {file_size(rung.bytes)}; }));
  columns.push_back(with_error(
      ladder, "perplexity", detail, signs, [](const RungRow& rung) { return fixed(rung.perplexity, 2); },
      [](const RungRow& rung) { return spread_or_nothing(rung.perplexity_error); }));
  columns.push_back(with_error(
      ladder, "mean KL", detail, signs, [](const RungRow& rung) { return divergence(rung.kld_mean); },
      [](const RungRow& rung) { return spread_or_nothing(rung.kld_error); }));
  columns.push_back(
      column_of(ladder, "KL 99.9%", [](const RungRow& rung) -> Cell { return {divergence(rung.kld_p99_9)}; }));
  columns.push_back(with_error(
      ladder, "same top%", detail, signs, [](const RungRow& rung) { return percent(rung.same_top, 1); },
      [](const RungRow& rung) { return spread_or_nothing(rung.same_top_error, 100); }));
  return columns;
}

Cell score_cell(const RungRow& rung, const std::string& capability, Detail detail, const Signs& signs) {
  const ScoreRow* score = rung.score_of(capability);
  if (!score) return {"-"};
  Cell cell{pad_left(percent(score->score, detail == Detail::kPlain ? 0 : 1), detail == Detail::kPlain ? 3 : 5)};
  if (detail == Detail::kFull) {
    const bool known = score->low && score->high;
    cell.text += pad_right(known ? fmt::format(" [{}-{}]", percent(score->low, 0), percent(score->high, 0)) : "", 9);
  }
  if (rung.is_reference()) {
    cell.text += std::string(5, ' ');
    return cell;
  }
  cell.text.append(1, ' ').append(pad_left(percent(score->retained, 0), 3));
  if (score->verdict == Verdict::kDegraded) {
    cell.text += signs.degraded;
    cell.paint = Paint::kRed;
  } else if (score->verdict == Verdict::kUnclear) {
    cell.text += signs.unclear;
    cell.paint = Paint::kYellow;
  } else {
    cell.text += " ";
  }
  return cell;
}

std::vector<Column> panel_columns(const LadderRows& ladder, Detail detail, const Signs& signs) {
  std::vector<Column> columns;
  for (const std::string& capability : ladder.capabilities) {
    const std::string title = shorten(capability, kMostNameColumns);
    columns.push_back(
        column_of(ladder, title, [&](const RungRow& rung) { return score_cell(rung, capability, detail, signs); }));
  }
  return columns;
}

struct Layout {
  std::vector<Column> columns;
  size_t gap;
};

class TableWriter {
 public:
  TableWriter(const LadderRows& ladder, const TableStyle& style)
      : ladder_(ladder), style_(style), width_(static_cast<size_t>(std::max(style.width, 40))) {
    const size_t most = std::min(kMostNameColumns, width_ / 3);
    for (const RungRow& rung : ladder.rungs)
      names_.push_back(shorten(rung.name, most) + (rung.weights_only ? "*" : ""));
    for (const std::string& name : names_) name_width_ = std::max(name_width_, display_width(name));
  }

  bool fits(const Layout& layout) const {
    size_t total = name_width_;
    for (const Column& column : layout.columns) total += layout.gap + column.width();
    return total <= width_;
  }

  // As many tables as it takes, each with the names of the rungs.
  void write(const Layout& layout, std::string& out) const {
    for (size_t first = 0; first < layout.columns.size();) {
      size_t last = first, total = name_width_;
      while (last < layout.columns.size() &&
             (last == first || total + layout.gap + layout.columns[last].width() <= width_)) {
        total += layout.gap + layout.columns[last].width();
        ++last;
      }
      if (first > 0) out += '\n';
      write_columns(layout, first, last, out);
      first = last;
    }
  }

 private:
  void write_columns(const Layout& layout, size_t first, size_t last, std::string& out) const {
    std::string head = pad_right("rung", name_width_);
    for (size_t column = first; column < last; ++column) {
      head += std::string(layout.gap, ' ') + pad_left(layout.columns[column].title, layout.columns[column].width());
    }
    out += painted(head, Paint::kBold, style_.color) + '\n';
    std::string rule;
    for (size_t column = 0; column < display_width(head); ++column) rule += style_.unicode ? "\u2500" : "-";
    out += painted(rule, Paint::kDim, style_.color) + '\n';
    for (size_t row = 0; row < names_.size(); ++row) write_row(layout, first, last, row, out);
  }

  void write_row(const Layout& layout, size_t first, size_t last, size_t row, std::string& out) const {
    const bool reference = ladder_.rungs[row].is_reference();
    std::string line =
        painted(pad_right(names_[row], name_width_), reference ? Paint::kBold : Paint::kNone, style_.color);
    for (size_t column = first; column < last; ++column) {
      const Cell& cell = layout.columns[column].cells[row];
      line += std::string(layout.gap, ' ') +
              painted(pad_left(cell.text, layout.columns[column].width()), cell.paint, style_.color);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }

  const LadderRows& ladder_;
  const TableStyle& style_;
  size_t width_;
  std::vector<std::string> names_;
  size_t name_width_ = 4;
};

// The richest of the layouts that fits, else the plainest.
template <typename ColumnsOf>
Layout richest(const TableWriter& writer, ColumnsOf columns_of) {
  struct Step {
    Detail detail;
    size_t gap;
  };
  for (const Step step : {Step{Detail::kFull, 2}, Step{Detail::kErrors, 2}, Step{Detail::kErrors, 1}}) {
    Layout layout{columns_of(step.detail), step.gap};
    if (writer.fits(layout)) return layout;
  }
  return {columns_of(Detail::kPlain), 1};
}

void write_tables(const LadderRows& ladder, const TableStyle& style, std::string& out) {
  const TableWriter writer(ladder, style);
  const Signs signs = signs_for(style);
  const auto texts = [&](Detail detail) { return text_columns(ladder, detail, signs); };
  const auto panel = [&](Detail detail) { return panel_columns(ladder, detail, signs); };
  const auto both = [&](Detail detail) {
    std::vector<Column> columns = texts(detail);
    for (Column& column : panel(detail)) columns.push_back(std::move(column));
    return columns;
  };
  // One table only where it can show every spread: otherwise the scores get lines of their own, and their intervals.
  const Layout whole{both(Detail::kFull), 2};
  if (ladder.capabilities.empty() || writer.fits(whole)) {
    return writer.write(writer.fits(whole) ? whole : richest(writer, texts), out);
  }
  writer.write(richest(writer, texts), out);
  out += '\n';
  writer.write(richest(writer, panel), out);
}

void write_wrapped(const std::string& text, Paint paint, const TableStyle& style, std::string& out) {
  for (const std::string& line : wrap(text, static_cast<size_t>(std::max(style.width, 40)), 2)) {
    out += painted(line, paint, style.color) + '\n';
  }
}

void write_findings(const LadderRows& ladder, const TableStyle& style, std::string& out) {
  const std::vector<std::string> findings = findings_text(ladder);
  if (!findings.empty()) out += '\n';
  for (const std::string& line : findings) write_wrapped(line, Paint::kBold, style, out);
  if (!findings.empty())
    for (const std::string& line : finding_sentences(ladder)) write_wrapped(line, Paint::kNone, style, out);
  const std::vector<std::string> advice = advice_sentences(ladder);
  if (!advice.empty()) out += "\n" + painted("Advice", Paint::kBold, style.color) + "\n";
  for (const std::string& line : advice) write_wrapped("- " + line, Paint::kNone, style, out);
  if (ladder.notes.empty()) return;
  out += '\n';
  for (const std::string& note : ladder.notes) write_wrapped("- " + note, Paint::kNone, style, out);
}

}  // namespace

std::string render_table(const nlohmann::ordered_json& json, const TableStyle& style) {
  const LadderRows ladder = read_ladder_rows(json);
  std::string out;
  const std::string weights = ladder.parameters ? ": " + parameter_count(ladder.parameters) + " weights" : "";
  write_wrapped(ladder.model + weights, Paint::kBold, style, out);
  out += '\n';
  if (ladder.rungs.empty()) return out + "No rung was measured.\n";
  write_tables(ladder, style, out);
  if (!ladder.capabilities.empty()) {
    const Signs signs = signs_for(style);
    write_wrapped(
        fmt::format("Capabilities: score, then the share of the reference's score it keeps, both in %. {} degraded "
                    "beyond chance, {} too few items to tell.",
                    signs.degraded, signs.unclear),
        Paint::kDim, style, out);
  }
  if (std::any_of(ladder.rungs.begin(), ladder.rungs.end(), [](const RungRow& rung) { return rung.weights_only; })) {
    write_wrapped("* without an importance matrix: by the column energy of the weights alone.", Paint::kDim, style,
                  out);
  }
  const std::vector<std::string> curve = text_curve(ladder, style);
  if (!curve.empty()) out += '\n';
  for (const std::string& line : curve) out += line + '\n';
  const std::vector<std::string> answers = answer_sentences(json);
  if (!answers.empty()) out += '\n';
  for (const std::string& line : answers) write_wrapped(line, Paint::kNone, style, out);
  write_findings(ladder, style, out);
  return out;
}

}  // namespace rung
