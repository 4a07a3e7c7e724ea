// Finds the special tokens that stand written out in a text. As in llama.cpp the longest token wins, wherever it
// stands, then the next longest in what is left; among tokens of one length the leftmost.
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "text/tokenizer_vocab.h"

namespace rung {

struct TextFragment {
  std::string_view text;
  Token special = kNoToken;  ///< kNoToken: running text
};

class SpecialTokens {
 public:
  /// Keeps a reference to the vocabulary.
  explicit SpecialTokens(const Vocabulary& vocab);
  /// User-defined tokens always count, control and unknown tokens only if `all`. Fragments are never empty and together
  /// make up the text.
  std::vector<TextFragment> split(std::string_view text, bool all) const;

 private:
  struct Group {  ///< the tokens of one length
    size_t length = 0;
    std::bitset<256> first_bytes;
  };
  static bool counts(TokenKind kind, bool all);
  static std::vector<Group> groups_of(const Vocabulary& vocab, bool all);

  const Vocabulary& vocab_;
  std::vector<Group> user_groups_, all_groups_;  ///< longest first
};

}  // namespace rung
