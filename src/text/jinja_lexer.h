// Cuts a template's source into tokens by Jinja's rules with trim_blocks and lstrip_blocks on: the newline after a
// block or comment goes, as does white space before one on its line; "-" strips further, "+" forbids stripping; one
// newline at the end of the source goes. Errors name the line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung::jinja {

enum class TokenType {
  kData,
  kPrintBegin,
  kPrintEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kOperator,
  kEnd
};

struct Token {
  TokenType type = TokenType::kEnd;
  std::string text;     ///< data, name, decoded string, or operator
  int64_t integer = 0;  ///< of kInteger
  double real = 0;      ///< of kFloat
  int line = 1;

  bool is_name(std::string_view name) const { return type == TokenType::kName && text == name; }
  bool is_operator(std::string_view symbol) const { return type == TokenType::kOperator && text == symbol; }
};

/// The last token is kEnd.
Result<std::vector<Token>> tokenize(std::string_view source);
/// For messages: "'name'", "end of template" ...
std::string describe(const Token& token);

}  // namespace rung::jinja
