// Panels as folders of JSON Lines files, such as read_panel() reads (measure/panel_items.h).
#pragma once

#include <filesystem>
#include <vector>

#include "measure/panel_items.h"

namespace rung {

/// One line of a file, without its end.
std::string panel_line(const PanelItem& item);

/// FOLDER/CAPABILITY.jsonl for each; the folder is made where it is missing. Each file appears whole or not at all.
/// Fails where the folder holds .jsonl files of other capabilities: read_panel() would take them as part of it.
Status write_panel(const std::vector<Capability>& panel, const std::filesystem::path& folder);

}  // namespace rung
