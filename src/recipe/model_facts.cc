#include "recipe/model_facts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rung {
namespace {

/// Matrices, as ggml counts dimensions: ones at the end do not count.
bool is_matrix(const GgufTensor& tensor) {
  const auto above_one = [](uint64_t size) { return size > 1; };
  return std::any_of(tensor.shape.begin() + 1, tensor.shape.end(), above_one) && tensor.shape.size() <= 3;
}

uint64_t matrices_of(const GgufTensor& tensor) { return tensor.shape.size() > 2 ? tensor.shape[2] : 1; }

/// A number, or the first of an array of them: for heads that differ from layer to layer llama.cpp asks the first.
double number_at(const GgufFile& file, const std::string& key, double absent) {
  const GgufValue* value = file.find(key);
  if (value == nullptr) return absent;
  if (const GgufArray* array = value->as_array())
    return array->values.empty() ? absent : array->values[0].as_double().value_or(absent);
  return value->as_double().value_or(absent);
}

std::vector<size_t> layer_order(const GgufFile& file, const std::vector<TensorRole>& roles) {
  std::vector<size_t> order(file.tensors().size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto key = [&](size_t tensor) {
    const auto layer = roles[tensor].layer;
    return std::pair<int64_t, std::string_view>(layer ? int64_t{*layer} : -1, file.tensors()[tensor].name);
  };
  std::sort(order.begin(), order.end(), [&](size_t left, size_t right) { return key(left) < key(right); });
  return order;
}

bool is_seventy_b(const ModelFacts& facts) {
  if (facts.architecture == "llama") return facts.layers == 80 && facts.heads_per_kv != 1;
  if (facts.architecture == "jais2") return facts.layers == 68;
  return facts.layers == 80 &&
         (facts.architecture == "qwen2" || facts.architecture == "deci" || facts.architecture == "olmo");
}

/// The part of all weights in the tensors that pass.
double share_of_experts(const GgufFile& file) {
  double experts = 0, all = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    const auto values = static_cast<double>(tensor.values());
    all += values;
    if (is_routed_expert(tensor.name)) experts += values;
  }
  return all > 0 ? experts / all : 0;
}

}  // namespace

bool is_quantizable(const GgufTensor& tensor, Role role) {
  return tensor.name.ends_with("weight") && is_matrix(tensor) && tensor.format && role_info(role).quantizable;
}

ModelFacts model_facts(const GgufFile& file, bool imatrix) {
  ModelFacts facts;
  facts.file = &file;
  facts.imatrix = imatrix;
  facts.architecture = file.str("general.architecture", "").value_or("");
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", facts.architecture, name); };
  facts.layers = static_cast<uint64_t>(std::max(0.0, number_at(file, key("block_count"), 0)));
  for (const GgufTensor& tensor : file.tensors()) {
    facts.roles.push_back(role_of(tensor.name));
    facts.quantizable.push_back(is_quantizable(tensor, facts.roles.back().role));
    if (const auto layer = facts.roles.back().layer) facts.layers = std::max<uint64_t>(facts.layers, *layer + 1);
  }
  facts.order = layer_order(file, facts.roles);
  facts.experts = number_at(file, key("expert_count"), 0);
  const double heads = number_at(file, key("attention.head_count"), 0);
  const double kv_heads = number_at(file, key("attention.head_count_kv"), heads);
  facts.heads_per_kv = kv_heads > 0 ? std::floor(heads / kv_heads) : 0;
  facts.expert_share = share_of_experts(file);
  facts.tied = file.tensor("output.weight") == nullptr;
  facts.seventy_b = is_seventy_b(facts);
  return facts;
}

bool holds(const ModelCondition& condition, const ModelFacts& facts) {
  const auto& names = condition.architectures;
  if (!names.empty() && std::find(names.begin(), names.end(), facts.architecture) == names.end()) return false;
  if (condition.imatrix.value_or(facts.imatrix) != facts.imatrix) return false;
  if (condition.tied.value_or(facts.tied) != facts.tied) return false;
  if (condition.seventy_b.value_or(facts.seventy_b) != facts.seventy_b) return false;
  return condition.experts.contains(facts.experts) && condition.expert_share.contains(facts.expert_share) &&
         condition.heads_per_kv.contains(facts.heads_per_kv);
}

RuleMatcher::RuleMatcher(const RecipeRule& rule, const ModelFacts& facts)
    : rule_(rule), facts_(facts), holds_(rung::holds(rule.when, facts)), count_(facts.layers) {
  if (!holds_ || rule.count_by == LayerCount::kLayer) return;
  numbers_.resize(facts.roles.size());
  uint64_t next = 0;
  for (const size_t tensor : facts.order)
    if (facts.quantizable[tensor] && matches_but_layers(tensor)) numbers_[tensor] = next++;
  if (rule.count_by == LayerCount::kMatrix) count_ = next;
}

bool RuleMatcher::matches_but_layers(size_t tensor) const {
  const GgufTensor& source = facts_.file->tensors()[tensor];
  const auto& roles = rule_.roles;
  if (!roles.empty() && std::find(roles.begin(), roles.end(), facts_.roles[tensor].role) == roles.end()) return false;
  return rule_.weights.contains(static_cast<double>(source.values())) &&
         rule_.matrices.contains(static_cast<double>(matrices_of(source))) &&
         (!rule_.pattern || std::regex_search(source.name, *rule_.pattern));
}

bool RuleMatcher::matches(size_t tensor) const {
  if (!holds_) return false;
  if (rule_.layers.text().empty()) return matches_but_layers(tensor);
  const auto layer = facts_.roles[tensor].layer;
  const uint64_t number = numbers_.empty() ? layer.value_or(0) : numbers_[tensor];
  if (numbers_.empty() && !layer) return false;
  return rule_.layers.contains(number, count_) && matches_but_layers(tensor);
}

}  // namespace rung
