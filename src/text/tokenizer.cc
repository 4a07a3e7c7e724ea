#include "text/tokenizer.h"

#include <cmath>
#include <limits>

#include "text/bpe.h"
#include "text/spm.h"
#include "text/tokenizer_specials.h"
#include "text/tokenizer_vocab.h"

namespace rung {
namespace {

// Offsets inside a text are 32-bit and spaces may take three bytes, so more is cut here (which no real prompt reaches).
constexpr size_t kMaxRunBytes = size_t{1} << 28;

Status check_id(std::string_view field, std::optional<Token> id, size_t count) {
  if (!id || (*id >= 0 && static_cast<size_t>(*id) < count)) return {};
  return input_error("tokenizer.ggml.{}_token_id: {} is not one of the {} tokens", field, *id, count);
}

/// llama.cpp's ids for files that give none.
void fill_llama_defaults(TokenizerSpec& spec) {
  const auto fill = [&](std::optional<Token>& id, Token usual) {
    if (!id && static_cast<size_t>(usual) < spec.tokens.size()) id = usual;
  };
  fill(spec.unknown, 0);
  fill(spec.bos, 1);
  fill(spec.eos, 2);
}

std::string piece_of(const Vocabulary& vocab, Token token, bool byte_level) {
  const std::string& text = vocab.text(token);
  switch (vocab.kind(token)) {
    case TokenKind::kNormal:
      return byte_level ? bpe_piece(text) : spm_piece(text);
    case TokenKind::kByte:
      if (const auto byte = byte_of_text(text)) return std::string(1, static_cast<char>(*byte));
      return text;
    case TokenKind::kUnused:
      return {};
    case TokenKind::kUnknown:
    case TokenKind::kControl:
    case TokenKind::kUserDefined:
      break;
  }
  return text;
}

}  // namespace

Status check_tokenizer_spec(const TokenizerSpec& spec) {
  const size_t count = spec.tokens.size();
  if (count > static_cast<size_t>(std::numeric_limits<Token>::max())) {
    return input_error("tokenizer.ggml.tokens: {} tokens, allowed are {}", count, std::numeric_limits<Token>::max());
  }
  if (!spec.scores.empty() && spec.scores.size() != count) {
    return input_error("tokenizer.ggml.scores: {} entries for {} tokens", spec.scores.size(), count);
  }
  if (!spec.kinds.empty() && spec.kinds.size() != count) {
    return input_error("tokenizer.ggml.token_type: {} entries for {} tokens", spec.kinds.size(), count);
  }
  for (size_t id = 0; id < spec.scores.size(); ++id) {
    if (std::isnan(spec.scores[id])) return input_error("tokenizer.ggml.scores: entry {} is not a number", id);
  }
  for (size_t id = 0; id < spec.kinds.size(); ++id) {
    if (spec.kinds[id] < 1 || spec.kinds[id] > 6) {
      return input_error("tokenizer.ggml.token_type: entry {} is {}, allowed are 1 to 6", id, spec.kinds[id]);
    }
  }
  RUNG_CHECK(check_id("bos", spec.bos, count));
  RUNG_CHECK(check_id("eos", spec.eos, count));
  RUNG_CHECK(check_id("eot", spec.eot, count));
  return check_id("unknown", spec.unknown, count);
}

struct Tokenizer::Impl {
  Impl(std::unique_ptr<const Vocabulary> vocabulary, std::optional<ByteLevelBpe> byte_level)
      : vocab(std::move(vocabulary)), specials(*vocab), bpe(std::move(byte_level)) {
    pieces.reserve(vocab->size());
    for (Token token = 0; vocab->has(token); ++token) pieces.push_back(piece_of(*vocab, token, bpe.has_value()));
  }

  void encode_run(std::string_view run, bool after_special, std::vector<Token>& out) const {
    for (size_t at = 0; at < run.size(); at += kMaxRunBytes) {
      const std::string_view part = run.substr(at, kMaxRunBytes);
      if (bpe) {
        bpe->encode(part, out);
      } else {
        spm_encode(*vocab, part, add_space_prefix && after_special && at == 0, out);
      }
    }
  }

  std::unique_ptr<const Vocabulary> vocab;
  SpecialTokens specials;
  std::optional<ByteLevelBpe> bpe;  // else SentencePiece
  std::vector<std::string> pieces;  // by token, control tokens written out
  std::optional<Token> bos, eos, eot;
  bool add_bos = false, add_eos = false, add_space_prefix = false;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Result<Tokenizer> Tokenizer::create(TokenizerSpec spec) {
  const bool spm = spec.model == "llama";
  if (!spm && spec.model != "gpt2") {
    return input_error("tokenizer.ggml.model: \"{}\" is not supported, only \"llama\" and \"gpt2\" are", spec.model);
  }
  if (spec.tokens.empty()) return input_error("tokenizer.ggml.tokens: the vocabulary is empty");
  RUNG_CHECK(check_tokenizer_spec(spec));
  if (spm) fill_llama_defaults(spec);
  RUNG_TRY(auto vocab, Vocabulary::create(spec));
  std::optional<ByteLevelBpe> bpe;
  if (!spm) {
    RUNG_TRY(bpe, ByteLevelBpe::create(*vocab, spec));
  }
  const bool usually_adds_bos = spm || bpe->adds_bos();
  auto impl = std::make_unique<Impl>(std::move(vocab), std::move(bpe));
  impl->bos = spec.bos;
  impl->eos = spec.eos;
  impl->eot = spec.eot ? spec.eot : impl->vocab->end_of_turn_by_name();
  impl->add_bos = spec.bos && spec.add_bos.value_or(usually_adds_bos);
  impl->add_eos = spec.eos && spec.add_eos.value_or(false);
  impl->add_space_prefix = spm && spec.add_space_prefix.value_or(true);
  return Tokenizer(std::move(impl));
}

std::vector<Token> Tokenizer::encode(std::string_view text, bool add_special, bool parse_special) const {
  std::vector<Token> out;
  if (add_special && impl_->add_bos) out.push_back(*impl_->bos);
  bool after_special = true;  // the start of the text counts as such (llama.cpp's rule for the space prefix)
  for (const TextFragment& fragment : impl_->specials.split(text, parse_special)) {
    if (fragment.special == kNoToken) {
      impl_->encode_run(fragment.text, after_special, out);
    } else {
      out.push_back(fragment.special);
    }
    after_special = fragment.special != kNoToken;
  }
  if (add_special && impl_->add_eos) out.push_back(*impl_->eos);
  return out;
}

std::string Tokenizer::piece(Token token, bool special) const { return decode({&token, 1}, special); }

std::string Tokenizer::decode(std::span<const Token> tokens, bool special) const {
  std::string text;
  for (const Token token : tokens) {
    if (!impl_->vocab->has(token)) continue;
    const TokenKind kind = impl_->vocab->kind(token);
    const bool silent = kind == TokenKind::kControl || kind == TokenKind::kUnknown;
    if (special || !silent) text += impl_->pieces[static_cast<size_t>(token)];
  }
  return text;
}

size_t Tokenizer::size() const { return impl_->vocab->size(); }
std::optional<Token> Tokenizer::bos() const { return impl_->bos; }
std::optional<Token> Tokenizer::eos() const { return impl_->eos; }
std::optional<Token> Tokenizer::eot() const { return impl_->eot; }
bool Tokenizer::adds_bos() const { return impl_->add_bos; }

bool Tokenizer::ends_generation(Token token) const {
  if (!impl_->vocab->has(token)) return false;
  return token == impl_->eos || token == impl_->eot || impl_->vocab->ends_generation(token);
}

std::optional<Token> Tokenizer::find(std::string_view token_text) const {
  const Token token = impl_->vocab->find(token_text);
  return token == kNoToken ? std::nullopt : std::optional<Token>(token);
}

TokenKind Tokenizer::kind(Token token) const {
  return impl_->vocab->has(token) ? impl_->vocab->kind(token) : TokenKind::kUnused;
}

const std::string& Tokenizer::text(Token token) const {
  static const std::string kNone;
  return impl_->vocab->has(token) ? impl_->vocab->text(token) : kNone;
}

}  // namespace rung
