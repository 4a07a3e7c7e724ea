#include "ladder/rung_result.h"

#include <nlohmann/json.hpp>

#include "ladder/item_scores_json.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

ordered_json estimate_json(const Estimate& estimate) { return ordered_json::array({estimate.value, estimate.error}); }

Estimate estimate_from(const ordered_json& json) { return {json.at(0).get<double>(), json.at(1).get<double>()}; }

ordered_json perplexity_json(const PerplexityResult& result) {
  return {{"tokens", result.tokens},
          {"perplexity", estimate_json(result.perplexity)},
          {"has_reference", result.has_reference},
          {"reference_perplexity", estimate_json(result.reference_perplexity)},
          {"log_ratio", estimate_json(result.log_ratio)},
          {"kld", estimate_json(result.kld)},
          {"kld_quantiles", {result.kld_median, result.kld_p99, result.kld_p999, result.kld_max}},
          {"kld_counts", result.kld_counts},
          {"same_top", estimate_json(result.same_top)},
          {"rms_delta_p", estimate_json(result.rms_delta_p)}};
}

PerplexityResult perplexity_from(const ordered_json& json) {
  PerplexityResult result;
  result.tokens = json.at("tokens").get<size_t>();
  result.perplexity = estimate_from(json.at("perplexity"));
  result.has_reference = json.at("has_reference").get<bool>();
  result.reference_perplexity = estimate_from(json.at("reference_perplexity"));
  result.log_ratio = estimate_from(json.at("log_ratio"));
  result.kld = estimate_from(json.at("kld"));
  const auto& quantiles = json.at("kld_quantiles");
  result.kld_median = quantiles.at(0).get<double>();
  result.kld_p99 = quantiles.at(1).get<double>();
  result.kld_p999 = quantiles.at(2).get<double>();
  result.kld_max = quantiles.at(3).get<double>();
  result.kld_counts = json.at("kld_counts").get<std::vector<uint64_t>>();
  result.same_top = estimate_from(json.at("same_top"));
  result.rms_delta_p = estimate_from(json.at("rms_delta_p"));
  return result;
}

}  // namespace

ordered_json to_json(const RungResult& result) {
  ordered_json json = {{"name", result.name},
                       {"kind", result.kind},
                       {"description", result.description},
                       {"bytes", result.bytes},
                       {"writable", result.writable},
                       {"bits_per_weight", result.bits_per_weight},
                       {"calibration", result.calibration},
                       {"perplexity", perplexity_json(result.perplexity)},
                       {"answers", ordered_json::array()}};
  for (const CapabilityAnswers& answers : result.answers) {
    json["answers"].push_back({{"capability", answers.capability},
                               {"right", answers.right},
                               {"scores", item_scores_json(answers.scores)},
                               {"own", answers.own}});
    if (!answers.constrained.empty()) json["answers"].back()["constrained"] = answers.constrained;
  }
  json["prose"] = prose_samples_json(result.prose);
  json["scoring"] = kScoring;
  return json;
}

Result<RungResult> rung_result_from_json(const ordered_json& json) try {
  RungResult result;
  result.name = json.at("name").get<std::string>();
  result.kind = json.at("kind").get<std::string>();
  result.description = json.at("description").get<std::string>();
  result.bytes = json.at("bytes").get<uint64_t>();
  result.writable = json.at("writable").get<bool>();
  result.bits_per_weight = json.at("bits_per_weight").get<double>();
  result.calibration = json.at("calibration").get<std::string>();
  result.perplexity = perplexity_from(json.at("perplexity"));
  for (const auto& answers : json.at("answers")) {
    const std::string right = answers.at("right").get<std::string>();
    result.answers.push_back(
        {answers.at("capability").get<std::string>(), right, item_scores_from(answers.at("scores"), right),
         answers.at("own").get<std::vector<std::vector<Token>>>(), answers.value("constrained", "")});
    const size_t constrained = result.answers.back().constrained.size();
    if (constrained != 0 && constrained != right.size())
      return input_error("stored result: constrained: found {} items, allowed are {}", constrained, right.size());
  }
  result.prose = prose_samples_from(json.at("prose"));
  if (json.at("scoring").get<int>() != kScoring)
    return input_error("stored result: found scoring {}, allowed is {}", json.at("scoring").get<int>(), kScoring);
  return result;
} catch (const nlohmann::json::exception& error) {
  return input_error("stored result: {}", error.what());
}

}  // namespace rung
