#include "measure/richness.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>

#include "engine/sampler.h"
#include "measure/loops.h"

namespace rung {
namespace {

/// Different runs of `length` tokens, of how many.
double distinct(std::span<const Token> tokens, size_t length) {
  if (tokens.size() < length) return 0;
  const size_t runs = tokens.size() - length + 1;
  std::set<std::vector<Token>> different;
  for (size_t first = 0; first < runs; ++first) {
    const auto run = tokens.subspan(first, length);
    different.emplace(run.begin(), run.end());
  }
  return static_cast<double>(different.size()) / static_cast<double>(runs);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool belongs =
        upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || static_cast<unsigned char>(c) >= 0x80;
    if (belongs && !inside) words.emplace_back();
    if (belongs) words.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
    inside = belongs;
  }
  return words;
}

/// The mean segmental type-token ratio (Johnson 1944): whole stretches only, so that length plays no part.
double type_token_ratio(const std::vector<std::string>& words) {
  double sum = 0;
  size_t stretches = 0;
  for (size_t first = 0; first + kStretchWords <= words.size(); first += kStretchWords, ++stretches) {
    const auto begin = words.begin() + static_cast<ptrdiff_t>(first);
    const std::set<std::string> types(begin, begin + static_cast<ptrdiff_t>(kStretchWords));
    sum += static_cast<double>(types.size()) / static_cast<double>(kStretchWords);
  }
  return stretches == 0 ? 0 : sum / static_cast<double>(stretches);
}

std::vector<std::vector<Token>> beginnings(const TextChunks& text, const RichnessOptions& options) {
  std::vector<std::vector<Token>> prompts;
  const size_t chunks = text.chunks.size(), samples = std::min(options.samples, chunks);
  for (size_t sample = 0; sample < samples; ++sample) {
    const std::vector<Token>& chunk = text.chunks[sample * chunks / samples];
    const size_t length = std::min(options.begun, chunk.size());
    prompts.emplace_back(chunk.begin(), chunk.begin() + static_cast<ptrdiff_t>(length));
  }
  return prompts;
}

}  // namespace

ProseSample describe_prose(std::span<const Token> tokens, std::string_view text) {
  constexpr size_t kPhrase = 4;
  ProseSample sample;
  sample.distinct_1 = distinct(tokens, 1);
  sample.distinct_2 = distinct(tokens, 2);
  sample.type_token = type_token_ratio(words_of(text));
  sample.repetition = tokens.size() < kPhrase ? 0 : 1 - distinct(tokens, kPhrase);
  sample.loop = ends_in_loop(tokens);
  return sample;
}

Result<std::vector<ProseSample>> sample_prose(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const Tokenizer& tokenizer, const TextChunks& text,
                                              const RichnessOptions& options, Observer& observer) {
  const auto prompts = beginnings(text, options);
  std::vector<Sampler> samplers;
  SamplerOptions sampling;
  sampling.temperature = 1;
  for (size_t prompt = 0; prompt < prompts.size(); ++prompt) {
    sampling.seed = options.seed + prompt;
    samplers.emplace_back(sampling);
  }
  std::vector<Token> ends;
  for (size_t token = 0; token < engine->config().vocabulary; ++token)
    if (tokenizer.ends_generation(static_cast<Token>(token))) ends.push_back(static_cast<Token>(token));
  GenerateOptions generating = options.generate;
  generating.max_new = options.tokens;
  generating.session.batching = Batching::kInvariant;
  std::vector<float> allowed;
  generating.choose = [&](size_t prompt, std::span<const float> logits) {
    allowed.assign(logits.begin(), logits.end());
    for (const Token end : ends) allowed[static_cast<size_t>(end)] = -std::numeric_limits<float>::infinity();
    return samplers[prompt].sample(allowed);
  };
  const auto never = [](Token) { return false; };
  RUNG_TRY(const auto texts, generate(engine, pool, never, prompts, generating, "prose", observer));
  std::vector<ProseSample> samples;
  for (const auto& tokens : texts) samples.push_back(describe_prose(tokens, tokenizer.decode(tokens, false)));
  return samples;
}

}  // namespace rung
