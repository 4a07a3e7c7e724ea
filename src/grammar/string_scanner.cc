#include "grammar/string_scanner.h"

#include <string_view>

namespace rung {
namespace {

bool is_in(uint8_t byte, uint8_t first, uint8_t last) { return byte >= first && byte <= last; }

std::optional<TextState> when(bool condition, TextState state) {
  return condition ? std::optional<TextState>(state) : std::nullopt;
}

std::optional<TextState> first_of_character(uint8_t byte) {
  if (byte < 0x80) return TextState::kText;
  if (byte == 0xE0) return TextState::kAfterE0;
  if (byte == 0xED) return TextState::kAfterED;
  if (byte == 0xF0) return TextState::kAfterF0;
  if (byte == 0xF4) return TextState::kAfterF4;
  if (is_in(byte, 0xC2, 0xDF)) return TextState::kOneMore;
  if (is_in(byte, 0xE1, 0xEF)) return TextState::kTwoMore;
  return when(is_in(byte, 0xF1, 0xF3), TextState::kThreeMore);
}

bool is_hex(uint8_t byte) { return is_in(byte, '0', '9') || is_in(byte, 'a', 'f') || is_in(byte, 'A', 'F'); }

bool is_one_of(uint8_t byte, std::string_view set) {
  return set.find(static_cast<char>(byte)) != std::string_view::npos;
}

std::optional<TextState> next_in_escape(TextState state, uint8_t byte) {
  switch (state) {
    case TextState::kEscape:
      if (byte == 'u') return TextState::kHex1;
      return when(is_one_of(byte, "\"\\/bfnrt"), TextState::kText);
    case TextState::kHex1:
      if (is_one_of(byte, "dD")) return TextState::kHexD;
      return when(is_hex(byte), TextState::kHex2);
    case TextState::kHex2:
      return when(is_hex(byte), TextState::kHex3);
    case TextState::kHex3:
      return when(is_hex(byte), TextState::kHex4);
    case TextState::kHex4:
      return when(is_hex(byte), TextState::kText);
    case TextState::kHexD:
      if (is_in(byte, '0', '7')) return TextState::kHex3;
      return when(is_one_of(byte, "89abAB"), TextState::kHigh3);
    case TextState::kHigh3:
      return when(is_hex(byte), TextState::kHigh4);
    case TextState::kHigh4:
      return when(is_hex(byte), TextState::kLowSlash);
    case TextState::kLowSlash:
      return when(byte == '\\', TextState::kLowU);
    case TextState::kLowU:
      return when(byte == 'u', TextState::kLow1);
    case TextState::kLow1:
      return when(is_one_of(byte, "dD"), TextState::kLow2);
    case TextState::kLow2:
      return when(is_one_of(byte, "cdefCDEF"), TextState::kHex3);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<TextState> next_in_utf8(TextState state, uint8_t byte) {
  switch (state) {
    case TextState::kText:
      return first_of_character(byte);
    case TextState::kOneMore:
      return when(is_in(byte, 0x80, 0xBF), TextState::kText);
    case TextState::kTwoMore:
      return when(is_in(byte, 0x80, 0xBF), TextState::kOneMore);
    case TextState::kThreeMore:
      return when(is_in(byte, 0x80, 0xBF), TextState::kTwoMore);
    case TextState::kAfterE0:
      return when(is_in(byte, 0xA0, 0xBF), TextState::kOneMore);
    case TextState::kAfterED:
      return when(is_in(byte, 0x80, 0x9F), TextState::kOneMore);
    case TextState::kAfterF0:
      return when(is_in(byte, 0x90, 0xBF), TextState::kTwoMore);
    case TextState::kAfterF4:
      return when(is_in(byte, 0x80, 0x8F), TextState::kTwoMore);
    default:
      return std::nullopt;
  }
}

std::optional<TextState> next_in_string(TextState state, uint8_t byte) {
  if (state >= TextState::kEscape) return next_in_escape(state, byte);
  if (state == TextState::kText && (byte < 0x20 || byte == '"')) return std::nullopt;
  if (state == TextState::kText && byte == '\\') return TextState::kEscape;
  return next_in_utf8(state, byte);
}

std::optional<TextState> next_in_name(TextState state, uint8_t byte) {
  if (state == TextState::kEscape && (byte == 'u' || byte == '/')) return std::nullopt;
  return next_in_string(state, byte);
}

}  // namespace rung
