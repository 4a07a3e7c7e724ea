#include "engine/forward_layout.h"

#include <algorithm>

#include "base/process_memory.h"
#include "model/tensor_role.h"

namespace rung {
namespace {

class LayoutMaker {
 public:
  LayoutMaker(const ModelConfig& config, Precision precision) : config_(config), precision_(precision) {}

  void add(const TensorShape& tensor) {
    if (tensor.shape.size() < 2) return;
    const TensorRole place = role_of(tensor.name);
    if (place.layer && *place.layer >= config_.layers) return;
    const size_t columns = tensor.shape[0], rows = tensor.shape[1];
    if (place.role == Role::kTokenEmbedding) {
      embedding_ = &tensor;
      return;
    }
    layout_.widest = std::max(layout_.widest, columns);
    switch (place.role) {
      case Role::kOutput:
        has_output_ = true;
        return read_by(Input::kBlock, tensor, columns);
      case Role::kRouter:
        return read_by(Input::kMixture, tensor, columns);
      case Role::kRoutedExpertGate:
      case Role::kRoutedExpertUp:
        grow(expert_hidden_, rows);
        return read_by(Input::kExperts, tensor, config_.experts_used * columns);
      case Role::kRoutedExpertDown:
        return read_by(Input::kExpertHidden, tensor, config_.experts_used * columns);
      case Role::kSharedExpertGate:
      case Role::kSharedExpertUp:
        grow(shared_hidden_, rows);
        return read_by(Input::kMixture, tensor, columns);
      case Role::kSharedExpertDown:
        return read_by(Input::kSharedHidden, tensor, columns);
      case Role::kFfnGate:
      case Role::kFfnUp:
        grow(hidden_, rows);
        return read_by(Input::kBlock, tensor, columns);
      case Role::kFfnDown:
        return read_by(Input::kHidden, tensor, columns);
      default:
        return read_by(Input::kBlock, tensor, columns);
    }
  }

  ForwardLayout finish() {
    if (embedding_ != nullptr && !has_output_) {
      layout_.widest = std::max<size_t>(layout_.widest, embedding_->shape[0]);
      read_by(Input::kBlock, *embedding_, embedding_->shape[0]);
    }
    const size_t width = config_.width, pairs = config_.rope_dims / 2;
    for (const Slot slot : {Slot::kResidual, Slot::kNormed, Slot::kDelta}) at(slot) = width;
    at(Slot::kQueries) = config_.heads * config_.key_dim;
    at(Slot::kKeys) = config_.kv_heads * config_.key_dim;
    at(Slot::kValues) = config_.kv_heads * config_.value_dim;
    at(Slot::kMixed) = config_.heads * config_.value_dim;
    at(Slot::kGate) = at(Slot::kUp) = hidden_;
    at(Slot::kCosine) = at(Slot::kSine) = pairs;
    if (expert_hidden_ > 0) add_experts();
    return layout_;
  }

 private:
  static void grow(size_t& value, size_t to) { value = std::max(value, to); }
  size_t& at(Slot slot) { return layout_.values[static_cast<size_t>(slot)]; }

  void read_by(Input input, const TensorShape& tensor, size_t values) {
    const bool integer = precision_ == Precision::kQ8 && format_info(tensor.format).group_values != 0;
    if (integer) grow(layout_.code_values[static_cast<size_t>(input)], values);
  }

  void add_experts() {
    const size_t width = config_.width, used = config_.experts_used;
    at(Slot::kScores) = config_.experts;
    for (const Slot slot : {Slot::kChosen, Slot::kShare, Slot::kOrder, Slot::kPlace}) at(slot) = used;
    at(Slot::kExpertInput) = at(Slot::kExpertDown) = used * width;
    at(Slot::kExpertGate) = at(Slot::kExpertUp) = used * expert_hidden_;
    at(Slot::kSharedGate) = at(Slot::kSharedUp) = shared_hidden_;
    if (shared_hidden_ > 0) at(Slot::kSharedDown) = width;
  }

  const ModelConfig& config_;
  const Precision precision_;
  ForwardLayout layout_;
  const TensorShape* embedding_ = nullptr;
  bool has_output_ = false;
  size_t hidden_ = 0, expert_hidden_ = 0, shared_hidden_ = 0;
};

}  // namespace

uint64_t ForwardLayout::batch_bytes(size_t tokens) const {
  uint64_t total = 0;
  for (const size_t count : values) total += whole_pages(uint64_t{tokens} * count * sizeof(float));
  for (const size_t count : code_values) total += whole_pages(Activations::code_bytes(tokens * count));
  return total;
}

ForwardLayout forward_layout(const ModelConfig& config, std::span<const TensorShape> tensors, Precision precision) {
  LayoutMaker maker(config, precision);
  for (const TensorShape& tensor : tensors) maker.add(tensor);
  return maker.finish();
}

std::vector<TensorShape> tensor_shapes(const TensorSource& source) {
  std::vector<TensorShape> shapes;
  for (const GgufTensor& tensor : source.file().tensors())
    if (auto view = source.find(tensor.name)) shapes.push_back({tensor.name, view->format, std::move(view->shape)});
  return shapes;
}

void ForwardBuffers::reserve(size_t tokens) {
  for (size_t slot = 0; slot < buffers_.size(); ++slot) buffers_[slot].reserve<float>(tokens * layout_.values[slot]);
  for (size_t input = 0; input < inputs_.size(); ++input) inputs_[input].reserve(tokens * layout_.code_values[input]);
}

uint64_t ForwardBuffers::resident_bytes() const {
  uint64_t total = 0;
  for (const PageBuffer& buffer : buffers_) total += rung::resident_bytes(buffer.bytes()).value_or(0);
  for (const Activations& input : inputs_) total += rung::resident_bytes(input.stored()).value_or(0);
  return total;
}

}  // namespace rung
