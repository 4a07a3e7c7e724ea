#include "ladder/summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "ladder/advice.h"
#include "ladder/answer_summary.h"
#include "ladder/cliff.h"
#include "ladder/collapse.h"
#include "ladder/constrained_scores.h"
#include "ladder/paired_cell.h"
#include "measure/chance.h"
#include "measure/statistics_power.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

/// Cells of a ladder share their numbers of items and often of changes, and the search is not free.
class SmallestDrops {
 public:
  explicit SmallestDrops(size_t tests) : alpha_(kSignificance / static_cast<double>(std::max<size_t>(1, tests))) {}
  double of(const PairedCell& cell) {
    const auto key = std::pair(cell.planned, cell.counts.discordant());
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    return known_[key] = smallest_drop(cell.planned, cell.counts.discordant(), alpha_);
  }

 private:
  double alpha_;
  std::map<std::pair<size_t, double>, double> known_;
};

ordered_json flips_json(const PairedCell& cell) { return {{"lost", cell.counts.lost}, {"gained", cell.counts.gained}}; }

ordered_json cell_json(const PairedCell& cell, Stop stop, SmallestDrops& drops) {
  ordered_json json = {{"items", cell.counts.items()},
                       {"right", cell.counts.right()},
                       {"score", cell.score_value()},
                       {"low", cell.score.low},
                       {"high", cell.score.high}};
  json["corrected"] = corrected_score(cell.score_value(), cell.chance);
  if (cell.has_kept()) {
    json["retained"] = cell.kept;
    json["retained_low"] = cell.kept_interval.low;
    json["retained_high"] = cell.kept_interval.high;
  }
  if (!cell.judged()) return json;
  json.update(flips_json(cell));
  json["change"] = cell.change_value();
  json["change_low"] = cell.change.low;
  json["change_high"] = cell.change.high;
  json["p_value"] = cell.p_value;
  json["smallest_drop"] = drops.of(cell);
  json["stopped"] = stop_text(stop);
  json["verdict"] = verdict_text(cell.verdict);
  return json;
}

ordered_json divergence_json(const PerplexityResult& measured) {
  return {{"mean", measured.kld.value}, {"mean_error", measured.kld.error}, {"median", measured.kld_median},
          {"p99", measured.kld_p99},    {"p99_9", measured.kld_p999},       {"max", measured.kld_max}};
}

ordered_json rung_json(const RungResult& rung, const PanelFacts& facts) {
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
    json["kld"] = divergence_json(measured);
    json["kld"]["histogram"] = {
        {"lowest", KldBins::kLowest}, {"per_decade", KldBins::kPerDecade}, {"counts", measured.kld_counts}};
    json["same_top"] = measured.same_top.value;
    json["same_top_error"] = measured.same_top.error;
    json["rms_dp"] = measured.rms_delta_p.value;
    json["rms_dp_error"] = measured.rms_delta_p.error;
    if (facts.noise) json["within_noise"] = is_within_noise(rung, *facts.noise);
  }
  json["tokens"] = measured.tokens;
  json["panel"] = ordered_json::object();
  return json;
}

ordered_json noise_json(const JudgedLadder& ladder, const PanelFacts& facts) {
  if (!facts.noise) return nullptr;
  ordered_json json = {{"source", facts.noise->description}, {"kld", divergence_json(facts.noise->perplexity)}};
  json["same_top"] = facts.noise->perplexity.same_top.value;
  json["panel"] = ordered_json::object();
  for (const PairedCell& cell : ladder.noise) {
    ordered_json& flips = json["panel"][cell.capability] = {{"items", cell.counts.items()}};
    flips.update(flips_json(cell));
    flips["floor"] = cell.floor;
  }
  return json;
}

ordered_json first_to_fall(const JudgedLadder& ladder) {
  for (const size_t rung : ladder.by_bits()) {
    if (!ladder.any_degraded(rung)) continue;
    std::vector<PairedCell> fallen;
    std::copy_if(ladder.cells[rung].begin(), ladder.cells[rung].end(), std::back_inserter(fallen),
                 [](const PairedCell& cell) { return cell.verdict == CellVerdict::kDegraded; });
    std::stable_sort(fallen.begin(), fallen.end(),
                     [](const PairedCell& a, const PairedCell& b) { return a.kept < b.kept; });
    ordered_json json = {{"rung", ladder.rungs[rung].name},
                         {"bits_per_weight", ladder.rungs[rung].bits_per_weight},
                         {"capabilities", ordered_json::array()}};
    for (const PairedCell& cell : fallen)
      json["capabilities"].push_back({{"capability", cell.capability},
                                      {"retained", cell.kept},
                                      {"retained_low", cell.kept_interval.low},
                                      {"retained_high", cell.kept_interval.high}});
    return json;
  }
  return nullptr;
}

ordered_json cliff(const JudgedLadder& ladder) {
  const std::vector<size_t> order = ladder.by_bits();
  ordered_json found = nullptr;
  double steepest = 0;
  for (size_t place = 1; place < order.size(); ++place) {
    const size_t above = order[place - 1], below = order[place];
    const auto high = ladder.quality_kept(above), low = ladder.quality_kept(below);
    if (!high || !low || !ladder.any_degraded(below) || *high - *low <= steepest) continue;
    steepest = *high - *low;
    found = {{"above", ladder.rungs[above].name},
             {"below", ladder.rungs[below].name},
             {"bits_per_weight", (ladder.rungs[above].bits_per_weight + ladder.rungs[below].bits_per_weight) / 2},
             {"loss", steepest}};
  }
  return found;
}

ordered_json smallest_sound(const JudgedLadder& ladder) {
  const RungResult* smallest = nullptr;
  for (size_t rung = 1; rung < ladder.rungs.size(); ++rung)
    if (ladder.all_hold(rung) && (smallest == nullptr || ladder.rungs[rung].bytes < smallest->bytes))
      smallest = &ladder.rungs[rung];
  if (smallest == nullptr) return nullptr;
  return {{"rung", smallest->name}, {"bytes", smallest->bytes}, {"bits_per_weight", smallest->bits_per_weight}};
}

}  // namespace

ordered_json summarize(std::span<const RungResult> rungs, const PanelFacts& facts) {
  const JudgedLadder ladder = judge_ladder(rungs, facts);
  SmallestDrops drops(ladder.tests);
  ordered_json result = {
      {"noise", noise_json(ladder, facts)}, {"tests", ladder.tests}, {"rungs", ordered_json::array()}};
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    ordered_json json = rung_json(rungs[rung], facts);
    for (size_t cell = 0; cell < ladder.cells[rung].size(); ++cell)
      json["panel"][ladder.cells[rung][cell].capability] =
          cell_json(ladder.cells[rung][cell], ladder.stops[rung][cell], drops);
    for (const CapabilityAnswers& answers : rungs[rung].answers)
      if (ordered_json constrained = constrained_json(answers); !constrained.is_null())
        json["panel"][answers.capability]["constrained"] = std::move(constrained);
    json["answers"] = answers_json(rungs[rung], rungs.front());
    json["prose"] = prose_json(rungs[rung], rungs.front());
    result["rungs"].push_back(std::move(json));
  }
  const double floor = facts.noise ? facts.noise->perplexity.kld.value : 0;
  result["findings"] = {{"first_to_fall", first_to_fall(ladder)},
                        {"cliff", cliff(ladder)},
                        {"smallest_sound", smallest_sound(ladder)},
                        {"collapse", order_of_collapse(ladder)},
                        {"cliff_fit", cliff_of_ladder(rungs, floor)}};
  result["advice"] = advise(ladder);
  return result;
}

}  // namespace rung
