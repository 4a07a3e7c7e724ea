// Small vocabularies for the tests of this folder.
#pragma once

#include <fmt/format.h>

#include "text/tokenizer.h"
#include "text/utf8.h"

namespace rung {

/// The 256 byte characters of GPT-2's table, written down as its encoder.py builds it: ids 0-187 are the printable
/// bytes in order, 188-255 the others. Then `more` tokens.
inline TokenizerSpec byte_level_spec(std::vector<std::string> merges, std::vector<std::string> controls = {}) {
  TokenizerSpec spec;
  spec.model = "gpt2";
  spec.pre = "gpt-2";
  std::vector<char32_t> points;
  for (char32_t point = '!'; point <= '~'; ++point) points.push_back(point);
  for (char32_t point = 0xA1; point <= 0xAC; ++point) points.push_back(point);
  for (char32_t point = 0xAE; point <= 0xFF; ++point) points.push_back(point);
  for (char32_t point = 0x100; point < 0x144; ++point) points.push_back(point);
  for (const char32_t point : points) append_utf8(point, spec.tokens.emplace_back());
  for (const std::string& merge : merges) {
    const size_t space = merge.find(' ');
    spec.tokens.push_back(merge.substr(0, space) + merge.substr(space + 1));
  }
  spec.kinds.assign(spec.tokens.size(), static_cast<int32_t>(TokenKind::kNormal));
  for (const std::string& control : controls) {
    spec.tokens.push_back(control);
    spec.kinds.push_back(static_cast<int32_t>(TokenKind::kControl));
  }
  spec.merges = std::move(merges);
  return spec;
}

/// <unk>, <s>, </s>, the 256 byte tokens (ids 3 to 258), then `words` with their scores.
inline TokenizerSpec spm_spec(const std::vector<std::pair<std::string, float>>& words) {
  TokenizerSpec spec;
  spec.model = "llama";
  const auto add = [&](std::string text, float score, TokenKind kind) {
    spec.tokens.push_back(std::move(text));
    spec.scores.push_back(score);
    spec.kinds.push_back(static_cast<int32_t>(kind));
  };
  add("<unk>", 0, TokenKind::kUnknown);
  add("<s>", 0, TokenKind::kControl);
  add("</s>", 0, TokenKind::kControl);
  for (unsigned byte = 0; byte < 256; ++byte) add(fmt::format("<0x{:02X}>", byte), 0, TokenKind::kByte);
  for (const auto& [word, score] : words) add(word, score, TokenKind::kNormal);
  return spec;
}

/// Adds one token of a kind; gives its id.
inline Token add_token(TokenizerSpec& spec, std::string text, TokenKind kind) {
  spec.tokens.push_back(std::move(text));
  spec.kinds.push_back(static_cast<int32_t>(kind));
  if (!spec.scores.empty()) spec.scores.push_back(0);
  return static_cast<Token>(spec.tokens.size() - 1);
}

inline Tokenizer make_tokenizer(TokenizerSpec spec) {
  auto tokenizer = Tokenizer::create(std::move(spec));
  if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
  return std::move(*tokenizer);
}

}  // namespace rung
