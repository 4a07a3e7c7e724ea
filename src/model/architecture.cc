#include "model/architecture.h"

#include <array>

namespace rung {
namespace {

constexpr auto kNever = Presence::kNever;
constexpr auto kOptional = Presence::kOptional;
constexpr auto kRequired = Presence::kRequired;

constexpr std::array kArchitectures = {
    // name         rope pairs             q/k/v bias  q/k norm   experts    shared     its gate   renormalise
    Architecture{"llama", RopeLayout::kAdjacent, kOptional, kNever, kOptional, kNever, kNever, true},
    Architecture{"qwen2", RopeLayout::kHalves, kRequired, kNever, kNever, kNever, kNever, false},
    Architecture{"qwen3", RopeLayout::kHalves, kNever, kRequired, kNever, kNever, kNever, false},
    Architecture{"qwen2moe", RopeLayout::kHalves, kRequired, kNever, kRequired, kRequired, kRequired, false},
    Architecture{"qwen3moe", RopeLayout::kHalves, kNever, kRequired, kRequired, kNever, kNever, true},
    Architecture{"deepseek", RopeLayout::kAdjacent, kNever, kNever, kRequired, kRequired, kNever, false},
};

}  // namespace

std::span<const Architecture> all_architectures() { return kArchitectures; }

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& row : kArchitectures)
    if (row.name == name) return &row;
  return nullptr;
}

std::string architecture_names() {
  std::string names;
  for (const Architecture& row : kArchitectures) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

}  // namespace rung
