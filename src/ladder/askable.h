// What of a panel a model can be asked, rendered for it. Left out, with a note for each reason and capability: items
// that its chat template cannot render, items with tools where the template has no place for them or there is none,
// code where nothing can run it, items longer than the context. Without a template the rest is asked in plain text.
#pragma once

#include <string>
#include <vector>

#include "measure/panel.h"

namespace rung {

struct AskablePanel {
  std::vector<Capability> panel;       ///< what can be asked
  std::vector<AskedCapability> asked;  ///< refers to panel; no capability without items
  std::vector<std::string> notes;
};

/// The first `items` of each capability (0: all). context: in tokens; 0: not known.
Result<AskablePanel> askable_panel(std::vector<Capability> panel, size_t items, const ModelText& text, size_t context);

}  // namespace rung
