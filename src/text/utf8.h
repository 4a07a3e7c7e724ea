// UTF-8, strictly as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rung {

enum class Utf8Kind { kValid, kBroken, kIncomplete };

struct Utf8Step {
  Utf8Kind kind = Utf8Kind::kBroken;
  size_t bytes = 0;    ///< valid: of the character; broken: of the part to replace by one U+FFFD; else all that is left
  char32_t point = 0;  ///< the character if valid
};

/// Looks at the start of a text that is not empty. kIncomplete: more bytes could still make it a character. A broken
/// part is as long as Unicode's "maximal subpart" (Unicode 15, section 3.9), so results do not depend on how a stream
/// is cut.
Utf8Step utf8_step(std::string_view text);

bool is_utf8(std::string_view text);

void append_utf8(char32_t point, std::string& out);

}  // namespace rung
