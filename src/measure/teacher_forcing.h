// Teacher forcing: texts are put to a model as if it had written them, and every prediction on the way is looked at.
// Several prompts share each forward pass; continuations of one prompt share what the prompt left in the KV cache.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/observer.h"
#include "engine/engine.h"
#include "text/tokenizer.h"

namespace rung {

/// Refers to tokens that outlive the call. Neither the prompt nor a continuation is empty. The last token of a
/// continuation is predicted but never fed.
struct ForcedPrompt {
  std::span<const Token> prompt;
  std::vector<std::span<const Token>> continuations;
};

/// Where in the work: of prompt `prompt` and its continuation `continuation`, the prediction of token `position`.
struct ForcedPosition {
  size_t prompt = 0, continuation = 0, position = 0;
};

struct ForcingOptions {
  size_t slots = 16;  ///< sequences at a time; fewer where their KV would pass kv_limit
  uint64_t kv_limit = uint64_t{1} << 30;
  SessionOptions session;  ///< precision and KV formats; the rest is set here
};

/// Called once for every position, by several threads of the pool at once and in no fixed order: it must write only to
/// that position's own place. Logits: (vocabulary), valid during the call.
using ForcedVisitor = std::function<void(const ForcedPosition&, std::span<const float> logits)>;

/// Logits are the same bits for any number of threads, any division of the prompts into calls, and equal to those of a
/// session that is fed token by token with Batching::kInvariant. Reports progress as stage `stage` in prompts finished.
/// A text that holds an id outside the vocabulary is an error.
Status force_texts(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, std::span<const ForcedPrompt> prompts,
                   const ForcingOptions& options, const ForcedVisitor& visit, std::string_view stage,
                   Observer& observer);

}  // namespace rung
