// Byte by byte through text: UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) and the inside
// of a JSON string (RFC 8259, section 7; a \u escape of a surrogate only as half of a pair). Pure functions of a state.
#pragma once

#include <cstdint>
#include <optional>

namespace rung {

/// What the next byte may be. kText is between characters; from every state kText can be reached.
enum class TextState : uint8_t {
  kText,
  kOneMore,    ///< a continuation byte ends the character
  kTwoMore,    ///< two of them
  kThreeMore,  ///< three
  kAfterE0,    ///< A0 to BF, then one
  kAfterED,    ///< 80 to 9F, then one
  kAfterF0,    ///< 90 to BF, then two
  kAfterF4,    ///< 80 to 8F, then two
  kEscape,     ///< after a backslash
  kHex1,       ///< four hexadecimal digits, no surrogate
  kHex2,       ///< three more, any
  kHex3,
  kHex4,
  kHexD,   ///< after \uD: 0 to 7 is no surrogate, 8 to B a high one
  kHigh3,  ///< two more of a high surrogate
  kHigh4,
  kLowSlash,  ///< the low one must follow
  kLowU,
  kLow1,
  kLow2,
};

/// Plain text, any characters. Nothing where the byte cannot come here.
std::optional<TextState> next_in_utf8(TextState state, uint8_t byte);
/// Inside a JSON string; the quote that ends it is not for this function.
std::optional<TextState> next_in_string(TextState state, uint8_t byte);
/// The same without \u escapes, so that every text without control characters is written in one way.
std::optional<TextState> next_in_name(TextState state, uint8_t byte);

}  // namespace rung
