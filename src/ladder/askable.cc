#include "ladder/askable.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "measure/sandbox.h"
#include "panel/plain_prompt.h"

namespace rung {
namespace {

/// Whether the template shows a model the tools that are offered.
bool shows_tools(const PanelItem& item, const ModelText& text) {
  const auto with = text.render_chat(*item.messages, item.tools.get(), true);
  const auto without = text.render_chat(*item.messages, nullptr, true);
  return with && (!without || *with != *without);
}

/// Why the item cannot be asked; empty if it can.
std::string obstacle(const PanelItem& item, const ModelText& text) {
  if (item.grader == Grader::kCode && !python_available())
    return "graded by running code: " + python_available().error().message;
  if (!item.messages) return "";
  if (!text.chat_template) return item.tools ? "the model has no chat template, so no form for tools" : "";
  const auto rendered = text.render_chat(*item.messages, item.tools.get(), true);
  if (!rendered) return "the model's chat template cannot render them: " + rendered.error().message;
  if (item.tools && !shows_tools(item, text)) return "the model's chat template has no place for tools";
  return "";
}

/// Removes from the list what has a reason and counts the reasons.
template <typename Element, typename ReasonOf>
void remove_with_notes(std::vector<Element>& list, std::string_view capability, ReasonOf reason_of,
                       std::vector<std::string>& notes) {
  const size_t before = list.size();
  std::map<std::string, size_t> reasons;
  const auto is_out = [&](const Element& element) {
    const std::string reason = reason_of(element);
    if (!reason.empty()) ++reasons[reason];
    return !reason.empty();
  };
  list.erase(std::remove_if(list.begin(), list.end(), is_out), list.end());
  for (const auto& [reason, count] : reasons)
    notes.push_back(fmt::format("{}: {} of {} items were left out: {}.", capability, count, before, reason));
}

}  // namespace

Result<AskablePanel> askable_panel(std::vector<Capability> panel, size_t items, const ModelText& text, size_t context) {
  AskablePanel result;
  std::vector<size_t> sizes;
  bool is_plain = false;
  for (Capability& capability : panel) {
    sizes.push_back(capability.items.size());
    if (items != 0 && capability.items.size() > items) capability.items.resize(items);
    remove_with_notes(
        capability.items, capability.name, [&](const PanelItem& item) { return obstacle(item, text); }, result.notes);
    if (text.chat_template) continue;
    for (PanelItem& item : capability.items) {
      is_plain = is_plain || item.messages;
      item = without_template(item);
    }
  }
  if (is_plain)
    result.notes.push_back(
        "The model has no chat template, so the panel was asked in plain text, as questions and answers to continue.");
  result.panel = std::move(panel);
  RUNG_TRY(result.asked, render_panel(result.panel, text, 0));
  const auto too_long = [&](const PanelPrompt& prompt) {
    return context != 0 && prompt.tokens.size() + prompt.gold.size() >= context
               ? fmt::format("longer than the model's context of {} tokens", context)
               : "";
  };
  for (size_t index = 0; index < sizes.size(); ++index) result.asked[index].of = sizes[index];
  for (AskedCapability& capability : result.asked)
    remove_with_notes(capability.prompts, capability.name, too_long, result.notes);
  std::erase_if(result.asked, [](const AskedCapability& capability) { return capability.prompts.empty(); });
  return result;
}

}  // namespace rung
