#include "measure/chance.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace rung {
namespace {

/// Items of equal answers are answered by the same text; where the answer says what to check, by none.
std::string answer_text(const PanelItem& item) {
  const bool is_checked = item.grader == Grader::kCode || item.grader == Grader::kInstructions;
  if (is_checked || item.grader == Grader::kJsonValid) return "item " + item.id;
  return item.grader == Grader::kNoToolCall || item.answer == nullptr ? "" : item.answer->dump();
}

}  // namespace

double chance_score(std::span<const PanelPrompt> prompts) {
  std::map<std::string, size_t> times;
  double by_choices = 0;
  size_t commonest = 0;
  for (const PanelPrompt& prompt : prompts) {
    commonest = std::max(commonest, ++times[answer_text(*prompt.item)]);
    if (prompt.item->choices) by_choices += 1 / static_cast<double>(prompt.item->choices->size());
  }
  const auto items = static_cast<double>(prompts.size());
  if (prompts.size() < 2) return by_choices / std::max(1.0, items);
  // A panel of one answer alone would leave nothing above chance; it is then no guess to give it.
  const double by_habit = commonest == prompts.size() ? 0 : static_cast<double>(commonest - 1) / (items - 1);
  return std::max(by_choices / items, by_habit);
}

double corrected_score(double score, double chance) { return (score - chance) / (1 - chance); }

}  // namespace rung
