// A panel put to a model: every item rendered with the model's own chat template, answered greedily, graded. An answer
// is generated only where it has to be: one prefill of prompt and gold text decides items that have one right text, and
// tells of the others how far the answer is known (answer_path.h). The verdicts are those of plain generation to the
// last item, because the model runs with Batching::kInvariant. docs/scoring.md has the definitions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measure/generate.h"
#include "measure/item_score.h"
#include "measure/panel_items.h"
#include "model/model_text.h"

namespace rung {

class PanelReference;

/// One item ready to be asked. Tokens of texts are cut as they follow the prompt.
struct PanelPrompt {
  const PanelItem* item = nullptr;
  std::vector<Token> tokens;
  std::vector<Token> gold = {};                  ///< of the gold text; empty where the item has none
  std::vector<std::vector<Token>> choices = {};  ///< of a kChoice item
  /// The whole greedy answer of the reference, once it is known.
  std::optional<std::vector<Token>> reference_answer = {};
};

struct AskedCapability {
  std::string name;
  size_t of = 0;  ///< items in the file; prompts may be fewer
  std::vector<PanelPrompt> prompts;
};

/// The first `items` of each capability (0: all), rendered. The panel outlives the result. Errors name the item.
Result<std::vector<AskedCapability>> render_panel(const std::vector<Capability>& panel, const ModelText& text,
                                                  size_t items);

struct PanelOptions {
  GenerateOptions generate;
  PanelReference* reference = nullptr;  ///< what divergences are measured from; may be null
  bool whole_answers = false;           ///< generates also what is wrong for certain: every answer is known then
};

/// For each capability, the items in the order of its prompts. Any part of a panel may be asked: an item's score does
/// not depend on the others, nor on the number of threads. Reports progress as stage "panel".
Result<std::vector<CapabilityScores>> score_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                  const ModelText& text, const std::vector<AskedCapability>& panel,
                                                  const PanelOptions& options, Observer& observer);

/// Of the scores only whether an item is right, and generated.
Result<std::vector<CapabilityScores>> judge_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                  const ModelText& text, const std::vector<AskedCapability>& panel,
                                                  const GenerateOptions& options, Observer& observer);

/// The verdicts alone: one '1' (right) or '0' an item, for each capability.
Result<std::vector<std::string>> answer_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                              const ModelText& text, const std::vector<AskedCapability>& panel,
                                              const GenerateOptions& options, Observer& observer);

}  // namespace rung
