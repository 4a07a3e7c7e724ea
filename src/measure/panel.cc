#include "measure/panel.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/choices.h"
#include "measure/panel_scorer.h"

namespace rung {
namespace {

using Encode = std::function<std::vector<Token>(const std::string&)>;

/// What `after` adds to the tokens of the prompt when both are cut as one text. Where the prompt's own last tokens
/// would change, they stay, and `after` is cut alone.
std::vector<Token> tokens_after(const Tokenizer& tokenizer, const Encode& encode, const std::string& before,
                                const std::vector<Token>& prompt, const std::string& after) {
  const std::vector<Token> whole = encode(before + after);
  if (whole.size() > prompt.size() && std::equal(prompt.begin(), prompt.end(), whole.begin()))
    return {whole.begin() + static_cast<ptrdiff_t>(prompt.size()), whole.end()};
  return tokenizer.encode(after, false, true);
}

/// A text that is right: the item's own, else the answer where that is a text by itself.
std::string gold_text(const PanelItem& item) {
  if (item.gold) return *item.gold;
  const bool is_text = item.grader == Grader::kExact || item.grader == Grader::kShortAnswer;
  if (is_text) return item.answer->get<std::string>();
  return item.grader == Grader::kNumber ? item.answer->dump() : std::string();
}

/// An item that is a conversation, as the chat template writes it.
PanelPrompt make_chat(const PanelItem& item, const ModelText& text, const std::string& rendered) {
  PanelPrompt prompt{&item, text.encode_chat(rendered), {}, {}, std::nullopt};
  const auto encode = [&](const std::string& both) { return text.encode_chat(both); };
  const auto after = [&](const std::string& next) {
    return tokens_after(text.tokenizer, encode, rendered, prompt.tokens, next);
  };
  if (item.grader == Grader::kChoice) {
    for (const auto& choice : *item.choices) prompt.choices.push_back(after(choice.get<std::string>()));
  } else if (const std::string gold = gold_text(item); !gold.empty()) {
    prompt.gold = after(gold);
  }
  return prompt;
}

/// An item that is a text to be continued.
Result<PanelPrompt> make_continuation(const PanelItem& item, const Tokenizer& tokenizer) {
  PanelPrompt prompt{&item, tokenizer.encode(item.prompt, true, false), {}, {}, std::nullopt};
  const auto encode = [&](const std::string& both) { return tokenizer.encode(both, true, false); };
  if (item.grader == Grader::kChoice) {
    auto choices = encode_choices(tokenizer, item.prompt, item.choices->get<std::vector<std::string>>());
    if (!choices) return input_error("panel item {}: {}", item.id, choices.error().message);
    prompt.tokens = std::move(choices->context);
    prompt.choices = std::move(choices->choices);
  } else if (const std::string gold = gold_text(item); !gold.empty()) {
    prompt.gold = tokens_after(tokenizer, encode, item.prompt, prompt.tokens, gold);
  }
  return prompt;
}

Result<PanelPrompt> make_prompt(const PanelItem& item, const ModelText& text) {
  if (!item.messages) return make_continuation(item, text.tokenizer);
  const auto rendered = text.render_chat(*item.messages, item.tools.get(), true);
  if (!rendered)
    return input_error("panel item {}: the model's chat template cannot render it: {}", item.id,
                       rendered.error().message);
  return make_chat(item, text, *rendered);
}

}  // namespace

Result<std::vector<AskedCapability>> render_panel(const std::vector<Capability>& panel, const ModelText& text,
                                                  size_t items) {
  std::vector<AskedCapability> asked;
  for (const Capability& capability : panel) {
    AskedCapability result{capability.name, capability.items.size(), {}};
    const size_t count = items == 0 ? capability.items.size() : std::min(items, capability.items.size());
    for (size_t index = 0; index < count; ++index) {
      const PanelItem& item = capability.items[index];
      RUNG_TRY(auto prompt, make_prompt(item, text));
      result.prompts.push_back(std::move(prompt));
    }
    asked.push_back(std::move(result));
  }
  return asked;
}

Result<std::vector<CapabilityScores>> score_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                  const ModelText& text, const std::vector<AskedCapability>& panel,
                                                  const PanelOptions& options, Observer& observer) {
  return PanelScorer(engine, pool, text, options, PanelScorer::Depth::kScores).run(panel, observer);
}

Result<std::vector<CapabilityScores>> judge_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                  const ModelText& text, const std::vector<AskedCapability>& panel,
                                                  const GenerateOptions& options, Observer& observer) {
  const PanelOptions only{options, nullptr, false};
  return PanelScorer(engine, pool, text, only, PanelScorer::Depth::kVerdicts).run(panel, observer);
}

Result<std::vector<std::string>> answer_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const ModelText& text, const std::vector<AskedCapability>& panel,
                                              const GenerateOptions& options, Observer& observer) {
  RUNG_TRY(const auto scores, judge_panel(engine, pool, text, panel, options, observer));
  std::vector<std::string> right;
  for (const CapabilityScores& capability : scores) right.push_back(capability.right());
  return right;
}

}  // namespace rung
