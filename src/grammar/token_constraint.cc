#include "grammar/token_constraint.h"

#include <algorithm>
#include <limits>

#include "grammar/tool_grammar.h"

namespace rung {
namespace {

/// Beyond, what was seen is forgotten: some 100 MB of rows and masks.
constexpr size_t kMaxStates = 100'000, kMaxMaskBits = size_t{1} << 29;

/// What may have to be written: ASCII that JSON leaves as it is, and all bytes of longer characters.
bool is_needed(unsigned byte) { return (byte >= 0x20 && byte < 0xC0) || (byte >= 0xC2 && byte <= 0xF4); }

std::string bytes_of(const Tokenizer& tokenizer, Token token) {
  if (tokenizer.ends_generation(token)) return {};
  const std::string& stored = tokenizer.text(token);
  const bool is_marker = tokenizer.kind(token) == TokenKind::kControl &&
                         std::find(kToolCallMarkers.begin(), kToolCallMarkers.end(), stored) != kToolCallMarkers.end();
  return is_marker ? stored : tokenizer.piece(token, false);
}

}  // namespace

Result<TokenTrie> TokenTrie::create(const Tokenizer& tokenizer) {
  TokenTrie result;
  std::vector<Token> tokens;
  std::vector<bool> has_token(256);
  for (Token token = 0; static_cast<size_t>(token) < tokenizer.size(); ++token) {
    if (tokenizer.ends_generation(token)) result.ending_.push_back(token);
    result.bytes_.push_back(bytes_of(tokenizer, token));
    const std::string& bytes = result.bytes_.back();
    if (!bytes.empty()) tokens.push_back(token);
    if (bytes.size() == 1) has_token[static_cast<uint8_t>(bytes[0])] = true;
  }
  for (unsigned byte = 0; byte < 256; ++byte)
    if (is_needed(byte) && !has_token[byte])
      return input_error("tokenizer: no token is the byte 0x{:02x} alone, so answers cannot be constrained", byte);
  if (result.ending_.empty())
    return input_error("tokenizer: no token ends an answer (EOS, EOT), so answers cannot be constrained");
  std::sort(tokens.begin(), tokens.end(), [&](Token one, Token other) {
    const int order = result.bytes(one).compare(result.bytes(other));
    return order != 0 ? order < 0 : one < other;
  });
  std::vector<std::string> sorted;
  sorted.reserve(tokens.size());
  for (const Token token : tokens) sorted.push_back(result.bytes(token));
  result.trie_ = ByteTrie(sorted);
  result.tokens_ = std::move(tokens);
  return result;
}

TokenConstraint::TokenConstraint(Grammar grammar, std::shared_ptr<const TokenTrie> vocabulary)
    : vocabulary_(std::move(vocabulary)), automaton_(std::move(grammar)), state_(automaton_.start()) {}

const TokenConstraint::Mask& TokenConstraint::mask() {
  if (const auto found = masks_.find(state_); found != masks_.end()) return found->second;
  if (automaton_.size() > kMaxStates || masks_.size() * vocabulary_->size() > kMaxMaskBits) {
    state_ = automaton_.forget_others(state_);
    masks_.clear();
  }
  Mask mask(vocabulary_->size());
  const ByteTrie& trie = vocabulary_->trie();
  std::vector<std::pair<uint32_t, Automaton::State>> waiting = {{ByteTrie::kRoot, state_}};
  while (!waiting.empty()) {
    const auto [place, state] = waiting.back();
    waiting.pop_back();
    const ByteTrie::Node& node = trie.node(place);
    for (uint32_t index = node.first; index < node.longer; ++index)
      mask[static_cast<size_t>(vocabulary_->tokens()[index])] = true;
    for (const ByteTrie::Edge& edge : trie.edges(place))
      if (const auto next = automaton_.step(state, edge.byte); next != Automaton::kDead)
        waiting.emplace_back(edge.node, next);
  }
  if (automaton_.may_end(state_))
    for (const Token token : vocabulary_->ending()) mask[static_cast<size_t>(token)] = true;
  return masks_.emplace(state_, std::move(mask)).first->second;
}

void TokenConstraint::apply(std::span<float> logits) {
  const Mask& allowed = mask();
  for (size_t token = 0; token < logits.size(); ++token)
    if (token >= allowed.size() || !allowed[token]) logits[token] = -std::numeric_limits<float>::infinity();
}

/// Whatever the logits are, NaN too, the token is an allowed one.
Token TokenConstraint::likeliest(std::span<const float> logits) {
  const Mask& allowed = mask();
  size_t best = SIZE_MAX;
  for (size_t token = 0; token < std::min(logits.size(), allowed.size()); ++token)
    if (allowed[token] && (best == SIZE_MAX || logits[token] > logits[best])) best = token;
  return static_cast<Token>(best);
}

Token TokenConstraint::accept_likeliest(std::span<const float> logits) {
  const Token token = likeliest(logits);
  accept(token);
  return token;
}

bool TokenConstraint::allows(Token token) {
  return token >= 0 && static_cast<size_t>(token) < vocabulary_->size() && mask()[static_cast<size_t>(token)];
}

bool TokenConstraint::accept(Token token) {
  if (!allows(token)) return false;
  for (const char byte : vocabulary_->bytes(token)) state_ = automaton_.step(state_, static_cast<uint8_t>(byte));
  return true;
}

}  // namespace rung
