#include "ladder/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "ladder/constrained_scores.h"
#include "measure/statistics.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr double kSignificance = 0.05;
constexpr double kTolerableLoss = 0.10;  // "holds" means that a loss of more than this is excluded
constexpr uint64_t kBootstrapSeed = 20260101;

enum class Verdict { kReference, kHolds, kDegraded, kTooFew };

struct Comparison {
  std::string capability;
  uint64_t items = 0, right = 0, reference_right = 0, lost = 0, gained = 0;
  double p_value = 1;
  Verdict verdict = Verdict::kReference;
  double retained = 1;
  Interval retained_interval{1, 1};

  double score() const { return items == 0 ? 0 : static_cast<double>(right) / static_cast<double>(items); }
  bool has_retained() const { return reference_right > 0; }
};

std::vector<double> as_numbers(const std::string& right) {
  std::vector<double> numbers(right.size());
  std::transform(right.begin(), right.end(), numbers.begin(), [](char item) { return item == '1' ? 1.0 : 0.0; });
  return numbers;
}

/// The bootstrap alone would call 0 losses in 50 items certain; so its lower end is also kept under what Wilson's
/// interval for the share of lost items allows.
Interval retained_interval(const Comparison& comparison, const std::string& rung, const std::string& reference) {
  const auto before = static_cast<double>(comparison.reference_right);
  Interval interval = bootstrap_ratio(as_numbers(rung), as_numbers(reference), kBootstrapSeed);
  const double most_lost = wilson_interval(comparison.lost, comparison.reference_right).high;
  interval.low = std::min(interval.low, std::max(0.0, 1 - most_lost + static_cast<double>(comparison.gained) / before));
  return interval;
}

Comparison compare(const CapabilityAnswers& rung, const CapabilityAnswers& reference, bool is_reference) {
  Comparison result;
  result.capability = rung.capability;
  result.items = rung.right.size();
  for (size_t item = 0; item < rung.right.size(); ++item) {
    const bool now = rung.right[item] == '1', before = reference.right[item] == '1';
    result.right += now;
    result.reference_right += before;
    result.lost += before && !now;
    result.gained += now && !before;
  }
  if (is_reference || !result.has_retained()) return result;
  result.retained = static_cast<double>(result.right) / static_cast<double>(result.reference_right);
  result.retained_interval = retained_interval(result, rung.right, reference.right);
  result.p_value = mcnemar_exact(result.lost, result.gained);
  return result;
}

using Table = std::vector<std::vector<Comparison>>;  // by rung, by capability

void correct_and_judge(Table& table) {
  std::vector<double> p_values;
  for (size_t rung = 1; rung < table.size(); ++rung)
    for (const Comparison& cell : table[rung])
      if (cell.has_retained()) p_values.push_back(cell.p_value);
  const std::vector<double> corrected = holm_correction(p_values);
  size_t next = 0;
  for (size_t rung = 1; rung < table.size(); ++rung)
    for (Comparison& cell : table[rung]) {
      if (!cell.has_retained()) continue;
      cell.p_value = corrected[next++];
      const bool worse = cell.lost > cell.gained && cell.p_value < kSignificance;
      const bool holds = cell.retained_interval.low >= 1 - kTolerableLoss;
      cell.verdict = worse ? Verdict::kDegraded : holds ? Verdict::kHolds : Verdict::kTooFew;
    }
}

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReference:
      return "reference";
    case Verdict::kHolds:
      return "holds";
    case Verdict::kDegraded:
      return "degraded";
    case Verdict::kTooFew:
      break;
  }
  return "too few items to tell";
}

ordered_json cell_json(const Comparison& cell) {
  const Interval score = wilson_interval(cell.right, cell.items);
  ordered_json json = {
      {"items", cell.items}, {"right", cell.right}, {"score", cell.score()}, {"low", score.low}, {"high", score.high}};
  if (cell.has_retained()) {
    json["retained"] = cell.retained;
    json["retained_low"] = cell.retained_interval.low;
    json["retained_high"] = cell.retained_interval.high;
  }
  if (cell.verdict != Verdict::kReference && cell.has_retained()) {
    json["lost"] = cell.lost;
    json["gained"] = cell.gained;
    json["p_value"] = cell.p_value;
    json["verdict"] = verdict_text(cell.verdict);
  }
  return json;
}

ordered_json rung_json(const RungResult& rung, const std::vector<Comparison>& cells) {
  const PerplexityResult& measured = rung.perplexity;
  ordered_json json = {{"name", rung.name},
                       {"kind", rung.kind},
                       {"description", rung.description},
                       {"bytes", rung.bytes},
                       {"writable", rung.writable},
                       {"bits_per_weight", rung.bits_per_weight},
                       {"calibration", rung.calibration}};
  json["perplexity"] = measured.perplexity.value;
  json["perplexity_error"] = measured.perplexity.error;
  if (measured.has_reference) {
    json["kld"] = {{"mean", measured.kld.value}, {"mean_error", measured.kld.error}, {"median", measured.kld_median},
                   {"p99", measured.kld_p99},    {"p99_9", measured.kld_p999},       {"max", measured.kld_max}};
    json["kld"]["histogram"] = {
        {"lowest", KldBins::kLowest}, {"per_decade", KldBins::kPerDecade}, {"counts", measured.kld_counts}};
    json["same_top"] = measured.same_top.value;
    json["same_top_error"] = measured.same_top.error;
    json["rms_dp"] = measured.rms_delta_p.value;
    json["rms_dp_error"] = measured.rms_delta_p.error;
  }
  json["tokens"] = measured.tokens;
  json["panel"] = ordered_json::object();
  for (size_t index = 0; index < cells.size(); ++index) {
    ordered_json cell = cell_json(cells[index]);
    if (const ordered_json constrained = constrained_json(rung.answers[index]); !constrained.is_null())
      cell["constrained"] = constrained;
    json["panel"][cells[index].capability] = std::move(cell);
  }
  return json;
}

/// The mean share kept over the capabilities that the reference has at all.
std::optional<double> quality_kept(const std::vector<Comparison>& cells) {
  double sum = 0;
  size_t count = 0;
  for (const Comparison& cell : cells)
    if (cell.has_retained()) sum += cell.retained, ++count;
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

bool any_degraded(const std::vector<Comparison>& cells) {
  return std::any_of(cells.begin(), cells.end(),
                     [](const Comparison& cell) { return cell.verdict == Verdict::kDegraded; });
}

bool all_hold(const std::vector<Comparison>& cells) {
  return !cells.empty() && std::all_of(cells.begin(), cells.end(), [](const Comparison& cell) {
    return cell.verdict == Verdict::kHolds || cell.verdict == Verdict::kReference || !cell.has_retained();
  });
}

/// Rungs from many bits to few.
std::vector<size_t> by_bits(std::span<const RungResult> rungs) {
  std::vector<size_t> order(rungs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rungs[a].bits_per_weight > rungs[b].bits_per_weight; });
  return order;
}

ordered_json first_to_fall(std::span<const RungResult> rungs, const Table& table) {
  for (const size_t rung : by_bits(rungs)) {
    if (!any_degraded(table[rung])) continue;
    std::vector<Comparison> fallen;
    std::copy_if(table[rung].begin(), table[rung].end(), std::back_inserter(fallen),
                 [](const Comparison& cell) { return cell.verdict == Verdict::kDegraded; });
    std::stable_sort(fallen.begin(), fallen.end(),
                     [](const Comparison& a, const Comparison& b) { return a.retained < b.retained; });
    ordered_json json = {{"rung", rungs[rung].name},
                         {"bits_per_weight", rungs[rung].bits_per_weight},
                         {"capabilities", ordered_json::array()}};
    for (const Comparison& cell : fallen)
      json["capabilities"].push_back({{"capability", cell.capability}, {"retained", cell.retained}});
    return json;
  }
  return nullptr;
}

ordered_json cliff(std::span<const RungResult> rungs, const Table& table) {
  const std::vector<size_t> order = by_bits(rungs);
  ordered_json found = nullptr;
  double steepest = 0;
  for (size_t place = 1; place < order.size(); ++place) {
    const size_t above = order[place - 1], below = order[place];
    const auto high = quality_kept(table[above]), low = quality_kept(table[below]);
    if (!high || !low || !any_degraded(table[below]) || *high - *low <= steepest) continue;
    steepest = *high - *low;
    found = {{"above", rungs[above].name},
             {"below", rungs[below].name},
             {"bits_per_weight", (rungs[above].bits_per_weight + rungs[below].bits_per_weight) / 2},
             {"loss", steepest}};
  }
  return found;
}

ordered_json smallest_sound(std::span<const RungResult> rungs, const Table& table) {
  const RungResult* smallest = nullptr;
  for (size_t rung = 1; rung < rungs.size(); ++rung)
    if (all_hold(table[rung]) && (smallest == nullptr || rungs[rung].bytes < smallest->bytes)) smallest = &rungs[rung];
  if (smallest == nullptr) return nullptr;
  return {{"rung", smallest->name}, {"bytes", smallest->bytes}, {"bits_per_weight", smallest->bits_per_weight}};
}

}  // namespace

ordered_json summarize(std::span<const RungResult> rungs) {
  Table table;
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    table.emplace_back();
    for (size_t cell = 0; cell < rungs[rung].answers.size(); ++cell)
      table.back().push_back(compare(rungs[rung].answers[cell], rungs[0].answers[cell], rung == 0));
  }
  correct_and_judge(table);
  ordered_json result = {{"rungs", ordered_json::array()}};
  for (size_t rung = 0; rung < rungs.size(); ++rung) result["rungs"].push_back(rung_json(rungs[rung], table[rung]));
  result["findings"] = {{"first_to_fall", first_to_fall(rungs, table)},
                        {"cliff", cliff(rungs, table)},
                        {"smallest_sound", smallest_sound(rungs, table)}};
  return result;
}

}  // namespace rung
