#include "measure/panel.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/grader.h"

namespace rung {

Result<std::vector<AskedCapability>> render_panel(const std::vector<Capability>& panel, const ModelText& text,
                                                  size_t items) {
  std::vector<AskedCapability> asked;
  for (const Capability& capability : panel) {
    AskedCapability result{capability.name, capability.items.size(), {}};
    const size_t count = items == 0 ? capability.items.size() : std::min(items, capability.items.size());
    for (size_t index = 0; index < count; ++index) {
      const PanelItem& item = capability.items[index];
      if (!item.messages) {
        result.prompts.push_back({&item, text.tokenizer.encode(item.prompt, true, false)});
        continue;
      }
      const auto rendered = text.render_chat(*item.messages, item.tools.get(), true);
      if (!rendered)
        return input_error("panel item {}: the model's chat template cannot render it: {}", item.id,
                           rendered.error().message);
      result.prompts.push_back({&item, text.encode_chat(*rendered)});
    }
    asked.push_back(std::move(result));
  }
  return asked;
}

Result<std::vector<std::string>> answer_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const ModelText& text, const std::vector<AskedCapability>& panel,
                                              const GenerateOptions& options, Observer& observer) {
  std::vector<std::vector<Token>> prompts;
  for (const AskedCapability& capability : panel)
    for (const PanelPrompt& prompt : capability.prompts) prompts.push_back(prompt.tokens);
  const auto ends = [&](Token token) { return text.tokenizer.ends_generation(token); };
  RUNG_TRY(const auto answers, generate(engine, pool, ends, prompts, options, "panel", observer));
  std::vector<std::string> right;
  size_t next = 0;
  for (const AskedCapability& capability : panel) {
    right.emplace_back();
    for (const PanelPrompt& prompt : capability.prompts)
      right.back() += grade(*prompt.item, text.tokenizer.decode(answers[next++], false)) ? '1' : '0';
  }
  return right;
}

}  // namespace rung
