// Whether an answer is right. Answers are a model's text: any bytes are allowed, a malformed answer is wrong.
#pragma once

#include <string_view>

#include "measure/panel_items.h"

namespace rung {

bool grade(const PanelItem& item, std::string_view answer);

}  // namespace rung
