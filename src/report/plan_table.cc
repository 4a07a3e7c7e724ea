#include "report/plan_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/explain.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

/// Columns of text, one cell a row; those that a narrow terminal can do without go first.
struct Column {
  std::string title;
  std::vector<std::string> cells;
  bool left = false;
  int dispensable = 0;  ///< 0: never; else the highest goes first

  size_t width() const {
    size_t widest = display_width(title);
    for (const std::string& cell : cells) widest = std::max(widest, display_width(cell));
    return widest;
  }
};

std::string padded(const Column& column, const std::string& text) {
  return column.left ? pad_right(text, column.width()) : pad_left(text, column.width());
}

void drop_to_fit(std::vector<Column>& columns, size_t width) {
  while (true) {
    size_t all = 0;
    for (const Column& column : columns) all += column.width() + 2;
    const auto least = std::max_element(columns.begin(), columns.end(),
                                        [](const Column& a, const Column& b) { return a.dispensable < b.dispensable; });
    if (all <= width + 2 || least == columns.end() || least->dispensable == 0) return;
    columns.erase(least);
  }
}

std::string trimmed_line(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

/// bold: the row that stands out.
std::string table_text(std::vector<Column> columns, const TableStyle& style, std::optional<size_t> bold) {
  drop_to_fit(columns, static_cast<size_t>(std::max(40, style.width)));
  std::string head, text;
  for (const Column& column : columns) head += padded(column, column.title) + "  ";
  text += painted(trimmed_line(head), Paint::kDim, style.color);
  for (size_t row = 0; row < columns.front().cells.size(); ++row) {
    std::string line;
    for (const Column& column : columns) line += padded(column, column.cells[row]) + "  ";
    text += painted(trimmed_line(line), row == bold ? Paint::kBold : Paint::kNone, style.color);
  }
  return text;
}

std::string billions(uint64_t values) {
  if (values < 10'000'000) return fmt::format("{:.2f} million", static_cast<double>(values) / 1e6);
  if (values < 1'000'000'000) return fmt::format("{:.0f} million", static_cast<double>(values) / 1e6);
  return fmt::format("{:.{}f} billion", static_cast<double>(values) / 1e9, values < 100'000'000'000 ? 2 : 0);
}

std::string rung_name(const RungPlan& rung) { return printable(rung.name) + (rung.as_it_is ? " (as it is)" : ""); }

/// The search ends somewhere where nothing says what a model was trained for.
std::string context_text(const ModelPlan& plan, const RungPlan& rung) {
  if (!rung.largest_context) return "?";
  if (*rung.largest_context == 0) return "none";
  const bool is_end = plan.cache_shape.trained_context == 0 && *rung.largest_context == kMostContext;
  return fmt::format("{}{}", *rung.largest_context, is_end ? " or more" : "");
}

class PlanText {
 public:
  PlanText(const ModelPlan& plan, const TableStyle& style) : plan_(plan), style_(style) {}

  std::string render(bool explain) {
    line(header());
    line(memory_line());
    line("");
    if (plan_.rungs.empty()) {
      line("Nothing can be said of the weights: give safetensors headers, their index, or a tensors map.");
    } else {
      verdict();
      line("");
      text_ += table_text(columns(), style_, plan_.best);
      line("");
      line(parts_line());
      quality_lines();
    }
    cache_lines();
    placement_lines();
    for (const std::string& note : plan_.notes) line("note: " + printable(note));
    if (explain && !plan_.rungs.empty()) explanation();
    return std::move(text_);
  }

 private:
  void line(const std::string& text) {
    if (text.empty()) {
      text_ += "\n";
      return;
    }
    for (const std::string& part : wrap(text, static_cast<size_t>(std::max(40, style_.width)), 2)) text_ += part + "\n";
  }

  /// The rung that the words are about: the best, else the smallest.
  const RungPlan& main_rung() const {
    if (plan_.best) return plan_.rungs[*plan_.best];
    return *std::min_element(plan_.rungs.begin(), plan_.rungs.end(),
                             [](const RungPlan& a, const RungPlan& b) { return a.bytes < b.bytes; });
  }

  std::string header() const {
    std::string text = fmt::format("{}: {}", printable(plan_.shapes.name), source_name(plan_.shapes.source));
    if (!plan_.rungs.empty() && plan_.rungs.front().weights.values != 0) {
      const WeightCount& weights = plan_.rungs.front().weights;
      text += fmt::format(", {} weights", billions(weights.values));
      const bool mixture = plan_.experts && plan_.experts->experts != 0;
      if (mixture && weights.active_values)
        text += fmt::format(", {} of them for a token ({} of {} experts)", billions(*weights.active_values),
                            plan_.experts->used, plan_.experts->experts);
    }
    if (!plan_.cache_shape.layers.empty()) text += fmt::format(", {} layers", plan_.cache_shape.layers.size());
    if (plan_.cache_shape.trained_context != 0)
      text += fmt::format(", trained for {} tokens", plan_.cache_shape.trained_context);
    return text;
  }

  std::string memory_line() const {
    std::string text;
    for (const Device& device : plan_.devices) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", device.name, binary_size(device.bytes));
      if (device.bandwidth > 0) text += fmt::format(" at {:g} GB/s", device.bandwidth / 1e9);
    }
    return text;
  }

  std::string use_text() const {
    std::string text = fmt::format("a context of {}", plan_.use.context);
    if (plan_.use.sequences != 1) text = fmt::format("{} contexts of {}", plan_.use.sequences, plan_.use.context);
    return plan_.cache_known() ? text : "its cache not counted";
  }

  void verdict() {
    const RungPlan& rung = main_rung();
    if (!plan_.best) {
      const uint64_t memory = plan_.memory();
      std::string text =
          fmt::format("Does not fit: {} needs {} with {}", rung_name(rung), binary_size(rung.bytes), use_text());
      text += rung.bytes > memory ? fmt::format(", {} more than there is.", binary_size(rung.bytes - memory))
                                  : ", and its pieces do not divide over the devices.";
      line(painted(text, Paint::kBold, style_.color));
      if (const std::string remedy = remedies(rung); !remedy.empty()) line("It fits " + remedy + ".");
      return;
    }
    const bool alone = plan_.rungs.size() == 1;
    std::string text = fmt::format("{}: {}, {:.2f} bits a weight: {} of {} with {}", alone ? "Fits" : "Best that fits",
                                   rung_name(rung), rung.weights.bits_per_weight(), binary_size(rung.bytes),
                                   binary_size(plan_.memory()), use_text());
    if (rung.largest_context) text += fmt::format("; up to {}", context_text(plan_, rung));
    line(painted(text + ".", Paint::kBold, style_.color));
    if (plan_.step_up) step_up(plan_.rungs[*plan_.step_up]);
  }

  /// What else would make it fit; empty: nothing.
  static std::string remedies(const RungPlan& rung) {
    std::string text;
    if (rung.largest_context.value_or(0) != 0)
      text = fmt::format("with a context of at most {}", *rung.largest_context);
    if (rung.fits_with_q8_cache) text += fmt::format("{}with --kv q8_0", text.empty() ? "" : ", or ");
    return text;
  }

  void step_up(const RungPlan& rung) {
    const uint64_t memory = plan_.memory();
    std::string text = fmt::format("One step up: {} needs {}", rung_name(rung), binary_size(rung.bytes));
    if (rung.bytes > memory) text += fmt::format(", {} more than there is", binary_size(rung.bytes - memory));
    if (const std::string remedy = remedies(rung); !remedy.empty()) text += "; it fits " + remedy;
    line(text + ".");
  }

  template <class CellOf>
  Column column(std::string title, int dispensable, CellOf cell_of) const {
    Column result{std::move(title), {}, false, dispensable};
    for (const RungPlan& rung : plan_.rungs) result.cells.push_back(cell_of(rung));
    return result;
  }

  std::vector<Column> columns() const {
    std::vector<Column> all;
    all.push_back(column("rung", 0, rung_name));
    all.back().left = true;
    all.push_back(column("bits", 1, [](const RungPlan& rung) {
      return rung.weights.values == 0 ? "-" : fixed(rung.weights.bits_per_weight(), 2);
    }));
    all.push_back(column("weights", 0, [](const RungPlan& rung) {
      return (rung.estimated ? "~" : "") + binary_size(rung.weights.bytes);
    }));
    all.push_back(column("cache", 2, [&](const RungPlan&) {
      const bool at_most = plan_.cache_shape.certainty == CacheShape::Certainty::kAtMost;
      return plan_.cache_known() ? (at_most ? "<" : "") + binary_size(plan_.cache.bytes) : "?";
    }));
    all.push_back(column("buffers", 3,
                         [](const RungPlan& rung) { return rung.buffers ? binary_size(rung.buffers->bytes()) : "?"; }));
    all.push_back(column("memory", 0, [](const RungPlan& rung) { return binary_size(rung.bytes); }));
    all.push_back(column("fits", 0, [](const RungPlan& rung) { return rung.fits ? "yes" : "no"; }));
    all.push_back(column("longest context", 0, [&](const RungPlan& rung) { return context_text(plan_, rung); }));
    all.push_back(column("loss", 5, [](const RungPlan& rung) -> std::string {
      if (!rung.quality) return "-";
      return fmt::format("{}{}", divergence_class(rung.quality->divergence).name, rung.quality->measured ? "*" : "");
    }));
    const auto speed = [](const RungPlan& rung) {
      const auto& tokens = rung.placements.front().decode_tokens_per_second;
      return rung.fits && tokens ? fmt::format("{:.3g}", *tokens) : "-";
    };
    all.push_back(column("tokens/s <", 4, speed));
    const std::vector<std::string>& speeds = all.back().cells;
    if (std::all_of(speeds.begin(), speeds.end(), [](const std::string& cell) { return cell == "-"; })) all.pop_back();
    return all;
  }

  std::string parts_line() const {
    const RungPlan& rung = main_rung();
    std::string text;
    for (const WeightPart& part : rung.weights.by_role)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part.name, binary_size(part.bytes));
    if (text.empty()) text = "only their total is known";
    text = fmt::format("weights of {}: {}", printable(rung.name), text);
    const bool mixture = plan_.experts && plan_.experts->experts != 0;
    if (mixture && rung.weights.active_bytes)
      text += fmt::format("; a token reads {} of them", binary_size(*rung.weights.active_bytes));
    return text;
  }

  /// What the best rung is expected to lose, and who says so.
  void quality_lines() {
    const RungPlan& rung = main_rung();
    if (!rung.quality) return;
    const QualityEstimate& quality = *rung.quality;
    std::string text =
        fmt::format("loss of {}: {}, divergence {}{} ({}{})", printable(rung.name),
                    divergence_class(quality.divergence).name, quality.measured ? "" : "about ",
                    divergence(quality.divergence), quality.measured ? "" : "published: ", printable(quality.source));
    for (const CapabilityExpectation& one : quality.capabilities)
      text += fmt::format("; {} {}", printable(one.capability), printable(one.verdict));
    line(text);
    for (const std::string& note : quality.notes) line("note: loss: " + printable(note));
  }

  void cache_lines() {
    if (!plan_.cache_known()) return;
    std::string text;
    for (const CacheGroup& group : plan_.cache.groups) {
      if (group.layer.kind == CacheKind::kNone) continue;
      text += fmt::format("{}{} {}{} ({})", text.empty() ? "" : ", ", group.layers, group.layer.draft ? "draft " : "",
                          cache_kind_name(group.layer.kind), binary_size(group.bytes));
    }
    line(fmt::format("cache, {}: layers {}", plan_.use.types.name(), text));
  }

  /// Where the parts go, if there is a choice.
  void placement_lines() {
    if (plan_.rungs.empty() || plan_.devices.size() < 2) return;
    const RungPlan& rung = main_rung();
    for (const Placement& placement : rung.placements) {
      std::string text = fmt::format("{}, {}: ", printable(rung.name), placement.name);
      for (size_t index = 0; index < placement.shares.size(); ++index) {
        const DeviceShare& share = placement.shares[index];
        text += fmt::format("{}{} {} ({} layers, experts of {})", index == 0 ? "" : ", ", plan_.devices[index].name,
                            binary_size(share.bytes()), share.layers, share.expert_layers);
      }
      if (!placement.fits) text += ": does not fit";
      if (placement.fits && placement.decode_tokens_per_second)
        text += fmt::format(": at most {:.3g} tokens/s", *placement.decode_tokens_per_second);
      if (placement.fits && placement.prefill_tokens_per_second)
        text += fmt::format(", prompts at most {:.3g}", *placement.prefill_tokens_per_second);
      line(text);
    }
  }

  void explanation() {
    const RungPlan& rung = main_rung();
    line("");
    line(fmt::format("{}, number by number:", printable(rung.name)));
    for (const ExplainedNumber& number : explain_rung(plan_, rung)) {
      text_ += fmt::format("  {}\n    = {}\n", printable(number.what), printable(number.formula));
      if (!number.numbers.empty()) text_ += fmt::format("    = {}\n", printable(number.numbers));
      text_ += fmt::format("    = {}\n", printable(number.result));
    }
  }

  const ModelPlan& plan_;
  const TableStyle& style_;
  std::string text_;
};

}  // namespace

std::string render_plan(const ModelPlan& plan, const TableStyle& style, bool explain) {
  return PlanText(plan, style).render(explain);
}

std::string render_sizes(const std::vector<ModelPlan>& plans, const TableStyle& style) {
  std::vector<Column> columns = {
      {"size", {}, true, 0},    {"best that fits", {}, true, 0},   {"bits", {}, false, 2},
      {"memory", {}, false, 0}, {"longest context", {}, false, 1}, {"one step up needs", {}, true, 3}};
  for (const ModelPlan& plan : plans) {
    const RungPlan* best = plan.best ? &plan.rungs[*plan.best] : nullptr;
    columns[0].cells.push_back(plan.shapes.name);
    columns[1].cells.push_back(best != nullptr ? best->name : "nothing");
    columns[2].cells.push_back(best != nullptr ? fixed(best->weights.bits_per_weight(), 2) : "-");
    columns[3].cells.push_back(best != nullptr ? binary_size(best->bytes) : "-");
    columns[4].cells.push_back(best != nullptr ? context_text(plan, *best) : "-");
    columns[5].cells.push_back(plan.step_up ? fmt::format("{} for {}", binary_size(plan.rungs[*plan.step_up].bytes),
                                                          plan.rungs[*plan.step_up].name)
                                            : "-");
  }
  return table_text(std::move(columns), style, std::nullopt);
}

}  // namespace rung
