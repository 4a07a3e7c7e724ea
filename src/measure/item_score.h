// What one model did with one item of a panel: the verdict, and how near the line it was. docs/scoring.md defines every
// number. Natural logarithms, nats. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace rung {

/// What a token of an answer is made of.
enum class AnswerKind : uint8_t {
  kDigits,  ///< has a digit
  kMarks,   ///< neither digit nor letter: braces, quotes, punctuation, white space; and the tags of a format
  kWords,   ///< letters: names, keys, words
  kEnd,     ///< what ends the answer
};
constexpr size_t kAnswerKinds = 4;

AnswerKind answer_kind(const Tokenizer& tokenizer, Token token);
/// "digits", "marks", "words", "end".
std::string_view answer_kind_name(AnswerKind kind);

/// A sum over tokens and how many they were.
struct TokenSum {
  double sum = 0;
  uint32_t tokens = 0;

  void add(double value) { sum += value, ++tokens; }
};

struct ItemScore {
  bool right = false;
  bool runaway = false;    ///< generated up to the limit, and ends_in_loop()
  bool generated = false;  ///< some of the answer was generated: the prefill alone did not decide
  bool open = false;       ///< known to be wrong from its beginning, and not followed to its end

  TokenSum gold;      ///< -ln P of the gold text's tokens and its end; no tokens where the item has no gold text
  double margin = 0;  ///< smallest lead of the gold text's token over the best other one, in logits; needs gold
  TokenSum own;       ///< -ln P of the reference's own answer and its end; no tokens without a reference
  std::array<TokenSum, kAnswerKinds> divergence;  ///< KL from the reference along the gold text, by kind of its token

  double confidence = 0;       ///< probability of the answer that the model gave, as far as it was decided
  double entropy = 0;          ///< mean over the predictions of that answer
  double max_probability = 0;  ///< likewise
};

/// A capability's items in the order in which they were asked.
struct CapabilityScores {
  std::vector<ItemScore> items;
  /// The whole greedy answer to each item, without the token that ends it; none where an item is wrong from its
  /// beginning and the rest was not asked for.
  std::vector<std::optional<std::vector<Token>>> answers;

  /// One '1' (right) or '0' an item.
  std::string right() const;
};

}  // namespace rung
