#include "text/tokenizer_vocab.h"

#include <algorithm>

namespace rung {
namespace {

// Names with which models end a turn or an answer, whatever kind their files give them (GGUF has no key for most).
// llama.cpp treats the same names so; U+FF5C and U+2581 stand inside DeepSeek's.
constexpr std::string_view kTurnEnds[] = {"<|eot_id|>",
                                          "<|im_end|>",
                                          "<|end|>",
                                          "<end_of_turn>",
                                          "<|endoftext|>",
                                          "<|end_of_text|>",
                                          "<EOT>",
                                          "_<EOT>",
                                          "[EOT]",
                                          "<\xEF\xBD\x9C"
                                          "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
                                          "<end_of_utterance>"};
constexpr std::string_view kOtherEnds[] = {
    "</s>", "<|eom_id|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>", "[EOS]", "<eos>", "<turn|>", "[e~[",
    // Padding and file separators of fill-in-the-middle models: nothing useful follows them.
    "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>",
    "<reponame>", "<|file_sep|>"};
// Marks of fill-in-the-middle: control tokens although files often call them user-defined.
constexpr std::string_view kControlNames[] = {"<|fim_prefix|>",
                                              "<fim-prefix>",
                                              "<fim_prefix>",
                                              "<PRE>",
                                              "<|fim_suffix|>",
                                              "<fim-suffix>",
                                              "<fim_suffix>",
                                              "<SUF>",
                                              "<|fim_middle|>",
                                              "<fim-middle>",
                                              "<fim_middle>",
                                              "<MID>",
                                              "<\xEF\xBD\x9C"
                                              "fim\xE2\x96\x81"
                                              "begin\xEF\xBD\x9C>",
                                              "<\xEF\xBD\x9C"
                                              "fim\xE2\x96\x81hole\xEF\xBD\x9C>",
                                              "<\xEF\xBD\x9C"
                                              "fim\xE2\x96\x81"
                                              "end\xEF\xBD\x9C>",
                                              "\xE2\x96\x81<PRE>",
                                              "\xE2\x96\x81<SUF>",
                                              "\xE2\x96\x81<MID>"};

}  // namespace

std::optional<uint8_t> byte_of_text(std::string_view text) {
  if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>') return std::nullopt;
  unsigned value = 0;
  for (const char digit : text.substr(3, 2)) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const size_t place = kDigits.find(digit);
    if (place == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(place);
  }
  return static_cast<uint8_t>(value);
}

Vocabulary::Vocabulary(const TokenizerSpec& spec)
    : tokens_(spec.tokens),
      scores_(spec.scores),
      kinds_(spec.tokens.size(), TokenKind::kNormal),
      ends_(spec.tokens.size(), false),
      byte_tokens_(256, kNoToken),
      unknown_(spec.unknown.value_or(kNoToken)) {
  for (size_t id = 0; id < spec.kinds.size(); ++id) kinds_[id] = static_cast<TokenKind>(spec.kinds[id]);
}

Result<std::unique_ptr<const Vocabulary>> Vocabulary::create(const TokenizerSpec& spec) {
  std::unique_ptr<Vocabulary> made(new Vocabulary(spec));
  made->index_.reserve(spec.tokens.size());
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    const std::string& text = made->tokens_[id];
    if (text.empty()) return input_error("tokenizer.ggml.tokens: token {} is empty", id);
    const auto [entry, added] = made->index_.emplace(text, static_cast<Token>(id));
    if (!added) return input_error("tokenizer.ggml.tokens: {} and {} are both \"{}\"", entry->second, id, text);
    made->longest_ = std::max(made->longest_, text.size());
    if (const auto byte = byte_of_text(text)) made->byte_tokens_[*byte] = static_cast<Token>(id);
  }
  made->mark_known_names();
  return std::unique_ptr<const Vocabulary>(std::move(made));
}

void Vocabulary::mark_known_names() {
  const auto mark = [&](std::string_view name, bool ends) {
    const Token token = find(name);
    if (token == kNoToken) return;
    kinds_[static_cast<size_t>(token)] = TokenKind::kControl;
    if (ends) ends_[static_cast<size_t>(token)] = true;
  };
  for (const std::string_view name : kTurnEnds) mark(name, true);
  for (const std::string_view name : kOtherEnds) mark(name, true);
  for (const std::string_view name : kControlNames) mark(name, false);
}

Token Vocabulary::find(std::string_view text) const {
  const auto found = index_.find(text);
  return found == index_.end() ? kNoToken : found->second;
}

std::optional<Token> Vocabulary::end_of_turn_by_name() const {
  for (const std::string_view name : kTurnEnds) {
    if (const Token token = find(name); token != kNoToken) return token;
  }
  return std::nullopt;
}

}  // namespace rung
