// Names of types, units and words are compared in any case: ASCII's letters alone, whatever the locale.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace rung {

/// Other bytes stay as they are.
inline std::string lower_case(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; });
  return result;
}

}  // namespace rung
