#include "plan/weight_count.h"

#include <algorithm>
#include <cmath>

#include "model/tensor_role.h"

namespace rung {
namespace {

/// The parts that a table shows; roles that nobody asks for one by one stand together.
std::string_view part_of(Role role) {
  switch (role) {
    case Role::kTokenEmbedding:
    case Role::kPerLayerEmbedding:
    case Role::kPositionEmbedding:
      return "embedding";
    case Role::kOutput:
      return "output";
    case Role::kRoutedExpertGate:
    case Role::kRoutedExpertUp:
    case Role::kRoutedExpertGateUp:
      return "routed experts, gate and up";
    case Role::kRoutedExpertDown:
      return "routed experts, down";
    case Role::kSharedExpertGate:
    case Role::kSharedExpertUp:
    case Role::kSharedExpertDown:
      return "shared experts";
    case Role::kFfnGate:
    case Role::kFfnUp:
    case Role::kFfnDown:
      return "feed-forward";
    case Role::kStateSpace:
    case Role::kConvolution:
      return "state space";
    case Role::kMultimodal:
      return "vision and sound";
    default:
      break;
  }
  if (role >= Role::kAttentionQ && role <= Role::kMlaOutputB) return "attention";
  if (role == Role::kNextToken) return "draft head";
  return "norms, routers, the rest";
}

class Counter {
 public:
  Counter(uint64_t layers, const std::optional<ExpertUse>& experts) : layers_(layers), experts_(experts) {}

  WeightCount count(const QuantizationPlan& plan) {
    for (const TensorPlan& tensor : plan.tensors) add(tensor);
    finish();
    return std::move(count_);
  }

 private:
  void add(const TensorPlan& tensor) {
    const GgufTensor& source = *tensor.source;
    const uint64_t matrices = source.shape.size() > 2 ? source.shape[2] : 1;
    const uint64_t bytes = tensor.bytes + (tensor.scale_name.empty() ? 0 : matrices * sizeof(float));
    const TensorRole role = role_of(source.name);
    const bool draft = role.role == Role::kNextToken || (layers_ != 0 && role.layer && *role.layer >= layers_);
    const std::string type =
        tensor.format ? std::string(format_name(*tensor.format)) : ggml_type_name(source.ggml_type);
    add_to(count_.by_role, draft ? "draft head" : part_of(role.role), source.values(), bytes);
    add_to(count_.by_type, type, source.values(), bytes);
    count_.bytes += bytes;
    count_.values += source.values();
    if (draft) {
      count_.draft_bytes += bytes;
    } else if (role.role == Role::kMultimodal) {
      count_.vision_bytes += bytes;
    } else if (role.role == Role::kTokenEmbedding || role.role == Role::kPerLayerEmbedding) {
      count_.embedding_bytes += bytes, count_.embedding_values += source.values();
      if (role.role == Role::kTokenEmbedding) token_bytes_ += bytes, token_values_ += source.values();
    } else if (role.layer) {
      add_to_layer(*role.layer, is_routed_expert(source.name), source.values(), bytes);
    } else {
      has_output_ = has_output_ || role.role == Role::kOutput;
      count_.output_bytes += bytes, count_.output_values += source.values();
    }
  }

  static void add_to(std::vector<WeightPart>& parts, std::string_view name, uint64_t values, uint64_t bytes) {
    auto part = std::find_if(parts.begin(), parts.end(), [&](const WeightPart& one) { return one.name == name; });
    if (part == parts.end()) part = parts.insert(parts.end(), WeightPart{std::string(name), 0, 0, 0});
    ++part->tensors;
    part->values += values;
    part->bytes += bytes;
  }

  void add_to_layer(uint32_t layer, bool expert, uint64_t values, uint64_t bytes) {
    constexpr uint32_t kMostLayers = 4096;  // names may say anything
    const size_t index = std::min(layer, kMostLayers);
    if (index >= count_.layers.size()) count_.layers.resize(index + 1);
    LayerByteCount& weights = count_.layers[index];
    (expert ? weights.expert_bytes : weights.dense_bytes) += bytes;
    (expert ? weights.expert_values : weights.dense_values) += values;
  }

  void finish() {
    if (!has_output_) count_.output_bytes += token_bytes_, count_.output_values += token_values_;
    const auto larger = [](const WeightPart& a, const WeightPart& b) { return a.bytes > b.bytes; };
    std::stable_sort(count_.by_role.begin(), count_.by_role.end(), larger);
    std::stable_sort(count_.by_type.begin(), count_.by_type.end(), larger);
    uint64_t bytes = count_.output_bytes, values = count_.output_values;
    bool has_experts = false;
    const double share = experts_ ? experts_->share() : 1.0;
    const auto used = [&](uint64_t all) {
      return static_cast<uint64_t>(std::llround(static_cast<double>(all) * share));
    };
    for (const LayerByteCount& layer : count_.layers) {
      bytes += layer.dense_bytes + used(layer.expert_bytes);
      values += layer.dense_values + used(layer.expert_values);
      has_experts = has_experts || layer.expert_bytes != 0;
    }
    if (has_experts && !experts_) return;
    count_.active_bytes = bytes;
    count_.active_values = values;
  }

  const uint64_t layers_;
  const std::optional<ExpertUse> experts_;
  bool has_output_ = false;
  uint64_t token_bytes_ = 0, token_values_ = 0;
  WeightCount count_;
};

}  // namespace

WeightCount count_weights(const QuantizationPlan& plan, uint64_t layers, const std::optional<ExpertUse>& experts) {
  return Counter(layers, experts).count(plan);
}

}  // namespace rung
