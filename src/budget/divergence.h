// What a budget minimises: the mean KL divergence of a model's predictions from its source's, in floats, over the
// scored tokens of a text, or over the answers of conversations, teacher forced. The source runs once.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "measure/panel_items.h"
#include "measure/perplexity.h"
#include "model/model_text.h"

namespace rung {

/// The right answers ("gold") of the items, each behind its rendered prompt, scored token by token. Items without one
/// are left out; an error if none is left or a conversation has more than `context` tokens.
Result<TextChunks> answer_chunks(std::span<const PanelItem* const> items, const ModelText& text, size_t context);

class Divergence {
 public:
  /// The text outlives it.
  Divergence(std::shared_ptr<const Engine> source, const TextChunks& text, ThreadPool& pool);
  /// In nats a token. The observer is only asked whether to stop.
  Result<double> of(std::shared_ptr<const TensorSource> model, Observer& observer);

 private:
  const TextChunks& text_;
  ThreadPool& pool_;
  ChunkLogits reference_;
};

/// Passes on cancellation and nothing else, for steps of a longer work.
class SilentObserver final : public Observer {
 public:
  explicit SilentObserver(const Observer& outer) : outer_(outer) {}
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  const Observer& outer_;
};

}  // namespace rung
