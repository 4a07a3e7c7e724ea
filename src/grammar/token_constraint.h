// Which tokens of a vocabulary may come next, so that a text stays within a grammar.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.h"
#include "grammar/byte_trie.h"
#include "text/tokenizer.h"

namespace rung {

/// The bytes of a tokenizer's tokens as a tree. Immutable; threads may share it.
class TokenTrie {
 public:
  /// Fails where a byte that text can need has no token of its own: a grammar could then come to a place from which
  /// no token leads on. Likewise without a token that ends an answer.
  static Result<TokenTrie> create(const Tokenizer& tokenizer);

  const ByteTrie& trie() const { return trie_; }
  /// Of the trie's strings, by their index.
  std::span<const Token> tokens() const { return tokens_; }
  std::span<const Token> ending() const { return ending_; }
  /// The bytes of a token; empty where it has none or may not be written.
  const std::string& bytes(Token token) const { return bytes_[static_cast<size_t>(token)]; }
  size_t size() const { return bytes_.size(); }

 private:
  ByteTrie trie_;
  std::vector<Token> tokens_, ending_;
  std::vector<std::string> bytes_;
};

/// Follows one answer. Not thread-safe.
class TokenConstraint {
 public:
  TokenConstraint(Grammar grammar, std::shared_ptr<const TokenTrie> vocabulary);

  /// Sets the logits of all other tokens to minus infinity; at least one stays. What goes beyond the vocabulary (rows
  /// that a model pads) is not allowed.
  void apply(std::span<float> logits);
  /// Of the allowed tokens the one with the largest logit, the lowest among equals.
  Token likeliest(std::span<const float> logits);
  Token accept_likeliest(std::span<const float> logits);
  bool allows(Token token);
  /// The token was chosen: false, and nothing changes, if it was not allowed. Tokens that end an answer change nothing.
  bool accept(Token token);
  /// The text so far may end here, or must.
  bool may_end() const { return automaton_.may_end(state_); }
  bool must_end() { return automaton_.must_end(state_); }

 private:
  using Mask = std::vector<bool>;

  const Mask& mask();

  std::shared_ptr<const TokenTrie> vocabulary_;
  Automaton automaton_;
  Automaton::State state_;
  std::unordered_map<Automaton::State, Mask> masks_;
};

}  // namespace rung
