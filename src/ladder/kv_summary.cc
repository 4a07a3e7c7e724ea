#include "ladder/kv_summary.h"

#include <nlohmann/json.hpp>
#include <numeric>

#include "ladder/paired_cell.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kBootstrapSeed = 20260103;

ordered_json interval_json(double mean, const Interval& interval) {
  return {{"mean", mean}, {"low", interval.low}, {"high", interval.high}};
}

double total(std::span<const double> values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// Chunks are drawn again, because the tokens of a chunk go together.
ordered_json mean_json(std::span<const double> sums, double predictions) {
  const std::vector<double> counts(sums.size(), predictions);
  return interval_json(total(sums) / total(counts), bootstrap_ratio(sums, counts, kBootstrapSeed));
}

ordered_json curve_json(const KvDivergences& divergences, const KvSummaryInput& input) {
  ordered_json curve = ordered_json::array();
  for (size_t length = 0; length < input.lengths.size(); ++length) {
    ordered_json point = {{"context", input.lengths[length]}};
    point.update(mean_json(divergences.sums[length], input.predictions[length]));
    curve.push_back(std::move(point));
  }
  return curve;
}

/// The divergence at the longest context over that at the shortest, where that is more than noise.
ordered_json growth_json(const KvDivergences& divergences, const KvSummaryInput& input) {
  std::vector<double> last, first;
  for (const double sum : divergences.sums.back()) last.push_back(sum / input.predictions.back());
  for (const double sum : divergences.sums.front()) first.push_back(sum / input.predictions.front());
  if (total(divergences.sums.front()) <= kAboveNoise * total(input.noise.sums.front())) return nullptr;
  const Interval interval = bootstrap_ratio(last, first, kBootstrapSeed);
  return {{"ratio", total(last) / total(first)}, {"low", interval.low}, {"high", interval.high}};
}

/// Keys alone minus values alone, over all lengths.
ordered_json sides_json(const KvMeasured& type, const KvSummaryInput& input) {
  const size_t chunks = type.keys.sums.front().size();
  std::vector<double> keys(chunks), values(chunks), difference(chunks);
  for (size_t length = 0; length < input.lengths.size(); ++length)
    for (size_t chunk = 0; chunk < chunks; ++chunk) {
      keys[chunk] += type.keys.sums[length][chunk];
      values[chunk] += type.values.sums[length][chunk];
      difference[chunk] = keys[chunk] - values[chunk];
    }
  const double predictions = total(input.predictions);
  ordered_json json = {{"name", type.name},
                       {"keys", mean_json(keys, predictions)},
                       {"values", mean_json(values, predictions)},
                       {"difference", mean_json(difference, predictions)}};
  const double low = json["difference"]["low"], high = json["difference"]["high"];
  json["more_fragile"] = low > 0 ? "keys" : high < 0 ? "values" : "not told apart";
  return json;
}

ordered_json cell_json(const PairedCell& cell, const KvPanelCell& place) {
  const auto items = static_cast<double>(cell.counts.items());
  ordered_json json = {{"capability", place.capability}, {"context", nullptr}, {"items", cell.counts.items()}};
  if (place.context != 0) json["context"] = place.context;
  json["score"] = cell.score_value();
  json["reference_score"] = items == 0 ? 0 : static_cast<double>(cell.counts.reference_right()) / items;
  json["lost"] = cell.counts.lost;
  json["gained"] = cell.counts.gained;
  json["change"] = {{"low", cell.change.low}, {"high", cell.change.high}};
  json["p_value"] = cell.p_value;
  json["verdict"] = verdict_text(cell.verdict);
  return json;
}

/// The shortest context at which a capability is degraded.
ordered_json rot_json(std::span<const PairedCell> cells, std::span<const KvPanelCell> places) {
  const KvPanelCell* first = nullptr;
  for (size_t cell = 0; cell < cells.size(); ++cell)
    if (cells[cell].verdict == CellVerdict::kDegraded && (first == nullptr || places[cell].context < first->context))
      first = &places[cell];
  if (first == nullptr) return nullptr;
  ordered_json rot = {{"capability", first->capability}, {"context", nullptr}};
  if (first->context != 0) rot["context"] = first->context;
  return rot;
}

JudgedLadder judge(std::vector<RungResult>& rungs, const KvSummaryInput& input) {
  const auto add = [&](const std::string& name, std::vector<CapabilityAnswers> answers) {
    rungs.emplace_back().name = name;
    rungs.back().answers = std::move(answers);
  };
  add("f16", input.reference);
  for (const KvMeasured& type : input.types) add(type.name, type.answers);
  PanelFacts facts;
  facts.stops_early = false;
  for (size_t cell = 0; cell < input.panel.size(); ++cell)
    facts.chance[input.reference[cell].capability] = input.panel[cell].chance;
  return judge_ladder(rungs, facts);
}

}  // namespace

ordered_json summarize_kv(const KvSummaryInput& input) {
  std::vector<RungResult> rungs;
  const JudgedLadder judged = judge(rungs, input);
  ordered_json types = ordered_json::array(), sides = ordered_json::array();
  for (size_t index = 0; index < input.types.size(); ++index) {
    const KvMeasured& type = input.types[index];
    const std::vector<PairedCell>& cells = judged.cells[index + 1];
    ordered_json json = {{"name", type.name},
                         {"research", type.is_research},
                         {"bytes", type.bytes},
                         {"bits_per_value", type.bits_per_value},
                         {"kld", curve_json(type.both, input)},
                         {"growth", growth_json(type.both, input)},
                         {"panel", ordered_json::array()},
                         {"rot", rot_json(cells, input.panel)}};
    for (size_t cell = 0; cell < cells.size(); ++cell)
      json["panel"].push_back(cell_json(cells[cell], input.panel[cell]));
    types.push_back(std::move(json));
    if (!type.keys.sums.empty()) sides.push_back(sides_json(type, input));
  }
  return {{"noise", {{"name", "f32"}, {"kld", curve_json(input.noise, input)}}},
          {"types", std::move(types)},
          {"findings", {{"keys_and_values", std::move(sides)}}}};
}

}  // namespace rung
