// Items for models without a chat template: the conversation as questions and answers in plain text, to be continued.
#pragma once

#include "measure/panel_items.h"

namespace rung {

/// The item as a text to be continued. Items with tools cannot be asked so; those that have a text already stay.
PanelItem without_template(const PanelItem& item);

}  // namespace rung
