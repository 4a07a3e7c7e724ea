// The architectures that the engine runs, one row each. A row says only what a GGUF file does not: the rest comes from
// metadata and from which tensors exist. Facts: llama.cpp's graphs, checked by the golden models of each family.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rung {

/// Whether a kind of tensor belongs to an architecture.
enum class Presence { kNever, kOptional, kRequired };

enum class RopeLayout {
  kAdjacent,  ///< pairs are neighbours (0,1), (2,3) ...: q and k rows were permuted on conversion
  kHalves,    ///< pairs are (i, i + n/2)
};

struct Architecture {
  std::string_view name;  ///< general.architecture
  RopeLayout rope;
  Presence qkv_bias;
  Presence qk_norm;             ///< RMS norm of every q and k head before RoPE
  Presence experts;             ///< routed experts in some layers
  Presence shared_expert;       ///< in the layers that have routed experts
  Presence shared_expert_gate;  ///< sigmoid gate on the shared expert's output
  bool renormalise_experts;     ///< chosen expert weights divided by their sum, unless expert_weights_norm says
};

std::span<const Architecture> all_architectures();
/// Null if the engine does not know it.
const Architecture* find_architecture(std::string_view name);
/// "llama, qwen2, ...", for error messages.
std::string architecture_names();

}  // namespace rung
