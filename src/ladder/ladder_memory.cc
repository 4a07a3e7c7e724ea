#include "ladder/ladder_memory.h"

#include <algorithm>

#include "engine/model_memory.h"
#include "measure/sequence_fit.h"
#include "quantize/encode_pass.h"
#include "quantize/memory_plan.h"

namespace rung {
namespace {

class Predictor {
 public:
  Predictor(const LadderInputs& inputs, const ChunkLogits& reference, const GenerateOptions& panel, size_t threads)
      : inputs_(inputs), config_(inputs.engine->config()), reference_(reference), threads_(threads) {
    size_t longest = 0, prompts = 0;
    for (const AskedCapability& capability : inputs.asked)
      for (const PanelPrompt& prompt : capability.prompts) {
        longest = std::max(longest, prompt.tokens.size());
        ++prompts;
      }
    panel_ =
        fit_sequences(config_, panel.session, longest + panel.max_new, std::min(panel.slots, prompts), panel.kv_limit);
    if (prompts > 0) panel_use_ = {panel_.capacity, panel_.sequences * longest, panel_.sequences};
  }

  uint64_t on_texts(const std::vector<TensorShape>& shapes) const {
    return session(shapes, reference_.options(), reference_.session_use());
  }

  uint64_t of(const Rung& rung) const {
    std::vector<TensorShape> shapes;
    uint64_t encoded = 0, values = 0;
    for (const TensorPlan& tensor : rung.plan.tensors) {
      const auto format = tensor.format ? tensor.format : tensor.source->format;
      if (format) shapes.push_back({tensor.source->name, *format, tensor.source->shape});
      if (!tensor.format) continue;
      encoded += tensor.bytes;
      values += tensor.source->values();
    }
    const QuantizationPlan* const plan = &rung.plan;
    const ImportanceOptions importance = importance_of(rung, inputs_);
    const MemoryPlan allowed = plan_memory({&plan, 1}, importance, kDefaultMaxMemory);
    const uint64_t bands = std::min(allowed.bands, values * sizeof(float) + encoded) + allowed.factors;
    uint64_t chunk = 0;
    for (size_t index = 0; index < inputs_.chunks.chunks.size(); ++index)
      chunk = std::max<uint64_t>(chunk, inputs_.chunks.scored(index) * config_.vocabulary * sizeof(float));
    return encoded + std::max({bands, on_texts(shapes) + chunk, session(shapes, panel_, panel_use_)});
  }

  uint64_t panel_on(const std::vector<TensorShape>& shapes) const { return session(shapes, panel_, panel_use_); }

 private:
  uint64_t session(const std::vector<TensorShape>& shapes, const SessionOptions& options, const SessionUse& use) const {
    if (use.positions == 0) return 0;
    const ForwardLayout layout = forward_layout(config_, shapes, options.precision);
    return predict_session_memory(config_, layout, options, use, threads_).total();
  }

  const LadderInputs& inputs_;
  const ModelConfig& config_;
  const ChunkLogits& reference_;
  const size_t threads_;
  SessionOptions panel_;
  SessionUse panel_use_;
};

}  // namespace

LadderMemory predict_ladder_memory(const LadderInputs& inputs, std::span<const Rung> rungs,
                                   const ChunkLogits& reference, const GenerateOptions& panel, size_t threads) {
  const Predictor predictor(inputs, reference, panel, threads);
  const std::vector<TensorShape> shapes = tensor_shapes(*inputs.source);
  LadderMemory memory;
  memory.text = predict_text_memory(count_text(inputs.source->file()));
  memory.reference_logits = reference.predicted_logit_bytes();
  memory.reference = predictor.on_texts(shapes);
  memory.rung = predictor.panel_on(shapes);
  for (const Rung& rung : rungs)
    if (!rung.is_reference) memory.rung = std::max(memory.rung, predictor.of(rung));
  memory.file = inputs.source->file().file_bytes();
  return memory;
}

}  // namespace rung
