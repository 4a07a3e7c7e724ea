#include "budget/divergence.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rung {

Result<TextChunks> answer_chunks(std::span<const PanelItem* const> items, const ModelText& text, size_t context) {
  TextChunks chunks;
  for (const PanelItem* item : items) {
    if (!item->gold) continue;
    const auto rendered = text.render_chat(*item->messages, item->tools.get(), true);
    if (!rendered)
      return input_error("panel item {}: the model's chat template cannot render it: {}", item->id,
                         rendered.error().message);
    const std::vector<Token> prompt = text.encode_chat(*rendered);
    std::vector<Token> all = text.encode_chat(*rendered + *item->gold);
    // The answer may begin inside the prompt's last token; what differs is the answer.
    const auto [differs, unused] = std::mismatch(prompt.begin(), prompt.end(), all.begin(), all.end());
    const auto begin = static_cast<size_t>(differs - prompt.begin());
    if (begin == 0 || begin >= all.size()) continue;
    if (all.size() > context)
      return input_error("panel item {}: has {} tokens with its answer, allowed are {} (--context)", item->id,
                         all.size(), context);
    chunks.context = std::max(chunks.context, all.size());
    chunks.tokens += all.size();
    chunks.firsts.push_back(begin - 1);
    chunks.chunks.push_back(std::move(all));
  }
  if (chunks.chunks.empty()) return input_error("--protect: no item has a \"gold\" answer to be scored");
  return chunks;
}

Divergence::Divergence(std::shared_ptr<const Engine> source, const TextChunks& text, ThreadPool& pool)
    : text_(text),
      pool_(pool),
      reference_(std::move(source), pool, SessionOptions::reference(), text, ChunkLogits::kKeepBytes) {}

Result<double> Divergence::of(std::shared_ptr<const TensorSource> model, Observer& observer) {
  SilentObserver silent(observer);
  RUNG_TRY(auto engine, Engine::open(std::move(model)));
  ChunkLogits logits(std::move(engine), pool_, SessionOptions::reference(), text_, 0);
  RUNG_TRY(const auto scores, score_text(logits, &reference_, text_, pool_, silent));
  double sum = 0;
  for (const TokenScore& score : scores) sum += score.kld;
  return sum / static_cast<double>(scores.size());
}

}  // namespace rung
