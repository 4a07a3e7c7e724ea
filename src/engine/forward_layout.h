// What a forward pass keeps for the tokens of a batch, buffer by buffer. The one place that knows these sizes: the
// engine allocates from them and the prediction of memory (session_memory.h) adds them up. Pure arithmetic on shapes,
// so that it works from the header of a file alone. Estimates for architectures that the engine does not run: what it
// would keep for the matrices that it knows by their role.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/page_buffer.h"
#include "kernels/matmul.h"
#include "model/config.h"
#include "model/tensor_source.h"

namespace rung {

/// Floats (indices for kChosen, kOrder, kPlace).
enum class Slot : uint8_t {
  kResidual,  ///< (tokens, width)
  kNormed,    ///< (tokens, width)
  kDelta,     ///< (tokens, width): what a block adds to the residual stream
  kQueries,   ///< (tokens, heads * key_dim)
  kKeys,      ///< (tokens, kv_heads * key_dim)
  kValues,    ///< (tokens, kv_heads * value_dim)
  kMixed,     ///< (tokens, heads * value_dim): the values that attention mixed
  kGate,      ///< (tokens, hidden) of the dense feed-forward
  kUp,
  kCosine,  ///< (tokens, rope_dims / 2)
  kSine,
  kScores,       ///< (tokens, experts): router probabilities
  kChosen,       ///< (tokens, used): experts, best first
  kShare,        ///< (tokens, used): their weights
  kOrder,        ///< (tokens * used): choices sorted by expert
  kPlace,        ///< (tokens * used): where a choice stands in that order
  kExpertInput,  ///< (tokens * used, width), sorted by expert
  kExpertGate,   ///< (tokens * used, hidden of an expert)
  kExpertUp,
  kExpertDown,  ///< (tokens * used, width)
  kSharedGate,  ///< (tokens, hidden of the shared expert)
  kSharedUp,
  kSharedDown,  ///< (tokens, width)
  kCount
};

/// Inputs of matrix products whose 8-bit form is kept (kernels/matmul.h), where an integer matrix reads them.
enum class Input : uint8_t {
  kBlock,         ///< of attention, of the dense feed-forward, of the output
  kHidden,        ///< of the dense feed-forward's down
  kMixture,       ///< of the router and the shared expert
  kExperts,       ///< of the routed experts
  kExpertHidden,  ///< of their down
  kSharedHidden,  ///< of the shared expert's down
  kCount
};

/// A tensor by its name in GGUF; shape in GGUF order, row length first.
struct TensorShape {
  std::string name;
  Format format = Format::F32;
  std::vector<uint64_t> shape;
};

struct ForwardLayout {
  std::array<size_t, static_cast<size_t>(Slot::kCount)> values{};        ///< a token, of 4 bytes
  std::array<size_t, static_cast<size_t>(Input::kCount)> code_values{};  ///< a token, values with an 8-bit form
  size_t widest = 0;  ///< columns of the widest matrix: what the scratch of a product depends on

  size_t operator[](Slot slot) const { return values[static_cast<size_t>(slot)]; }
  size_t operator[](Input input) const { return code_values[static_cast<size_t>(input)]; }
  /// All buffers of a batch in whole pages, without the threads' scratch.
  uint64_t batch_bytes(size_t tokens) const;
};

/// Of a model's tensors; those of layers that the configuration does not count (next-token prediction) are left out.
ForwardLayout forward_layout(const ModelConfig& config, std::span<const TensorShape> tensors, Precision precision);
/// The tensors as a source has them.
std::vector<TensorShape> tensor_shapes(const TensorSource& source);

/// The buffers of one session, allocated by a layout. They only grow; what they hold is lost when they do.
class ForwardBuffers {
 public:
  explicit ForwardBuffers(ForwardLayout layout) : layout_(layout) {}

  void reserve(size_t tokens);
  float* floats(Slot slot) const { return buffers_[static_cast<size_t>(slot)].as<float>(); }
  uint32_t* indices(Slot slot) const { return buffers_[static_cast<size_t>(slot)].as<uint32_t>(); }
  Activations& input(Input input) { return inputs_[static_cast<size_t>(input)]; }
  const ForwardLayout& layout() const { return layout_; }
  uint64_t resident_bytes() const;  ///< 0 where the system does not tell

 private:
  ForwardLayout layout_;
  std::array<PageBuffer, static_cast<size_t>(Slot::kCount)> buffers_;
  std::array<Activations, static_cast<size_t>(Input::kCount)> inputs_;
};

}  // namespace rung
