// What each tensor of a model does, from its GGUF name alone: works for architectures that the engine does not run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "codec/format.h"

namespace rung {

enum class Role : uint8_t {
  kTokenEmbedding,
  kPerLayerEmbedding,
  kPositionEmbedding,  ///< positions, token types
  kOutput,
  kNorm,  ///< every normalisation weight
  kAttentionQ,
  kAttentionK,
  kAttentionV,
  kAttentionKv,   ///< one vector for both (deepseek4)
  kAttentionQkv,  ///< fused
  kAttentionOutput,
  kAttentionGate,
  kAttentionSinks,
  kAttentionCompressor,  ///< deepseek4: pools keys of several tokens
  kAttentionIndexer,     ///< sparse attention: chooses what is attended to
  kMlaQA,                ///< multi-head latent attention: down and up projections
  kMlaQB,
  kMlaKvA,
  kMlaKvB,
  kMlaKB,
  kMlaVB,
  kMlaOutputA,  ///< deepseek4: output projection in two steps
  kMlaOutputB,
  kRouter,  ///< gate logits, selection bias, hash table
  kRoutedExpertGate,
  kRoutedExpertUp,
  kRoutedExpertGateUp,  ///< fused
  kRoutedExpertDown,
  kSharedExpertGate,
  kSharedExpertUp,
  kSharedExpertDown,
  kSharedExpertRouter,  ///< ffn_gate_inp_shexp
  kFfnGate,
  kFfnUp,  ///< also gate and up in one (phi3)
  kFfnDown,
  kBias,
  kScale,            ///< factors beside a matrix (NVFP4)
  kStateSpace,       ///< linear attention and state-space parts
  kConvolution,      ///< of state-space and convolution layers
  kHyperConnection,  ///< deepseek4: mixes the residual streams
  kRope,             ///< frequency factors
  kNextToken,        ///< multi-token prediction (NextN) glue
  kSteering,         ///< small matrices that steer others and that llama-quantize keeps
  kMultimodal,       ///< vision and audio encoders and projectors
  kOther,
};

struct RoleInfo {
  Role role;
  std::string_view label;  ///< as printed: "attention q", "routed expert down", "norm"
  bool quantizable;        ///< false: kept as it is, like llama-quantize does (norms, routers, small steering tensors)
  MatrixUse use = MatrixUse::kGeneral;
};

struct TensorRole {
  Role role = Role::kOther;
  std::optional<uint32_t> layer;  ///< of "blk.N."; empty for multimodal parts, which count their own layers
};

std::span<const RoleInfo> all_roles();
const RoleInfo& role_info(Role role);
TensorRole role_of(std::string_view tensor_name);

}  // namespace rung
