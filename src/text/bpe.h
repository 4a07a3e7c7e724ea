// Byte-level BPE (tokenizer.ggml.model "gpt2"): every byte is written as a printable character (GPT-2's table), text is
// cut by a splitting rule, and inside a piece the merge of the lowest rank comes first. Immutable, thread-safe.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "text/pretokenize.h"
#include "text/tokenizer_vocab.h"

namespace rung {

class ByteLevelBpe {
 public:
  /// Keeps a reference to the vocabulary. Fails if a merge is malformed or names a token the vocabulary lacks.
  static Result<ByteLevelBpe> create(const Vocabulary& vocab, const TokenizerSpec& spec);

  /// Appends the tokens of running text. A byte without a token becomes the unknown token, or is left out if there is
  /// none.
  void encode(std::string_view text, std::vector<Token>& out) const;
  bool adds_bos() const { return pretokenizer_.rule().adds_bos; }

 private:
  ByteLevelBpe(const Vocabulary& vocab, Pretokenizer pretokenizer);
  Status add_merges(const std::vector<std::string>& merges);

  const Vocabulary* vocab_;
  Pretokenizer pretokenizer_;
  bool ignore_merges_ = false;
  std::array<Token, 256> byte_tokens_{};
  std::unordered_map<uint64_t, BpeMerge> merges_;  ///< by left token << 32 | right token
};

/// The bytes of a normal token: GPT-2's characters turned back; any other character stays as it is.
std::string bpe_piece(std::string_view token_text);

}  // namespace rung
