#include "model/scale_tensor.h"

#include <algorithm>
#include <iterator>

#include "model/tensor_role.h"

namespace rung {
namespace {

/// Which matrices of an architecture llama.cpp multiplies by their factors. All others' graphs were not looked through.
struct ScaledParts {
  std::string_view architecture;
  bool attention, dense, experts, shared;
};
constexpr ScaledParts kScaledParts[] = {
    {"llama", true, true, true, false},      {"mistral3", true, true, true, false},
    {"qwen3", true, true, false, false},     {"qwen3moe", true, false, true, false},
    {"qwen35", true, true, false, false},    {"qwen35moe", true, false, true, true},
    {"cohere2", true, true, false, false},   {"nanbeige", true, true, false, false},
    {"mellum", true, false, true, false},    {"qwen2", true, false, false, false},
    {"qwen2moe", true, false, false, false}, {"deepseek", true, false, false, false},
};

bool is_scaled(const ScaledParts& parts, Role role, std::string_view stem) {
  switch (role) {
    case Role::kAttentionQ:
    case Role::kAttentionK:
    case Role::kAttentionV:
    case Role::kAttentionQkv:
    case Role::kAttentionOutput:
    case Role::kOutput:
      return parts.attention;
    case Role::kFfnGate:
    case Role::kFfnUp:
    case Role::kFfnDown:
      return parts.dense;
    case Role::kRoutedExpertGate:
    case Role::kRoutedExpertUp:
    case Role::kRoutedExpertDown:
      return parts.experts && stem.ends_with("_exps");  // not one tensor an expert, as of old
    case Role::kSharedExpertGate:
    case Role::kSharedExpertUp:
    case Role::kSharedExpertDown:
      return parts.shared;
    default:
      return false;
  }
}

}  // namespace

std::optional<std::string> writable_scale_name(const GgufFile& file, const GgufTensor& tensor) {
  constexpr std::string_view kWeight = ".weight";
  if (!tensor.name.ends_with(kWeight)) return std::nullopt;
  const GgufValue* const value = file.find("general.architecture");
  const std::string* const architecture = value == nullptr ? nullptr : value->as_string();
  if (architecture == nullptr) return std::nullopt;
  const auto parts = std::find_if(std::begin(kScaledParts), std::end(kScaledParts),
                                  [&](const ScaledParts& row) { return row.architecture == *architecture; });
  const std::string stem = tensor.name.substr(0, tensor.name.size() - kWeight.size());
  if (parts == std::end(kScaledParts) || !is_scaled(*parts, role_of(tensor.name).role, stem)) return std::nullopt;
  // llama.cpp asserts that a feed-forward matrix has not both.
  if (file.tensor(stem + ".bias") != nullptr && stem.find("ffn_") != std::string::npos) return std::nullopt;
  const std::string name = stem + ".scale";
  if (file.tensor(name) != nullptr) return std::nullopt;
  return name;
}

}  // namespace rung
