#include "text/bpe.h"

#include "text/utf8.h"

namespace rung {
namespace {

/// GPT-2's table (encoder.py, bytes_to_unicode): printable Latin-1 stands for itself, the other 68 bytes for U+0100 on.
struct ByteCharacters {
  std::array<std::string, 256> of_byte;
  std::array<int16_t, 0x144> byte_of{};  ///< by character; -1: none

  ByteCharacters() {
    byte_of.fill(-1);
    char32_t spare = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const bool printable = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
      const char32_t point = printable ? static_cast<char32_t>(byte) : spare++;
      append_utf8(point, of_byte[byte]);
      byte_of[point] = static_cast<int16_t>(byte);
    }
  }
};

const ByteCharacters& byte_characters() {
  static const ByteCharacters table;
  return table;
}

uint64_t pair_key(Token left, Token right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

}  // namespace

std::string bpe_piece(std::string_view token_text) {
  const ByteCharacters& table = byte_characters();
  std::string piece;
  while (!token_text.empty()) {
    const Utf8Step step = utf8_step(token_text);
    const bool known =
        step.kind == Utf8Kind::kValid && step.point < table.byte_of.size() && table.byte_of[step.point] >= 0;
    if (known) {
      piece.push_back(static_cast<char>(table.byte_of[step.point]));
    } else {
      piece.append(token_text.substr(0, step.bytes));
    }
    token_text.remove_prefix(step.bytes);
  }
  return piece;
}

ByteLevelBpe::ByteLevelBpe(const Vocabulary& vocab, Pretokenizer pretokenizer)
    : vocab_(&vocab), pretokenizer_(std::move(pretokenizer)) {
  for (size_t byte = 0; byte < 256; ++byte) byte_tokens_[byte] = vocab.find(byte_characters().of_byte[byte]);
}

Result<ByteLevelBpe> ByteLevelBpe::create(const Vocabulary& vocab, const TokenizerSpec& spec) {
  const PretokenizeRule* rule = find_pretokenize_rule(spec.pre);
  if (!rule) {
    return input_error("tokenizer.ggml.pre: splitting rule \"{}\" is not known; known are {}", spec.pre,
                       pretokenize_rule_names());
  }
  RUNG_TRY(Pretokenizer pretokenizer, Pretokenizer::create(*rule));
  ByteLevelBpe bpe(vocab, std::move(pretokenizer));
  bpe.ignore_merges_ = spec.ignore_merges || rule->ignore_merges;
  RUNG_CHECK(bpe.add_merges(spec.merges));
  return bpe;
}

Status ByteLevelBpe::add_merges(const std::vector<std::string>& merges) {
  merges_.reserve(merges.size());
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string& merge = merges[rank];
    const size_t space = merge.find(' ', 1);
    if (space == std::string::npos || space + 1 == merge.size()) {
      return input_error("tokenizer.ggml.merges: entry {} is \"{}\", not two tokens with a space between", rank, merge);
    }
    const std::string left = merge.substr(0, space), right = merge.substr(space + 1);
    const Token left_token = vocab_->find(left), right_token = vocab_->find(right), whole = vocab_->find(left + right);
    if (left_token == kNoToken || right_token == kNoToken || whole == kNoToken) {
      return input_error("tokenizer.ggml.merges: entry {} is \"{}\", but the vocabulary lacks \"{}\"", rank, merge,
                         left_token == kNoToken    ? left
                         : right_token == kNoToken ? right
                                                   : left + right);
    }
    merges_.try_emplace(pair_key(left_token, right_token), BpeMerge{static_cast<double>(rank), whole});
  }
  return {};
}

void ByteLevelBpe::encode(std::string_view text, std::vector<Token>& out) const {
  const auto propose = [&](const BpeSymbol& left, const BpeSymbol& right) -> std::optional<BpeMerge> {
    const auto found = merges_.find(pair_key(left.token, right.token));
    if (found == merges_.end()) return std::nullopt;
    return found->second;
  };
  const auto emit = [&](const BpeSymbol& symbol) {
    const Token token = symbol.token != kNoToken ? symbol.token : vocab_->unknown();
    if (token != kNoToken) out.push_back(token);
  };
  BpeMerger merger;
  std::string written;
  for (const std::string_view piece : pretokenizer_.split(text)) {
    if (ignore_merges_) {
      written.clear();
      for (const char byte : piece) written += byte_characters().of_byte[static_cast<uint8_t>(byte)];
      if (const Token whole = vocab_->find(written); whole != kNoToken) {
        out.push_back(whole);
        continue;
      }
    }
    merger.clear();
    for (size_t at = 0; at < piece.size(); ++at) {
      merger.add(static_cast<uint32_t>(at), 1, byte_tokens_[static_cast<uint8_t>(piece[at])]);
    }
    merger.run(propose, emit);
  }
}

}  // namespace rung
