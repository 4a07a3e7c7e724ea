#include "ladder/answer_summary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/confidence.h"
#include "measure/resampling.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kSeed = 20260302;
constexpr double kNear =
    1;  // nats: a lead under which the right token is less than e times as likely as the best other

ordered_json ranged_json(const Ranged& ranged) {
  return {{"mean", ranged.value}, {"low", ranged.interval.low}, {"high", ranged.interval.high}};
}

/// The mean of sums over all their tokens; items are drawn again, as the tokens of an item go together. Null without
/// tokens.
template <typename SumOf>
ordered_json token_mean(std::span<const ItemScore> items, double sign, SumOf sum_of) {
  std::vector<double> sums, tokens;
  double total = 0, count = 0;
  for (const ItemScore& item : items) {
    const TokenSum& sum = sum_of(item);
    if (sum.tokens == 0) continue;
    sums.push_back(sign * sum.sum);
    tokens.push_back(sum.tokens);
    total += sums.back();
    count += tokens.back();
  }
  if (count == 0) return nullptr;
  ordered_json json = {{"tokens", static_cast<uint64_t>(count)}};
  json.update(ranged_json({total / count, bootstrap_ratio(sums, tokens, kSeed, 1000)}));
  return json;
}

ordered_json capability_json(std::span<const ItemScore> items) {
  std::vector<double> margins;
  uint64_t near = 0, runaway = 0, followed = 0;
  for (const ItemScore& item : items) {
    if (item.gold.tokens > 0) margins.push_back(item.margin);
    near += item.gold.tokens > 0 && std::abs(item.margin) < kNear;
    runaway += item.runaway;
    followed += !item.open;
  }
  std::sort(margins.begin(), margins.end());
  ordered_json json = {{"log_likelihood", token_mean(
                                              items, -1, [](const ItemScore& item) -> auto& { return item.gold; })},
                       {"own_log_likelihood", token_mean(
                                                  items, -1, [](const ItemScore& item) -> auto& { return item.own; })},
                       {"margin", nullptr},
                       {"near", nullptr},
                       {"runaway", runaway},
                       {"followed", followed}};
  if (margins.empty()) return json;
  json["margin"] = quantile_of_sorted(margins, 0.5);
  json["near"] = static_cast<double>(near) / static_cast<double>(margins.size());
  return json;
}

ordered_json sureness_json(const Sureness& sureness) {
  if (sureness.items == 0) return {{"items", 0}};
  return {{"items", sureness.items},
          {"confidence", sureness.confidence},
          {"entropy", sureness.entropy},
          {"max_probability", sureness.max_probability}};
}

ordered_json change_json(const std::optional<SurenessChange>& change) {
  if (!change) return nullptr;
  return {{"confidence", ranged_json(change->confidence)},
          {"entropy", ranged_json(change->entropy)},
          {"max_probability", ranged_json(change->max_probability)}};
}

/// Whether the rung is surer of its wrong answers than the reference is of its own.
const char* surer_when_wrong(const std::optional<SurenessChange>& change) {
  if (change && change->confidence.interval.low > 0) return "yes";
  if (change && change->confidence.interval.high < 0) return "no, less confident";
  return "too few wrong answers to tell";
}

ordered_json confidence_json(std::span<const ItemScore> items, std::span<const ItemScore> reference, bool compare) {
  ordered_json json = {{"calibration_error", ranged_json(calibration_error(items))},
                       {"overconfidence", ranged_json(overconfidence(items))},
                       {"right", sureness_json(sureness(items, true))},
                       {"wrong", sureness_json(sureness(items, false))},
                       {"bins", ordered_json::array()}};
  for (const CalibrationBin& bin : calibration_bins(items))
    json["bins"].push_back({{"low", bin.low},
                            {"high", bin.high},
                            {"items", bin.items},
                            {"confidence", bin.confidence},
                            {"right", bin.right}});
  if (!compare) return json;
  const auto wrong = sureness_change(items, reference, false);
  json["right_change"] = change_json(sureness_change(items, reference, true));
  json["wrong_change"] = change_json(wrong);
  json["more_confident_when_wrong"] = surer_when_wrong(wrong);
  return json;
}

ordered_json divergence_json(std::span<const ItemScore> items) {
  ordered_json json = ordered_json::object();
  for (size_t kind = 0; kind < kAnswerKinds; ++kind) {
    auto mean = token_mean(
        items, 1, [kind](const ItemScore& item) -> auto& { return item.divergence[kind]; });
    if (!mean.is_null()) json[std::string(answer_kind_name(static_cast<AnswerKind>(kind)))] = std::move(mean);
  }
  return json;
}

}  // namespace

ordered_json answers_json(const RungResult& rung, const RungResult& reference) {
  const bool compare = &rung != &reference;
  ordered_json capabilities = ordered_json::object();
  std::vector<ItemScore> items, before;
  for (size_t index = 0; index < std::min(rung.answers.size(), reference.answers.size()); ++index) {
    const auto &scores = rung.answers[index].scores, &first = reference.answers[index].scores;
    const auto count = static_cast<ptrdiff_t>(std::min(scores.size(), first.size()));
    if (count == 0) continue;
    items.insert(items.end(), scores.begin(), scores.begin() + count);
    before.insert(before.end(), first.begin(), first.begin() + count);
    capabilities[rung.answers[index].capability] = capability_json(scores);
  }
  if (items.empty()) return nullptr;
  ordered_json json = {{"capabilities", std::move(capabilities)}};
  if (compare) json["divergence"] = divergence_json(items);
  json["confidence"] = confidence_json(items, before, compare);
  return json;
}

ordered_json prose_json(const RungResult& rung, const RungResult& reference) {
  const size_t samples = std::min(rung.prose.size(), reference.prose.size());
  if (samples == 0) return nullptr;
  ordered_json json = {{"samples", samples}};
  const std::vector<std::pair<const char*, double ProseSample::*>> parts = {{"distinct_1", &ProseSample::distinct_1},
                                                                            {"distinct_2", &ProseSample::distinct_2},
                                                                            {"type_token", &ProseSample::type_token},
                                                                            {"repetition", &ProseSample::repetition}};
  std::vector<size_t> all(samples);
  for (size_t sample = 0; sample < samples; ++sample) all[sample] = sample;
  for (const auto& [name, part] : parts) {
    const auto mean = [samples, part = part](const RungResult& result, std::span<const size_t> drawn) {
      double sum = 0;
      for (const size_t sample : drawn) sum += result.prose[sample].*part;
      return sum / static_cast<double>(samples);
    };
    json[name] = {{"mean", mean(rung, all)}};
    if (&rung == &reference) continue;
    const auto change = [&](std::span<const size_t> drawn) { return mean(rung, drawn) - mean(reference, drawn); };
    json[name]["change"] = ranged_json({change(all), bootstrap_interval(samples, kSeed, change)});
  }
  json["loops"] = std::count_if(rung.prose.begin(), rung.prose.end(), [](const auto& sample) { return sample.loop; });
  return json;
}

}  // namespace rung
