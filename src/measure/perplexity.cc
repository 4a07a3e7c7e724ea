#include "measure/perplexity.h"

#include <algorithm>
#include <cmath>

#include "measure/distribution.h"
#include "text/utf8.h"

namespace rung {
namespace {

constexpr size_t kLogitTokens = 64;  // logits of a few tokens at a time: 64 x 128k words are 32 MB

/// Where the text stops being UTF-8; npos if it does not.
size_t utf8_error(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text.substr(at));
    if (step.kind != Utf8Kind::kValid || step.point == 0) return at;  // NUL is valid, but no text has it
    at += step.bytes;
  }
  return std::string_view::npos;
}

Estimate perplexity_of(std::span<const double> nll) {
  const Estimate mean = mean_of(nll);
  return {std::exp(mean.value), mean.error * std::exp(mean.value)};
}

/// Square root of the mean square, with the error carried through the root.
Estimate root_mean_square(std::vector<double> values) {
  for (double& value : values) value *= value;
  const Estimate mean = mean_of(values);
  const double root = std::sqrt(mean.value);
  return {root, root > 0 ? mean.error / (2 * root) : 0};
}

struct Scores {
  std::vector<double> nll, reference_nll, log_ratio, kld, delta_p, same_top;

  void add(const TokenScore& score) {
    nll.push_back(score.nll);
    reference_nll.push_back(score.reference_nll);
    log_ratio.push_back(score.nll - score.reference_nll);
    kld.push_back(score.kld);
    delta_p.push_back(score.delta_p);
    same_top.push_back(score.same_top ? 1 : 0);
  }
};

}  // namespace

Result<TextChunks> cut_text(const Tokenizer& tokenizer, std::string_view text, const std::string& name, size_t context,
                            size_t max_tokens, bool parse_special) {
  if (context < 4) return input_error("context: found {}, allowed are 4 or more tokens", context);
  if (text.empty()) return input_error("{}: is empty, but text is needed", name);
  if (const size_t bad = utf8_error(text); bad != std::string_view::npos)
    return input_error("{}: byte {} is not UTF-8 text; is this a binary file?", name, bad);
  const std::vector<Token> tokens = tokenizer.encode(text, true, parse_special);
  TextChunks result{context, tokens.size(), {}, {}};
  size_t chunks = tokens.size() / context;
  if (chunks == 0)
    return input_error(
        "{}: has {} tokens, at least one chunk of {} is needed; use a longer text or a smaller --context", name,
        tokens.size(), context);
  if (max_tokens > 0) chunks = std::min(chunks, std::max<size_t>(1, max_tokens / context));
  for (size_t chunk = 0; chunk < chunks; ++chunk) {
    const auto begin = tokens.begin() + static_cast<ptrdiff_t>(chunk * context);
    result.chunks.emplace_back(begin, begin + static_cast<ptrdiff_t>(context));
    if (tokenizer.adds_bos() && tokenizer.bos()) result.chunks.back().front() = *tokenizer.bos();
  }
  return result;
}

ChunkLogits::ChunkLogits(std::shared_ptr<const Engine> engine, ThreadPool& pool, const SessionOptions& options,
                         const TextChunks& text, uint64_t keep_bytes)
    : engine_(engine),
      text_(text),
      keep_bytes_(keep_bytes),
      options_([&] {
        SessionOptions adjusted = options;
        adjusted.sequences = 1;
        adjusted.capacity = text.context;
        return adjusted;
      }()),
      session_(engine, pool, options_),
      kept_(text.chunks.size()) {}

Result<std::span<const float>> ChunkLogits::chunk(size_t index) {
  const uint64_t bytes = chunk_bytes(index);
  PageBuffer& kept = kept_[index];
  if (kept.size() == 0) {
    PageBuffer fresh;
    const bool keep = kept_bytes_ + bytes <= keep_bytes_;
    PageBuffer& into = keep ? fresh : current_;
    RUNG_CHECK(compute(index, into.reserve<float>(bytes / sizeof(float))));
    if (!keep) return std::span<const float>(current_.as<float>(), bytes / sizeof(float));
    kept = std::move(fresh);
    kept_bytes_ += bytes;
  }
  return std::span<const float>(kept.as<float>(), bytes / sizeof(float));
}

Status ChunkLogits::compute(size_t index, float* out) {
  const std::vector<Token>& ids = text_.chunks[index];
  const size_t first = text_.first(index), last = ids.size() - 1;
  session_.truncate(0, 0);
  std::vector<BatchToken> batch;
  for (size_t position = 0; position < last; ++position) {
    batch.push_back({ids[position], 0, position >= first});
    const bool full = batch.size() == (position < first ? first : kLogitTokens);
    if (!full && position + 1 != first && position + 1 != last) continue;
    RUNG_TRY(const auto part, session_.forward(batch));
    out = std::copy(part.begin(), part.end(), out);
    batch.clear();
  }
  return {};
}

SessionUse ChunkLogits::session_use() const {
  SessionUse use;
  for (size_t index = 0; index < text_.chunks.size(); ++index) {
    use.positions = std::max(use.positions, text_.chunks[index].size() - 1);
    const size_t logits = std::min(kLogitTokens, text_.scored(index));
    use.batch = std::max({use.batch, text_.first(index), logits});
    use.logits = std::max(use.logits, logits);
  }
  return use;
}

uint64_t ChunkLogits::predicted_logit_bytes() const {
  uint64_t kept = 0, largest = 0;
  for (size_t index = 0; index < text_.chunks.size(); ++index) {
    const uint64_t bytes = chunk_bytes(index);
    if (kept + bytes <= keep_bytes_) {
      kept += bytes;
    } else {
      largest = std::max(largest, bytes);
    }
  }
  return whole_pages(kept) + whole_pages(largest);
}

uint64_t ChunkLogits::logit_bytes() const { return kept_bytes_ + current_.size(); }

TokenScore score_token(std::span<const float> reference, std::span<const float> model, Token right) {
  const double reference_norm = log_sum_exp(reference), model_norm = log_sum_exp(model);
  TokenScore score;
  score.reference_nll = reference_norm - reference[right];
  score.nll = model_norm - model[right];
  score.delta_p = std::exp(-score.nll) - std::exp(-score.reference_nll);
  score.kld = kl_divergence(reference, reference_norm, model, model_norm);
  score.same_top = std::max_element(reference.begin(), reference.end()) - reference.begin() ==
                   std::max_element(model.begin(), model.end()) - model.begin();
  return score;
}

Result<std::vector<TokenScore>> score_text(ChunkLogits& model, ChunkLogits* reference, const TextChunks& text,
                                           ThreadPool& pool, Observer& observer) {
  if (reference != nullptr && reference->vocabulary() != model.vocabulary())
    return input_error("reference: has a vocabulary of {}, the model one of {}; they must be the same to be compared",
                       reference->vocabulary(), model.vocabulary());
  const size_t vocabulary = model.vocabulary();
  std::vector<TokenScore> scores;
  for (size_t index = 0; index < text.chunks.size(); ++index) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("perplexity", index, text.chunks.size());
    RUNG_TRY(const auto logits, model.chunk(index));
    auto reference_logits = logits;
    if (reference != nullptr) {
      RUNG_TRY(reference_logits, reference->chunk(index));
    }
    const std::span<const Token> right = std::span(text.chunks[index]).subspan(text.first(index) + 1);
    const size_t before = scores.size();
    scores.resize(before + text.scored(index));
    pool.parallel_for(text.scored(index), 4, [&](size_t begin, size_t end, int) {
      for (size_t offset = begin; offset < end; ++offset)
        scores[before + offset] = score_token(reference_logits.subspan(offset * vocabulary, vocabulary),
                                              logits.subspan(offset * vocabulary, vocabulary), right[offset]);
    });
    for (const TokenScore& score : std::span(scores).subspan(before))
      if (!std::isfinite(score.nll) || !std::isfinite(score.kld))
        return failed_error("the model's logits are not finite in chunk {}: its weights are damaged", index + 1);
  }
  observer.progress("perplexity", text.chunks.size(), text.chunks.size());
  return scores;
}

size_t KldBins::bin_of(double kld) {
  if (!(kld > kLowest)) return 0;
  const double bin = std::floor(std::log10(kld / kLowest) * double{kPerDecade});
  return static_cast<size_t>(std::min(bin, double{kCount - 1}));
}

PerplexityResult summarize_scores(std::span<const TokenScore> token_scores, bool has_reference) {
  Scores scores;
  for (const TokenScore& score : token_scores) scores.add(score);
  PerplexityResult result;
  result.tokens = token_scores.size();
  result.perplexity = perplexity_of(scores.nll);
  result.has_reference = has_reference;
  if (!has_reference) return result;
  result.reference_perplexity = perplexity_of(scores.reference_nll);
  result.log_ratio = mean_of(scores.log_ratio);
  result.kld = mean_of(scores.kld);
  result.same_top = mean_of(scores.same_top);
  result.rms_delta_p = root_mean_square(scores.delta_p);
  result.kld_counts.assign(KldBins::kCount, 0);
  for (const double each : scores.kld) ++result.kld_counts[KldBins::bin_of(each)];
  std::vector<double>& kld = scores.kld;
  std::sort(kld.begin(), kld.end());
  result.kld_median = quantile_of_sorted(kld, 0.5);
  result.kld_p99 = quantile_of_sorted(kld, 0.99);
  result.kld_p999 = quantile_of_sorted(kld, 0.999);
  result.kld_max = kld.empty() ? 0 : kld.back();
  return result;
}

Result<PerplexityResult> measure_perplexity(ChunkLogits& model, ChunkLogits* reference, const TextChunks& text,
                                            ThreadPool& pool, Observer& observer) {
  RUNG_TRY(const auto scores, score_text(model, reference, text, pool, observer));
  return summarize_scores(scores, reference != nullptr);
}

}  // namespace rung
