// What each tensor of a model does, from its GGUF name alone: works for architectures that the engine does not run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rung {

enum class Role : uint8_t {
  kTokenEmbedding,
  kOutput,
  kNorm,                ///< every normalisation weight
  kAttentionQ,
  kAttentionK,
  kAttentionV,
  kAttentionQkv,        ///< fused
  kAttentionOutput,
  kAttentionGate,
  kAttentionOther,      ///< sinks, indexer, compressor ...
  kMlaQA,               ///< multi-head latent attention: down and up projections
  kMlaQB,
  kMlaKvA,
  kMlaKvB,
  kMlaKB,
  kMlaVB,
  kRouter,              ///< gate logits, selection bias, hash table
  kRoutedExpertGate,
  kRoutedExpertUp,
  kRoutedExpertGateUp,  ///< fused
  kRoutedExpertDown,
  kSharedExpertGate,
  kSharedExpertUp,
  kSharedExpertDown,
  kSharedExpertRouter,  ///< ffn_gate_inp_shexp
  kFfnGate,
  kFfnUp,
  kFfnDown,
  kBias,
  kStateSpace,          ///< linear attention, state-space and convolution parts
  kRope,                ///< frequency factors
  kNextToken,           ///< multi-token prediction (NextN) glue
  kOther,
};

struct RoleInfo {
  Role role;
  std::string_view label;  ///< as printed: "attention q", "routed expert down", "norm"
  bool quantizable;        ///< false: kept as it is, like llama-quantize does (norms, routers, small steering tensors)
};

struct TensorRole {
  Role role = Role::kOther;
  std::optional<uint32_t> layer;  ///< of "blk.N."
};

std::span<const RoleInfo> all_roles();
const RoleInfo& role_info(Role role);
TensorRole role_of(std::string_view tensor_name);

}  // namespace rung
