#include "measure/item_score.h"

#include <algorithm>

namespace rung {

AnswerKind answer_kind(const Tokenizer& tokenizer, Token token) {
  if (tokenizer.ends_generation(token)) return AnswerKind::kEnd;
  const TokenKind kind = tokenizer.kind(token);
  if (kind == TokenKind::kControl || kind == TokenKind::kUserDefined) return AnswerKind::kMarks;
  const std::string piece = tokenizer.piece(token, false);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  if (std::any_of(piece.begin(), piece.end(), is_digit)) return AnswerKind::kDigits;
  return std::any_of(piece.begin(), piece.end(), is_letter) ? AnswerKind::kWords : AnswerKind::kMarks;
}

std::string_view answer_kind_name(AnswerKind kind) {
  switch (kind) {
    case AnswerKind::kDigits:
      return "digits";
    case AnswerKind::kMarks:
      return "marks";
    case AnswerKind::kWords:
      return "words";
    case AnswerKind::kEnd:
      break;
  }
  return "end";
}

std::string CapabilityScores::right() const {
  std::string result;
  for (const ItemScore& item : items) result += item.right ? '1' : '0';
  return result;
}

}  // namespace rung
