#include "report/ladder_rows.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json_member.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

std::optional<double> number(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_number()) return std::nullopt;
  const double read = value.get<double>();
  return std::isfinite(read) ? std::optional<double>(read) : std::nullopt;
}

uint64_t count(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

std::string text(const Json& value) { return value.is_string() ? printable(value.get_ref<const std::string&>()) : ""; }
std::string text(const Json& object, const char* key) { return text(member(object, key)); }

Verdict verdict_of(const std::string& words) {
  if (words == "holds") return Verdict::kHolds;
  if (words == "degraded") return Verdict::kDegraded;
  return words == "too few items to tell" ? Verdict::kUnclear : Verdict::kUnknown;
}

ScoreRow score_row(const std::string& capability, const Json& from) {
  ScoreRow row;
  row.capability = printable(capability);
  row.score = number(from, "score");
  row.low = number(from, "low");
  row.high = number(from, "high");
  row.retained = number(from, "retained");
  row.retained_low = number(from, "retained_low");
  row.retained_high = number(from, "retained_high");
  row.verdict = verdict_of(text(from, "verdict"));
  return row;
}

RungRow rung_row(const Json& from) {
  RungRow row;
  row.name = text(from, "name");
  row.weights_only = text(from, "calibration") == "weights-only";
  row.kind = text(from, "kind");
  row.bytes = number(from, "bytes");
  row.bits_per_weight = number(from, "bits_per_weight");
  row.perplexity = number(from, "perplexity");
  row.perplexity_error = number(from, "perplexity_error");
  const Json& kld = member(from, "kld");
  row.kld_mean = number(kld, "mean");
  row.kld_error = number(kld, "mean_error");
  row.kld_p99_9 = number(kld, "p99_9");
  row.same_top = number(from, "same_top");
  row.same_top_error = number(from, "same_top_error");
  const Json& panel = member(from, "panel");
  if (panel.is_object()) {
    for (const auto& [capability, score] : panel.items()) row.panel.push_back(score_row(capability, score));
  }
  return row;
}

std::vector<std::string> capability_names(const Json& ladder, const std::vector<RungRow>& rungs) {
  std::vector<std::string> named;
  const Json& panel = member(member(ladder, "settings"), "panel");
  if (panel.is_array()) {
    for (const Json& each : panel) named.push_back(text(each, "capability"));
  }
  for (const RungRow& rung : rungs) {
    for (const ScoreRow& score : rung.panel) named.push_back(score.capability);
  }
  std::vector<std::string> names;
  for (const std::string& name : named) {
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    const bool measured =
        std::any_of(rungs.begin(), rungs.end(), [&](const RungRow& rung) { return rung.score_of(name); });
    if (!known && measured) names.push_back(name);
  }
  return names;
}

std::optional<FallRow> fall_row(const Json& from) {
  FallRow row;
  row.rung = text(from, "rung");
  row.bits_per_weight = number(from, "bits_per_weight");
  const Json& capabilities = member(from, "capabilities");
  if (capabilities.is_array()) {
    for (const Json& each : capabilities) {
      ScoreRow fallen;
      fallen.capability = text(each, "capability");
      fallen.retained = number(each, "retained");
      row.capabilities.push_back(fallen);
    }
  }
  return row.rung.empty() || row.capabilities.empty() ? std::nullopt : std::optional<FallRow>(row);
}

std::optional<CliffRow> cliff_row(const Json& from) {
  CliffRow row;
  row.above = text(from, "above");
  row.below = text(from, "below");
  row.bits_per_weight = number(from, "bits_per_weight");
  row.loss = number(from, "loss");
  return row.above.empty() || row.below.empty() ? std::nullopt : std::optional<CliffRow>(row);
}

std::optional<SoundRow> sound_row(const Json& from) {
  SoundRow row;
  row.rung = text(from, "rung");
  row.bytes = number(from, "bytes");
  row.bits_per_weight = number(from, "bits_per_weight");
  return row.rung.empty() ? std::nullopt : std::optional<SoundRow>(row);
}

const Json::array_t& elements(const Json& list) {
  static const Json::array_t kNone;
  return list.is_array() ? list.get_ref<const Json::array_t&>() : kNone;
}

std::optional<NoiseRow> noise_row(const Json& from) {
  if (!from.is_object()) return std::nullopt;
  NoiseRow row;
  row.kld_mean = number(member(from, "kld"), "mean");
  const Json& panel = member(from, "panel");
  if (panel.is_object())
    for (const auto& [capability, flips] : panel.items()) {
      row.items += count(flips, "items");
      row.changed += count(flips, "lost") + count(flips, "gained");
    }
  return row;
}

CollapseRow collapse_row(const Json& from) {
  CollapseRow row;
  row.capability = text(from, "capability");
  row.degraded = text(member(from, "degraded"), "rung");
  row.half = text(member(from, "half"), "rung");
  row.gone = text(member(from, "gone"), "rung");
  row.high_bits = number(member(from, "between"), "high");
  row.low_bits = number(member(from, "between"), "low");
  row.kept.retained = number(member(from, "degraded"), "retained");
  row.kept.retained_low = number(member(from, "degraded"), "retained_low");
  row.kept.retained_high = number(member(from, "degraded"), "retained_high");
  return row;
}

std::optional<CliffFitRow> cliff_fit_row(const Json& from) {
  const Json& found = member(from, "found");
  if (!found.is_boolean() || !found.get<bool>()) return std::nullopt;
  return CliffFitRow{number(from, "bits_per_weight"), number(from, "low"), number(from, "high"),
                     number(from, "factor_above"), number(from, "factor_below")};
}

void read_advice(const Json& advice, LadderRows& rows) {
  for (const Json& each : elements(member(advice, "rungs")))
    rows.advice.push_back(
        {text(each, "rung"), text(each, "character"), text(each, "when"), number(each, "gb_per_billion_weights")});
  for (const Json& each : elements(member(advice, "folklore")))
    rows.folklore.push_back({text(each, "rule"), text(each, "rung"), text(each, "finding"), number(each, "kept"),
                             number(each, "kept_low"), number(each, "kept_high")});
  rows.two_bits = text(member(advice, "two_bits"), "text");
  for (const Json& each : elements(member(advice, "next_steps"))) rows.next_steps.push_back(text(each, "text"));
}

}  // namespace

const ScoreRow* RungRow::score_of(const std::string& capability) const {
  for (const ScoreRow& score : panel) {
    if (score.capability == capability) return &score;
  }
  return nullptr;
}

LadderRows read_ladder_rows(const Json& ladder) {
  LadderRows rows;
  const Json& model = member(ladder, "model");
  rows.model = text(model, "name").empty() ? text(model, "file") : text(model, "name");
  rows.parameters = number(model, "parameters");
  const Json& rungs = member(ladder, "rungs");
  if (rungs.is_array()) {
    for (const Json& rung : rungs) rows.rungs.push_back(rung_row(rung));
  }
  std::stable_partition(rows.rungs.begin(), rows.rungs.end(), [](const RungRow& rung) { return rung.is_reference(); });
  rows.capabilities = capability_names(ladder, rows.rungs);
  const Json& notes = member(ladder, "notes");
  if (notes.is_array()) {
    for (const Json& note : notes) {
      if (!text(note).empty()) rows.notes.push_back(text(note));
    }
  }
  const Json& findings = member(ladder, "findings");
  rows.first_to_fall = fall_row(member(findings, "first_to_fall"));
  rows.cliff = cliff_row(member(findings, "cliff"));
  rows.smallest_sound = sound_row(member(findings, "smallest_sound"));
  rows.noise = noise_row(member(ladder, "noise"));
  for (const Json& each : elements(member(findings, "collapse"))) rows.collapse.push_back(collapse_row(each));
  rows.cliff_fit = cliff_fit_row(member(findings, "cliff_fit"));
  read_advice(member(ladder, "advice"), rows);
  return rows;
}

std::optional<QualityKept> quality_kept(const RungRow& rung) {
  double sum = 0, below = 0, above = 0;
  int scores = 0;
  for (const ScoreRow& score : rung.panel) {
    if (!score.retained) continue;
    const double down = *score.retained - score.retained_low.value_or(*score.retained);
    const double up = score.retained_high.value_or(*score.retained) - *score.retained;
    sum += *score.retained;
    below += down * down;
    above += up * up;
    ++scores;
  }
  if (scores == 0) return std::nullopt;
  const double mean = sum / scores;
  return QualityKept{mean, mean - std::sqrt(below) / scores, mean + std::sqrt(above) / scores};
}

}  // namespace rung
