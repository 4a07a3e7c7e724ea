#include "text/spm.h"

#include "text/utf8.h"

namespace rung {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

std::string mark_spaces(std::string_view text, bool space_prefix) {
  std::string marked(space_prefix ? kSpaceMark : std::string_view());
  marked.reserve(text.size() + text.size() / 2);
  for (const char byte : text) {
    if (byte == ' ') {
      marked.append(kSpaceMark);
    } else {
      marked.push_back(byte);
    }
  }
  return marked;
}

void append_bytes(const Vocabulary& vocab, std::string_view bytes, std::vector<Token>& out) {
  for (const char byte : bytes) {
    Token token = vocab.byte_token(static_cast<uint8_t>(byte));
    if (token == kNoToken) token = vocab.find({&byte, 1});
    if (token == kNoToken) token = vocab.unknown();
    if (token != kNoToken) out.push_back(token);
  }
}

}  // namespace

void spm_encode(const Vocabulary& vocab, std::string_view text, bool space_prefix, std::vector<Token>& out) {
  const std::string marked = mark_spaces(text, space_prefix);
  const std::string_view view = marked;
  BpeMerger merger;
  for (size_t at = 0; at < view.size();) {
    const size_t bytes = utf8_step(view.substr(at)).bytes;  // of a character, or of what is none
    merger.add(static_cast<uint32_t>(at), static_cast<uint32_t>(bytes), vocab.find(view.substr(at, bytes)));
    at += bytes;
  }
  const auto propose = [&](const BpeSymbol& left, const BpeSymbol& right) -> std::optional<BpeMerge> {
    const size_t size = size_t{left.size} + right.size;
    if (size > vocab.longest()) return std::nullopt;
    const Token token = vocab.find(view.substr(left.begin, size));
    if (token == kNoToken) return std::nullopt;
    return BpeMerge{-double{vocab.score(token)}, token};
  };
  merger.run(propose, [&](const BpeSymbol& symbol) {
    if (symbol.token != kNoToken) {
      out.push_back(symbol.token);
    } else {
      append_bytes(vocab, view.substr(symbol.begin, symbol.size), out);
    }
  });
}

std::string spm_piece(std::string_view token_text) {
  std::string piece;
  while (!token_text.empty()) {
    const bool space = token_text.substr(0, kSpaceMark.size()) == kSpaceMark;
    piece.push_back(space ? ' ' : token_text[0]);
    token_text.remove_prefix(space ? kSpaceMark.size() : 1);
  }
  return piece;
}

}  // namespace rung
