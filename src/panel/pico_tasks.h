// Fresh items for pico, the shipped model, in the words and the range of numbers that it was trained on; only such as
// its training held out. They have no levels. The rules of the wording are those of pico's own generator of tasks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "measure/panel_items.h"
#include "panel/draw.h"

namespace rung {

/// Names of the capabilities, sorted: as in the panel beside the model.
std::vector<std::string_view> pico_capabilities();

/// An item complete but for its id.
PanelItem draw_pico_item(std::string_view capability, Draw& draw);

/// Whether pico's training held out the task with this key: parts joined by '|', as Python's str() writes them.
bool is_held_out_of_pico(std::string_view key);

}  // namespace rung
