// Multiple choice by likelihood, as the reference harness (lm-evaluation-harness) scores MMLU, ARC and HellaSwag: every
// choice is put after the context as if the model had written it, and the likeliest one, as it is or by its length, is
// the model's answer. Nothing is generated; the context is computed once for all its choices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer.h"

namespace rung {

/// As lengths count them: code points; a broken byte counts as one.
size_t count_characters(std::string_view text);

struct ChoiceItem {
  std::vector<Token> context;               ///< not empty
  std::vector<std::vector<Token>> choices;  ///< at least one, none of them empty
  std::vector<size_t> lengths;              ///< of the choices' texts in characters (code points)
};

struct ChoiceScores {
  std::vector<double> log_likelihood;  ///< of each choice given the context, natural logarithm
  std::vector<size_t> lengths;         ///< as in the item

  /// What is compared: the log-likelihoods; by_length: their means a character.
  std::vector<double> compared(bool by_length) const;
  /// The likeliest choice ("acc"), the first among equals.
  size_t likeliest() const;
  /// The likeliest one a character ("acc_norm"), the first among equals.
  size_t likeliest_by_length() const;
  /// Of each choice, its share of the likelihood of all, exp of what is compared.
  std::vector<double> probabilities(bool by_length) const;
};

/// Tokens of a context and of the texts that may follow it, `delimiter` between them, which the lengths do not count.
/// White space at the context's end goes to the choices, and a choice's tokens are what the whole text has beyond the
/// context's, so that it is cut as running text is (the harness's rule). BOS is added as the model wants it; an empty
/// context is BOS, or EOS where the model has no BOS. An error without either, without choices, and for a choice that
/// is empty.
Result<ChoiceItem> encode_choices(const Tokenizer& tokenizer, std::string_view context,
                                  const std::vector<std::string>& choices, std::string_view delimiter = " ");

}  // namespace rung
