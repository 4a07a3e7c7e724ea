// The texts around tool calls.
#pragma once

#include <array>
#include <string_view>

namespace rung {

inline constexpr std::string_view kCallOpen = "<tool_call>", kCallClose = "</tool_call>", kCallList = "[TOOL_CALLS]";
/// They may be control tokens of a vocabulary, which else are never written.
inline constexpr std::array<std::string_view, 3> kToolCallMarkers = {kCallOpen, kCallClose, kCallList};

}  // namespace rung
