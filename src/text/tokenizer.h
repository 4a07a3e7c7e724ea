// Text to token ids and back, from a GGUF file's tokenizer.ggml.* metadata: SentencePiece-style BPE with byte fallback
// ("llama") and byte-level BPE ("gpt2") with the splitting rule named by tokenizer.ggml.pre. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

using Token = int32_t;

enum class TokenKind : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

/// What GGUF metadata says of a tokenizer; filled by model/ so that text/ needs no GGUF.
struct TokenizerSpec {
  std::string model;  ///< tokenizer.ggml.model: "llama", "gpt2"
  std::string pre;    ///< tokenizer.ggml.pre: "default", "llama-bpe", "qwen2", ...
  std::vector<std::string> tokens;
  std::vector<float> scores;        ///< empty, or as many as tokens
  std::vector<int32_t> kinds;       ///< empty, or as many as tokens: TokenKind
  std::vector<std::string> merges;  ///< "left right", best first
  std::optional<Token> bos, eos, eot, unknown;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  bool ignore_merges = false;  ///< a whole pre-token that is a vocabulary entry stays whole; rules may say so too
};

/// Checks what needs no look at the vocabulary's texts: counts that agree, kinds and ids in range, scores that are
/// numbers. The message names the field.
Status check_tokenizer_spec(const TokenizerSpec& spec);

class Tokenizer {
 public:
  /// Fails on a model other than "llama" and "gpt2" (also on "none"), on an unknown splitting rule, and on a vocabulary
  /// that is empty, repeats a token, has an empty one, or lacks what a merge names. Absent settings are as in
  /// llama.cpp: "llama" adds BOS and a space before the text, and its BOS, EOS and unknown are 1, 2 and 0.
  static Result<Tokenizer> create(TokenizerSpec spec);
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// add_special: BOS/EOS as the model wants them. parse_special: control tokens written in the text become their ids
  /// (user-defined ones always do). Any bytes are accepted.
  std::vector<Token> encode(std::string_view text, bool add_special, bool parse_special) const;
  /// Bytes of one token as they appear in running text; control and unknown tokens give their text only if `special`.
  /// An id that is no token gives nothing, here and in decode().
  std::string piece(Token token, bool special) const;
  std::string decode(std::span<const Token> tokens, bool special) const;

  size_t size() const;
  std::optional<Token> bos() const;
  std::optional<Token> eos() const;
  std::optional<Token> eot() const;
  bool adds_bos() const;
  /// Ends an answer: EOS, EOT, or a control token that is known to end a turn (<|im_end|>, <|eot_id|>, ...).
  bool ends_generation(Token token) const;
  /// By its stored text.
  std::optional<Token> find(std::string_view token_text) const;
  /// kUnused if the id is no token.
  TokenKind kind(Token token) const;
  /// The stored text of a token (vocabulary form, not decoded); empty if the id is no token.
  const std::string& text(Token token) const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Joins pieces of a stream so that only whole UTF-8 sequences come out; a broken sequence comes out as U+FFFD.
class Utf8Stream {
 public:
  /// The text that is complete after these bytes.
  std::string push(std::string_view bytes);
  /// What is left at the end.
  std::string flush();

 private:
  std::string pending_;
};

}  // namespace rung
