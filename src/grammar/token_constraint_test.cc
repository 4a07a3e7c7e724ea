#include "grammar/token_constraint.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "text/json_schema.h"
#include "text/tokenizer_for_tests.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

/// The bytes, some words that cross the borders of JSON's parts, and a token that ends the answer.
TokenizerSpec words_spec() {
  TokenizerSpec spec = byte_level_spec({});
  for (const char* word : {"{\"", "\":", "\",", "\"}", "true", "12", "1", "}}", "]}", "name", "\",\"", "e\":", "<tool"})
    if (std::find(spec.tokens.begin(), spec.tokens.end(), word) == spec.tokens.end())
      add_token(spec, word, TokenKind::kNormal);
  spec.eos = add_token(spec, "<end>", TokenKind::kControl);
  return spec;
}

std::shared_ptr<const TokenTrie> trie_of(const Tokenizer& tokenizer) {
  return std::make_shared<const TokenTrie>(TokenTrie::create(tokenizer).value());
}

const char* const kSchema =
    R"({"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}, "on": {"type": "boolean"},
        "n": {"type": "integer", "minimum": 3, "maximum": 15}}, "required": ["name", "on", "n"],
        "additionalProperties": false})";

/// The mask is what one gets by trying each token's bytes.
TEST(TokenConstraint, AllowsTheTokensWhoseBytesLeadOn) {
  const Tokenizer tokenizer = make_tokenizer(words_spec());
  const Grammar grammar = Grammar::of_schema(ordered_json::parse(kSchema)).value();
  const std::string text = R"({"name":"a","on":true,"n":12})";
  TokenConstraint constraint(grammar, trie_of(tokenizer));
  for (size_t length = 0; length <= text.size(); ++length) {
    Automaton automaton(grammar);
    Automaton::State before = automaton.start();
    for (const char byte : text.substr(0, length)) before = automaton.step(before, static_cast<uint8_t>(byte));
    for (Token token = 0; static_cast<size_t>(token) < tokenizer.size(); ++token) {
      Automaton::State state = before;
      for (const char byte : tokenizer.piece(token, false)) state = automaton.step(state, static_cast<uint8_t>(byte));
      const bool expected = token == *tokenizer.eos() ? length == text.size() : state != Automaton::kDead;
      ASSERT_EQ(constraint.allows(token), expected) << text.substr(0, length) << " + " << tokenizer.text(token);
    }
    EXPECT_EQ(constraint.must_end(), length == text.size());
    if (length == text.size()) break;
    EXPECT_TRUE(constraint.accept(tokenizer.encode(text.substr(length, 1), false, false)[0]));
  }
  EXPECT_FALSE(constraint.allows(-1));
  EXPECT_FALSE(constraint.allows(100'000));
}

/// Whatever the model thinks, the answer is valid, and there is always a token.
TEST(TokenConstraint, RandomLogitsGiveValidJson) {
  const Tokenizer tokenizer = make_tokenizer(words_spec());
  const auto vocabulary = trie_of(tokenizer);
  const ordered_json schema = ordered_json::parse(kSchema);
  const Grammar grammar = Grammar::of_schema(schema).value();
  Rng rng(5);
  std::vector<float> logits(tokenizer.size() + 3);
  for (int answer = 0; answer < 50; ++answer) {
    TokenConstraint constraint(grammar, vocabulary);
    std::string text;
    while (!constraint.must_end()) {
      for (float& logit : logits) logit = static_cast<float>(rng.uniform());
      if (answer == 0) std::fill(logits.begin(), logits.end(), std::numeric_limits<float>::quiet_NaN());
      const Token token = constraint.likeliest(logits);
      std::vector<float> masked = logits;
      constraint.apply(masked);
      ASSERT_TRUE(std::isnan(masked[static_cast<size_t>(token)]) || std::isfinite(masked[static_cast<size_t>(token)]));
      EXPECT_TRUE(std::isinf(masked.back())) << "a row without a token";
      ASSERT_TRUE(constraint.accept(token));
      text += tokenizer.piece(token, false);
      ASSERT_LT(text.size(), 500u);
    }
    EXPECT_TRUE(validate_json(ordered_json::parse(text), schema)) << text;
  }
}

TEST(TokenConstraint, VocabulariesThatCannotWriteEverythingAreRefused) {
  TokenizerSpec no_end = byte_level_spec({});
  EXPECT_THAT(TokenTrie::create(make_tokenizer(no_end)).error().message, HasSubstr("no token ends an answer"));
  TokenizerSpec no_brace = words_spec();
  std::replace(no_brace.tokens.begin(), no_brace.tokens.end(), std::string("{"), std::string("{{"));
  EXPECT_THAT(TokenTrie::create(make_tokenizer(no_brace)).error().message, HasSubstr("0x7b"));
}

/// Llama's byte tokens and its marks for spaces.
TEST(TokenConstraint, SentencePieceVocabularies) {
  const Tokenizer tokenizer = make_tokenizer(spm_spec({{"\xE2\x96\x81{", 1}, {"{\"", 1}, {"true", 1}}));
  TokenConstraint constraint(Grammar::of_schema(ordered_json::parse(R"({"const": true})")).value(), trie_of(tokenizer));
  EXPECT_TRUE(constraint.allows(*tokenizer.find("true")));
  EXPECT_TRUE(constraint.allows(*tokenizer.find("<0x74>")));
  EXPECT_FALSE(constraint.allows(*tokenizer.find("{\"")));
  EXPECT_FALSE(constraint.allows(*tokenizer.eos()));
  EXPECT_TRUE(constraint.accept(*tokenizer.find("true")));
  EXPECT_TRUE(constraint.allows(*tokenizer.eos()));
}

/// A tag of calls may be a control token; other control tokens are never written.
TEST(TokenConstraint, MarkersOfCallsMayBeControlTokens) {
  TokenizerSpec spec = words_spec();
  const Token marker = add_token(spec, "<tool_call>", TokenKind::kControl);
  const Token other = add_token(spec, "<|system|>", TokenKind::kControl);
  const Tokenizer tokenizer = make_tokenizer(spec);
  const ordered_json tools = ordered_json::parse(R"([{"type": "function", "function": {"name": "f"}}])");
  TokenConstraint constraint(Grammar::of_tools(tools, {}).value(), trie_of(tokenizer));
  EXPECT_TRUE(constraint.allows(marker));
  EXPECT_FALSE(constraint.allows(other));
  EXPECT_TRUE(constraint.accept(marker));
  EXPECT_FALSE(constraint.allows(*tokenizer.eos()));
  EXPECT_TRUE(constraint.allows(*tokenizer.find("{\"")));
}

/// Long texts with many states: what is forgotten on the way changes nothing.
TEST(Automaton, ForgettingOtherStatesChangesNothing) {
  const Grammar grammar = Grammar::of_schema(ordered_json::parse(kSchema)).value();
  const std::string text = R"({"n":15,"name":"\u00e9bcd","on":false})";
  Automaton whole(grammar), forgetful(grammar);
  Automaton::State one = whole.start(), other = forgetful.start();
  for (const char byte : text) {
    for (unsigned next = 0; next < 256; ++next) {
      const auto here = whole.step(one, static_cast<uint8_t>(next));
      const auto there = forgetful.step(other, static_cast<uint8_t>(next));
      ASSERT_EQ(here == Automaton::kDead, there == Automaton::kDead);
    }
    one = whole.step(one, static_cast<uint8_t>(byte));
    other = forgetful.forget_others(forgetful.step(other, static_cast<uint8_t>(byte)));
    ASSERT_NE(other, Automaton::kDead);
    EXPECT_LE(forgetful.size(), 2u);
  }
  EXPECT_TRUE(whole.may_end(one));
  EXPECT_TRUE(forgetful.may_end(other));
}

}  // namespace
}  // namespace rung
