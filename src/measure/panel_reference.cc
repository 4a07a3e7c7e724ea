#include "measure/panel_reference.h"

#include <algorithm>

namespace rung {

std::vector<Token> gold_and_end(const PanelPrompt& prompt, Token end) {
  std::vector<Token> tokens = prompt.gold;
  tokens.push_back(end);
  return tokens;
}

Status PanelReference::prepare(std::span<const PanelPrompt* const> prompts, Observer& observer) {
  passing_.clear();
  std::vector<ForcedPrompt> forced;
  std::vector<std::vector<Token>> texts;
  std::vector<std::vector<float>*> rows;
  texts.reserve(prompts.size());
  for (const PanelPrompt* prompt : prompts) {
    if (prompt->gold.empty() || kept_.contains(prompt->item) || passing_.contains(prompt->item)) continue;
    texts.push_back(gold_and_end(*prompt, 0));
    const uint64_t bytes = texts.back().size() * vocabulary() * sizeof(float);
    const bool keeps = bytes <= keep_bytes_;
    if (keeps) keep_bytes_ -= bytes;
    rows.push_back(&(keeps ? kept_ : passing_)[prompt->item]);
    rows.back()->resize(texts.back().size() * vocabulary());
    forced.push_back({prompt->tokens, {texts.back()}});
  }
  const auto visit = [&](const ForcedPosition& at, std::span<const float> logits) {
    std::copy(logits.begin(), logits.end(),
              rows[at.prompt]->begin() + static_cast<ptrdiff_t>(at.position * vocabulary()));
  };
  auto status = force_texts(engine_, pool_, forced, options_, visit, "panel", observer);
  if (!status)  // rows that were not filled must not be found later
    for (const PanelPrompt* prompt : prompts) kept_.erase(prompt->item);
  return status;
}

std::span<const float> PanelReference::row(const PanelItem& item, size_t position) const {
  const auto kept = kept_.find(&item);
  const std::vector<float>& rows = kept != kept_.end() ? kept->second : passing_.at(&item);
  return std::span(rows).subspan(position * vocabulary(), vocabulary());
}

}  // namespace rung
