// Answers to many prompts at once, greedy unless told otherwise: several sequences share each forward pass, so that the
// weights are read once for all of them. A sequence ends at a token that ends generation, where its constraint allows
// nothing more, or after max_new tokens.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/observer.h"
#include "engine/engine.h"
#include "grammar/token_constraint.h"
#include "text/tokenizer.h"

namespace rung {

struct GenerateOptions {
  size_t max_new = 200;
  size_t slots = 16;  ///< sequences at a time; fewer where their KV would pass kv_limit
  uint64_t kv_limit = uint64_t{1} << 30;
  SessionOptions session;  ///< precision and KV formats; the rest is set here
  /// Keeps the answer to the prompt of this index within a grammar: each time the likeliest of the tokens that it
  /// allows. Null, or null for a prompt: any token.
  std::function<std::unique_ptr<TokenConstraint>(size_t)> constraint_of;
  /// Picks the next token of the answer to the prompt of this index. Null: the likeliest. Not beside constraint_of.
  std::function<Token(size_t, std::span<const float>)> choose;
  /// Ends the answer to the prompt of this index, which so far has these tokens, without another one. May be null.
  std::function<bool(size_t, std::span<const Token>)> is_complete;
};

/// Ids without the ending token, in the order of the prompts. A prompt that is empty gets no answer. Reports progress
/// as stage `stage` in prompts finished.
Result<std::vector<std::vector<Token>>> generate(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                 const std::function<bool(Token)>& ends,
                                                 std::span<const std::vector<Token>> prompts,
                                                 const GenerateOptions& options, std::string_view stage,
                                                 Observer& observer);

}  // namespace rung
