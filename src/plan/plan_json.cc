#include "plan/plan_json.h"

#include <nlohmann/json.hpp>

#include "plan/explain.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::string_view certainty_name(CacheShape::Certainty certainty) {
  switch (certainty) {
    case CacheShape::Certainty::kExact:
      return "exact";
    case CacheShape::Certainty::kAtMost:
      return "at most";
    case CacheShape::Certainty::kUnknown:
      break;
  }
  return "unknown";
}

ordered_json parts_json(const std::vector<WeightPart>& parts) {
  ordered_json json = ordered_json::array();
  for (const WeightPart& part : parts)
    json.push_back({{"name", part.name}, {"tensors", part.tensors}, {"values", part.values}, {"bytes", part.bytes}});
  return json;
}

ordered_json weights_json(const RungPlan& rung) {
  const WeightCount& weights = rung.weights;
  return {{"bytes", weights.bytes},
          {"values", weights.values},
          {"bits_per_weight", weights.bits_per_weight()},
          {"exact", !rung.estimated},
          {"active_bytes", or_null(weights.active_bytes)},
          {"active_values", or_null(weights.active_values)},
          {"draft_bytes", weights.draft_bytes},
          {"vision_bytes", weights.vision_bytes},
          {"by_role", parts_json(weights.by_role)},
          {"by_type", parts_json(weights.by_type)}};
}

ordered_json cache_json(const ModelPlan& plan) {
  ordered_json json = {{"certainty", certainty_name(plan.cache_shape.certainty)},
                       {"bytes", plan.cache_known() ? ordered_json(plan.cache.bytes) : ordered_json(nullptr)},
                       {"context", plan.use.context},
                       {"sequences", plan.use.sequences},
                       {"type", plan.use.types.name()},
                       {"state_bytes", plan.cache.state_bytes},
                       {"draft_bytes", plan.cache.draft_bytes},
                       {"missing", plan.cache_shape.missing},
                       {"layers", ordered_json::array()}};
  for (const CacheGroup& group : plan.cache.groups)
    json["layers"].push_back({{"kind", cache_kind_name(group.layer.kind)},
                              {"draft", group.layer.draft},
                              {"count", group.layers},
                              {"kv_heads", group.layer.kv_heads},
                              {"key_length", group.layer.key_dim},
                              {"value_length", group.layer.value_dim},
                              {"span", group.layer.span},
                              {"bytes", group.bytes}});
  return json;
}

ordered_json placement_json(const ModelPlan& plan, const Placement& placement) {
  ordered_json json = {{"name", placement.name},
                       {"fits", placement.fits},
                       {"decode_tokens_per_second", or_null(placement.decode_tokens_per_second)},
                       {"prefill_tokens_per_second", or_null(placement.prefill_tokens_per_second)},
                       {"devices", ordered_json::array()}};
  for (size_t index = 0; index < placement.shares.size(); ++index) {
    const DeviceShare& share = placement.shares[index];
    json["devices"].push_back({{"name", plan.devices[index].name},
                               {"weights", share.weights},
                               {"cache", share.cache},
                               {"buffers", share.buffers},
                               {"layers", share.layers},
                               {"expert_layers", share.expert_layers},
                               {"read_per_token", share.read}});
  }
  return json;
}

ordered_json quality_json(const std::optional<QualityEstimate>& quality) {
  if (!quality) return nullptr;
  ordered_json json = {{"measured", quality->measured},
                       {"divergence", quality->divergence},
                       {"class", divergence_class(quality->divergence).name},
                       {"interpolated", quality->interpolated},
                       {"source", quality->source},
                       {"notes", quality->notes},
                       {"capabilities", ordered_json::array()}};
  for (const CapabilityExpectation& one : quality->capabilities)
    json["capabilities"].push_back({{"capability", one.capability},
                                    {"verdict", one.verdict},
                                    {"change", or_null(one.change)},
                                    {"source", one.source}});
  return json;
}

ordered_json rung_json(const ModelPlan& plan, const RungPlan& rung) {
  const uint64_t buffers = rung.buffers ? rung.buffers->bytes() : 0;
  ordered_json json = {{"name", rung.name},
                       {"as_it_is", rung.as_it_is},
                       {"weights", weights_json(rung)},
                       {"cache_bytes", plan.cache_known() ? ordered_json(plan.cache.bytes) : ordered_json(nullptr)},
                       {"buffer_bytes", rung.buffers ? ordered_json(buffers) : ordered_json(nullptr)},
                       {"bytes", rung.bytes},
                       {"mapped_bytes", rung.weights.bytes},
                       {"anonymous_bytes", rung.bytes - rung.weights.bytes},
                       {"fits", rung.fits},
                       {"fits_with_q8_cache", rung.fits || rung.fits_with_q8_cache},
                       {"largest_context", or_null(rung.largest_context)},
                       {"quality", quality_json(rung.quality)},
                       {"placements", ordered_json::array()}};
  for (const Placement& placement : rung.placements) json["placements"].push_back(placement_json(plan, placement));
  return json;
}

ordered_json explanation_json(const ModelPlan& plan, const RungPlan& rung) {
  ordered_json json = ordered_json::array();
  for (const ExplainedNumber& number : explain_rung(plan, rung))
    json.push_back(
        {{"what", number.what}, {"formula", number.formula}, {"numbers", number.numbers}, {"result", number.result}});
  return json;
}

ordered_json device_json(const Device& device) {
  return {{"name", device.name},
          {"bytes", device.bytes},
          {"bytes_per_second", device.bandwidth > 0 ? ordered_json(device.bandwidth) : ordered_json(nullptr)},
          {"operations_per_second", device.operations > 0 ? ordered_json(device.operations) : ordered_json(nullptr)}};
}

}  // namespace

ordered_json plan_json(const ModelPlan& plan, bool explain) {
  ordered_json json = {{"format", "rung-plan"},
                       {"version", 1},
                       {"model", plan.shapes.name},
                       {"source", source_name(plan.shapes.source)},
                       {"trained_context", plan.cache_shape.trained_context},
                       {"experts", plan.experts ? ordered_json(plan.experts->experts) : ordered_json(nullptr)},
                       {"experts_used", plan.experts ? ordered_json(plan.experts->used) : ordered_json(nullptr)},
                       {"stored_bytes", or_null(plan.shapes.stored_bytes)},
                       {"devices", ordered_json::array()}};
  for (const Device& device : plan.devices) json["devices"].push_back(device_json(device));
  json["weights"] = plan.rungs.empty() ? ordered_json(nullptr) : weights_json(plan.rungs.front());
  json["cache"] = cache_json(plan);
  const auto name_of = [&](const std::optional<size_t>& rung) {
    return rung ? ordered_json(plan.rungs[*rung].name) : ordered_json(nullptr);
  };
  json["best"] = name_of(plan.best);
  json["step_up"] = name_of(plan.step_up);
  json["rungs"] = ordered_json::array();
  for (const RungPlan& rung : plan.rungs) json["rungs"].push_back(rung_json(plan, rung));
  json["notes"] = plan.notes;
  if (explain && !plan.rungs.empty()) json["explain"] = explanation_json(plan, plan.rungs.front());
  return json;
}

ordered_json decision_json(const QualityDecision& decision) {
  constexpr const char* kWinners[] = {"first", "second", "undecided"};
  return {{"winner", kWinners[static_cast<size_t>(decision.winner)]},
          {"measured", decision.measured},
          {"reason", decision.reason},
          {"source", decision.source}};
}

}  // namespace rung
