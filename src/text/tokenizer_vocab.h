// The vocabulary both tokenizers share: tokens, their kinds, the search by text, and what llama.cpp knows of tokens by
// their text alone. Immutable once made; its strings stay where they are, so views of them may be kept.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/bpe_merge.h"
#include "text/tokenizer.h"

namespace rung {

class Vocabulary {
 public:
  /// `spec` has passed check_tokenizer_spec(). Fails on empty and on repeated tokens.
  static Result<std::unique_ptr<const Vocabulary>> create(const TokenizerSpec& spec);
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  size_t size() const { return tokens_.size(); }
  size_t longest() const { return longest_; }  ///< bytes of the longest token
  bool has(Token token) const { return token >= 0 && static_cast<size_t>(token) < tokens_.size(); }
  /// kNoToken if there is none.
  Token find(std::string_view text) const;
  const std::string& text(Token token) const { return tokens_[static_cast<size_t>(token)]; }
  TokenKind kind(Token token) const { return kinds_[static_cast<size_t>(token)]; }
  float score(Token token) const { return scores_.empty() ? 0.0F : scores_[static_cast<size_t>(token)]; }
  bool ends_generation(Token token) const { return ends_[static_cast<size_t>(token)]; }
  Token unknown() const { return unknown_; }  ///< or kNoToken
  /// The first token that ends a turn by its text, in the order of llama.cpp's EOT names.
  std::optional<Token> end_of_turn_by_name() const;
  /// The token <0xXX>, or kNoToken.
  Token byte_token(uint8_t byte) const { return byte_tokens_[byte]; }

 private:
  explicit Vocabulary(const TokenizerSpec& spec);
  void mark_known_names();

  std::vector<std::string> tokens_;
  std::vector<float> scores_;
  std::vector<TokenKind> kinds_;
  std::vector<bool> ends_;
  std::unordered_map<std::string_view, Token> index_;
  std::vector<Token> byte_tokens_;
  Token unknown_ = kNoToken;
  size_t longest_ = 0;
};

/// The byte that a token text <0xXX> stands for.
std::optional<uint8_t> byte_of_text(std::string_view text);

}  // namespace rung
