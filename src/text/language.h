// Which language a text is written in.
#pragma once

#include <string>
#include <string_view>

namespace rung {

/// ISO 639-1 code ("en", "sw"); empty where the text has no letters or too few to tell. By CLD2, letters' case apart.
std::string detect_language(std::string_view text);

}  // namespace rung
