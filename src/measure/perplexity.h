// Perplexity and divergence of a model on a text, in llama.cpp's convention: the text is tokenized with the model's BOS
// rule and cut into chunks of `context` tokens; in each chunk the first token becomes BOS where the model adds one, and
// the predictions of the second half are scored (positions context/2 to context-2). Against a reference both models run
// side by side on the same chunks; no logits are stored on disk.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/observer.h"
#include "engine/session_memory.h"
#include "measure/statistics.h"
#include "text/tokenizer.h"

namespace rung {

struct TextChunks {
  size_t context = 0;                      ///< of the longest chunk
  size_t tokens = 0;                       ///< of the whole text, before chunks are cut
  std::vector<std::vector<Token>> chunks;  ///< of a text each of `context` tokens, BOS in place
  std::vector<size_t> firsts;              ///< of each chunk the first position scored; empty: context / 2

  size_t first(size_t chunk) const { return firsts.empty() ? context / 2 : firsts[chunk]; }
  size_t scored(size_t chunk) const { return chunks[chunk].size() - 1 - first(chunk); }
};

/// Cuts `text`. max_tokens > 0 keeps only the chunks of the first so many tokens (at least one). An error if the text
/// is empty, not UTF-8, or shorter than one chunk; `name` is named in it. parse_special: control tokens written in the
/// text become their ids.
Result<TextChunks> cut_text(const Tokenizer& tokenizer, std::string_view text, const std::string& name, size_t context,
                            size_t max_tokens, bool parse_special = false);

/// One chunk's logits after the other, (scored, vocabulary) each. Keeps what fits into `keep_bytes` and computes it
/// once, so that a reference is run once for a whole ladder of rungs where memory allows.
class ChunkLogits {
 public:
  static constexpr uint64_t kKeepBytes = uint64_t{1} << 30;  ///< what a program keeps
  ChunkLogits(std::shared_ptr<const Engine> engine, ThreadPool& pool, const SessionOptions& options,
              const TextChunks& text, uint64_t keep_bytes);
  /// Valid until the next call.
  Result<std::span<const float>> chunk(size_t index);
  size_t vocabulary() const { return engine_->config().vocabulary; }

  /// For predictions of memory: the session, its options and how it is used, and the logits beside it, which are mapped
  /// pages: those kept and one chunk's.
  const Session& session() const { return session_; }
  const SessionOptions& options() const { return options_; }
  SessionUse session_use() const;
  uint64_t predicted_logit_bytes() const;
  uint64_t logit_bytes() const;

 private:
  Status compute(size_t index, float* out);
  uint64_t chunk_bytes(size_t index) const { return text_.scored(index) * vocabulary() * sizeof(float); }

  std::shared_ptr<const Engine> engine_;
  const TextChunks& text_;
  const uint64_t keep_bytes_;
  uint64_t kept_bytes_ = 0;
  SessionOptions options_;
  Session session_;
  std::vector<PageBuffer> kept_;
  PageBuffer current_;
};

/// Of the distributions P (reference) and Q (model) of one scored token, natural logarithms.
struct TokenScore {
  double nll = 0;            ///< -ln Q(right token)
  double reference_nll = 0;  ///< -ln P(right token)
  double kld = 0;            ///< sum P ln(P/Q)
  double delta_p = 0;        ///< Q(right) - P(right)
  bool same_top = false;     ///< both hold the same token likeliest
};
TokenScore score_token(std::span<const float> reference, std::span<const float> model, Token right);

/// Bins of the divergence of single tokens, equal steps of its logarithm; what is smaller or larger is in the
/// outermost.
struct KldBins {
  static constexpr double kLowest = 1e-8;  ///< lower edge of the first
  static constexpr size_t kPerDecade = 4, kDecades = 10, kCount = kPerDecade * kDecades;
  static size_t bin_of(double kld);
};

struct PerplexityResult {
  size_t tokens = 0;  ///< scored
  Estimate perplexity;
  bool has_reference = false;
  Estimate reference_perplexity;
  Estimate log_ratio;  ///< mean of nll - reference_nll: ln of the perplexity ratio
  Estimate kld;
  double kld_median = 0, kld_p99 = 0, kld_p999 = 0, kld_max = 0;
  std::vector<uint64_t> kld_counts;  ///< tokens by KldBins; empty without a reference
  Estimate same_top;
  Estimate rms_delta_p;
};

/// Every scored token, in order. reference may be null: the model is its own then.
Result<std::vector<TokenScore>> score_text(ChunkLogits& model, ChunkLogits* reference, const TextChunks& text,
                                           ThreadPool& pool, Observer& observer);
PerplexityResult summarize_scores(std::span<const TokenScore> scores, bool has_reference);

/// Both in one. reference may be null.
Result<PerplexityResult> measure_perplexity(ChunkLogits& model, ChunkLogits* reference, const TextChunks& text,
                                            ThreadPool& pool, Observer& observer);

}  // namespace rung
