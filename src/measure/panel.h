// A panel put to a model: every item rendered with the model's own chat template, answered greedily, graded.
#pragma once

#include <string>
#include <vector>

#include "measure/generate.h"
#include "measure/panel_items.h"
#include "model/model_text.h"

namespace rung {

/// One item ready to be asked.
struct PanelPrompt {
  const PanelItem* item = nullptr;
  std::vector<Token> tokens;
};

struct AskedCapability {
  std::string name;
  size_t of = 0;  ///< items in the file; prompts may be fewer
  std::vector<PanelPrompt> prompts;
};

/// The first `items` of each capability (0: all), rendered. The panel outlives the result. Errors name the item.
Result<std::vector<AskedCapability>> render_panel(const std::vector<Capability>& panel, const ModelText& text,
                                                  size_t items);

/// One '1' (right) or '0' an item, for each capability. Reports progress in items.
Result<std::vector<std::string>> answer_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const ModelText& text, const std::vector<AskedCapability>& panel,
                                              const GenerateOptions& options, Observer& observer);

}  // namespace rung
