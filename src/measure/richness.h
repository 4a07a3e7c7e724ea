// How rich a model's own prose is: texts are begun and the model goes on by sampling its own distribution, temperature
// 1 and nothing cut off, with seeds of ours, so that no choice of filters hides or makes what is measured. A damaged
// model often stays fluent and becomes poor: fewer words, the same phrases, loops. docs/scoring.md has the definitions.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/generate.h"
#include "measure/perplexity.h"

namespace rung {

/// Of one sampled text; shares of 1.
struct ProseSample {
  double distinct_1 = 0;  ///< different tokens a token
  double distinct_2 = 0;  ///< different pairs of neighbours a pair (Li et al., arXiv 1510.03055)
  double type_token = 0;  ///< different words a word, mean over stretches of kStretchWords; 0 where there is no stretch
  double repetition = 0;  ///< share of 4-token phrases that occurred before (Welleck et al., arXiv 1908.04319)
  bool loop = false;      ///< ends_in_loop()
};
constexpr size_t kStretchWords = 40;

/// tokens: what was sampled; text: the same, decoded. Words are runs of ASCII letters, digits, apostrophes and bytes
/// beyond ASCII, in lower case.
ProseSample describe_prose(std::span<const Token> tokens, std::string_view text);

struct RichnessOptions {
  size_t samples = 24;  ///< at most: one for each of as many chunks, spread over the text
  size_t begun = 32;    ///< tokens of a chunk that are given
  size_t tokens = 128;  ///< sampled; tokens that would end the text are not drawn, so that all are of one length
  uint64_t seed = 20260401;
  GenerateOptions generate;
};

/// One a text, in the text's order; the same for any number of threads. Reports progress as stage "prose".
Result<std::vector<ProseSample>> sample_prose(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const Tokenizer& tokenizer, const TextChunks& text,
                                              const RichnessOptions& options, Observer& observer);

}  // namespace rung
