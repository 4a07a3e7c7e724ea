// What both tokenizers share, and each on small vocabularies; whole vocabularies: model/tokenizer_spec_test.cc.
#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "text/tokenizer_for_tests.h"

namespace rung {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kUser = TokenKind::kUserDefined;
constexpr auto kControl = TokenKind::kControl;

std::vector<std::string> texts(const Tokenizer& tokenizer, std::string_view text, bool parse_special = false) {
  std::vector<std::string> found;
  for (const Token token : tokenizer.encode(text, false, parse_special)) found.push_back(tokenizer.text(token));
  return found;
}

std::string error_of(TokenizerSpec spec) {
  const auto tokenizer = Tokenizer::create(std::move(spec));
  return tokenizer ? "no error" : tokenizer.error().message;
}

rc::Gen<std::string> any_utf8() {
  const auto point =
      rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0x80), rc::gen::element<char32_t>(' ', '\n', 0x2581),
                     rc::gen::inRange<char32_t>(0x80, 0xD800), rc::gen::inRange<char32_t>(0xE000, 0x110000));
  return rc::gen::map(rc::gen::container<std::u32string>(point), [](const std::u32string& points) {
    std::string text;
    for (const char32_t each : points) append_utf8(each, text);
    return text;
  });
}

/// Bytes with pieces of special tokens among them.
rc::Gen<std::string> hostile_text() {
  const auto part =
      rc::gen::oneOf(rc::gen::arbitrary<std::string>(),
                     rc::gen::element<std::string>("<|im_end|>", "<|im", "_end|>", "<s>", "<unk>", "<tool>", "\xE2\x96",
                                                   "\x81", " ", "  ", "<0x0A>", "\xFF"));
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(part), [](const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& each : parts) text += each;
    return text;
  });
}

// --- byte-level BPE ---

TEST(ByteLevelBpe, MergesByRankAndLeftmostFirst) {
  const Tokenizer tokenizer = make_tokenizer(byte_level_spec({"b c", "a b", "a bc", "a a"}));
  EXPECT_THAT(texts(tokenizer, "abc"), ElementsAre("abc"));  // "b c" outranks "a b"
  EXPECT_THAT(texts(tokenizer, "ab"), ElementsAre("ab"));
  EXPECT_THAT(texts(tokenizer, "aaa"), ElementsAre("aa", "a"));
  EXPECT_THAT(texts(tokenizer, "c b"), ElementsAre("c", "\u0120", "b"));  // U+0120 stands for the space
}

TEST(ByteLevelBpe, IgnoreMergesKeepsWholePieces) {
  TokenizerSpec spec = byte_level_spec({"a b"});
  add_token(spec, "abcd", TokenKind::kNormal);  // no merge leads to it
  EXPECT_THAT(texts(make_tokenizer(spec), "abcd"), ElementsAre("ab", "c", "d"));
  spec.ignore_merges = true;
  EXPECT_THAT(texts(make_tokenizer(spec), "abcd"), ElementsAre("abcd"));
  spec.ignore_merges = false;
  spec.pre = "llama-bpe";
  EXPECT_THAT(texts(make_tokenizer(spec), "abcd"), ElementsAre("abcd"));
}

TEST(ByteLevelBpe, BosAsTheRuleSays) {
  TokenizerSpec spec = byte_level_spec({}, {"<bos>", "<eos>"});
  spec.bos = 256;
  spec.eos = 257;
  EXPECT_THAT(make_tokenizer(spec).encode("", true, false), IsEmpty());
  spec.pre = "llama-bpe";
  EXPECT_THAT(make_tokenizer(spec).encode("", true, false), ElementsAre(256));
  spec.add_bos = false;
  spec.add_eos = true;
  EXPECT_THAT(make_tokenizer(spec).encode("", true, false), ElementsAre(257));
  EXPECT_THAT(make_tokenizer(spec).encode("", false, false), IsEmpty());
}

TEST(ByteLevelBpe, MissingByteBecomesUnknown) {
  TokenizerSpec spec = byte_level_spec({}, {"<unk>"});
  spec.tokens[0] = "[gone]";  // was "!"
  EXPECT_THAT(make_tokenizer(spec).encode("a!", false, false).size(), 1U);
  spec.unknown = 256;
  EXPECT_THAT(texts(make_tokenizer(spec), "a!"), ElementsAre("a", "<unk>"));
}

RC_GTEST_PROP(ByteLevelBpe, DecodeIsTheInverseOfEncode, ()) {
  static const Tokenizer tokenizer = make_tokenizer(
      byte_level_spec({"a b", "\u0120 \u0120", "\u0120\u0120 \u0120\u0120", "\u00C3 \u00A9", "e r", "\u0120 a"}));
  const std::string text = *any_utf8();
  RC_ASSERT(tokenizer.decode(tokenizer.encode(text, false, false), false) == text);
}

RC_GTEST_PROP(ByteLevelBpe, AnyBytesRoundTrip, ()) {
  static const Tokenizer tokenizer = make_tokenizer(byte_level_spec({"a b"}, {"<|im_end|>", "<s>"}));
  const std::string text = *hostile_text();
  for (const bool parse : {false, true})
    RC_ASSERT(tokenizer.decode(tokenizer.encode(text, false, parse), true) == text);
}

// --- SentencePiece ---

TEST(Spm, BestScoreMergesFirst) {
  const Tokenizer tokenizer = make_tokenizer(spm_spec({{"\u2581", -9},
                                                       {"a", -9},
                                                       {"b", -9},
                                                       {"c", -9},
                                                       {"ab", -3},
                                                       {"bc", -2},
                                                       {"\u2581"
                                                        "ab",
                                                        -1},
                                                       {"aa", -4}}));
  EXPECT_THAT(texts(tokenizer, "abc"), ElementsAre("\u2581", "a", "bc"));
  EXPECT_THAT(texts(tokenizer, "ab"), ElementsAre("\u2581"
                                                  "ab"));
  EXPECT_THAT(texts(tokenizer, "aaa"), ElementsAre("\u2581", "aa", "a"));  // leftmost of equals
}

TEST(Spm, UnknownCharactersBecomeBytes) {
  const Tokenizer tokenizer = make_tokenizer(spm_spec({{"\u2581", -1}}));
  EXPECT_THAT(texts(tokenizer, "\u00E9\n"), ElementsAre("\u2581", "<0xC3>", "<0xA9>", "<0x0A>"));
  TokenizerSpec bare = spm_spec({{"\u2581", -1}});
  bare.tokens.erase(bare.tokens.begin() + 3, bare.tokens.begin() + 259);
  bare.scores.resize(bare.tokens.size());
  bare.kinds = {2, 3, 3, 1};
  EXPECT_THAT(texts(make_tokenizer(bare), "x"), ElementsAre("\u2581", "<unk>"));
}

TEST(Spm, SpacePrefixFollowsSpecialTokens) {
  TokenizerSpec spec = spm_spec({{"\u2581", -2},
                                 {"a", -2},
                                 {"\u2581"
                                  "a",
                                  -1}});
  const Token end = add_token(spec, "<|im_end|>", kControl);
  const Tokenizer tokenizer = make_tokenizer(spec);
  EXPECT_THAT(texts(tokenizer, "a<|im_end|>a<|im_end|><|im_end|>", true), ElementsAre("\u2581"
                                                                                      "a",
                                                                                      "<|im_end|>",
                                                                                      "\u2581"
                                                                                      "a",
                                                                                      "<|im_end|>", "<|im_end|>"));
  EXPECT_EQ(tokenizer.encode("", true, false), (std::vector<Token>{1}));
  EXPECT_THAT(tokenizer.encode("", false, false), IsEmpty());
  EXPECT_THAT(tokenizer.encode("<|im_end|>", true, true), ElementsAre(1, end));
  spec.add_space_prefix = false;
  EXPECT_THAT(texts(make_tokenizer(spec), "a a"), ElementsAre("a",
                                                              "\u2581"
                                                              "a"));
}

TEST(Spm, PiecesAreRunningText) {
  TokenizerSpec spec = spm_spec({{"\u2581to\u2581", -1}});
  const Token user = add_token(spec, "<t\u2581>", kUser), unused = add_token(spec, "gone", TokenKind::kUnused);
  const Tokenizer tokenizer = make_tokenizer(spec);
  EXPECT_EQ(tokenizer.piece(259, false), " to ");
  EXPECT_EQ(tokenizer.piece(3 + 0xE9, false), "\xE9");
  EXPECT_EQ(tokenizer.piece(user, false), "<t\u2581>");
  EXPECT_EQ(tokenizer.piece(unused, true), "");
  EXPECT_EQ(tokenizer.piece(1, false), "");
  EXPECT_EQ(tokenizer.piece(1, true), "<s>");
  EXPECT_EQ(tokenizer.piece(0, false), "");
}

RC_GTEST_PROP(Spm, DecodeIsTheInverseOfEncode, ()) {
  static const Tokenizer tokenizer = make_tokenizer(spm_spec({{"\u2581", -3},
                                                              {"a", -3},
                                                              {"\u2581\u2581", -1},
                                                              {"\u2581"
                                                               "a",
                                                               -2},
                                                              {"\u00E9", -3}}));
  std::string text = *any_utf8();
  // U+2581 written in a text is taken for a space: so has every SentencePiece model.
  for (size_t at; (at = text.find("\u2581")) != std::string::npos;) text.replace(at, 3, "_");
  const std::string expected = text.empty() ? "" : " " + text;
  RC_ASSERT(tokenizer.decode(tokenizer.encode(text, false, false), false) == expected);
}

RC_GTEST_PROP(Spm, AnyBytesAreAccepted, ()) {
  TokenizerSpec spec = spm_spec({{"\u2581", -3},
                                 {"a", -3},
                                 {"\u2581"
                                  "a",
                                  -2}});
  add_token(spec, "<tool>", kUser);
  add_token(spec, "<|im_end|>", kControl);
  spec.add_space_prefix = false;
  const Tokenizer tokenizer = make_tokenizer(std::move(spec));
  const std::string text = *hostile_text();
  std::string expected = text;
  for (size_t at; (at = expected.find("\u2581")) != std::string::npos;) expected.replace(at, 3, " ");
  for (const bool parse : {false, true}) {
    RC_ASSERT(tokenizer.decode(tokenizer.encode(text, false, parse), true) == expected);
  }
}

// --- special tokens ---

TEST(SpecialTokens, UserDefinedAlwaysControlWhenParsed) {
  TokenizerSpec spec = byte_level_spec({});
  add_token(spec, "<tool>", kUser);
  add_token(spec, "<end>", kControl);
  const Tokenizer tokenizer = make_tokenizer(spec);
  EXPECT_THAT(texts(tokenizer, "x<tool>y<end>", true), ElementsAre("x", "<tool>", "y", "<end>"));
  EXPECT_THAT(texts(tokenizer, "x<tool><end>", false), ElementsAre("x", "<tool>", "<", "e", "n", "d", ">"));
}

TEST(SpecialTokens, LongestFirstWhereverItStands) {
  TokenizerSpec spec = byte_level_spec({});
  add_token(spec, "ab", kUser);
  add_token(spec, "bcd", kUser);
  add_token(spec, "abcde", kUser);
  const Tokenizer tokenizer = make_tokenizer(spec);
  EXPECT_THAT(texts(tokenizer, "abcdeab"), ElementsAre("abcde", "ab"));
  EXPECT_THAT(texts(tokenizer, "abcd"), ElementsAre("a", "bcd"));  // as llama.cpp, not leftmost first
  EXPECT_THAT(texts(tokenizer, "ababab"), ElementsAre("ab", "ab", "ab"));
}

TEST(SpecialTokens, KnownNamesAreControlTokensThatEnd) {
  TokenizerSpec spec = byte_level_spec({});
  const Token im_end = add_token(spec, "<|im_end|>", kUser), start = add_token(spec, "<|im_start|>", kControl);
  const Token prefix = add_token(spec, "<|fim_prefix|>", kUser), stop = add_token(spec, "STOP", TokenKind::kNormal);
  spec.eos = stop;
  const Tokenizer tokenizer = make_tokenizer(spec);
  EXPECT_EQ(tokenizer.kind(im_end), kControl);
  EXPECT_EQ(tokenizer.kind(prefix), kControl);
  EXPECT_TRUE(tokenizer.ends_generation(im_end));
  EXPECT_TRUE(tokenizer.ends_generation(stop));
  EXPECT_FALSE(tokenizer.ends_generation(prefix));
  EXPECT_FALSE(tokenizer.ends_generation(start));
  EXPECT_EQ(tokenizer.eot(), im_end);
  EXPECT_GT(tokenizer.encode("<|im_end|>", false, false).size(), 1U);
}

TEST(Tokenizer, IdsThatAreNoTokens) {
  const Tokenizer tokenizer = make_tokenizer(byte_level_spec({}));
  for (const Token token : {-1, 256, INT32_MIN, INT32_MAX}) {
    EXPECT_EQ(tokenizer.piece(token, true), "");
    EXPECT_EQ(tokenizer.text(token), "");
    EXPECT_EQ(tokenizer.kind(token), TokenKind::kUnused);
    EXPECT_FALSE(tokenizer.ends_generation(token));
  }
  EXPECT_EQ(tokenizer.find("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer.find("A"), 'A' - '!');
}

// Runs without a split: a quadratic algorithm would need minutes here.
TEST(Tokenizer, LongRunsStayLinear) {
  const Tokenizer bpe = make_tokenizer(byte_level_spec({"a a", "aa aa", "\u0120 \u0120"}));
  const Tokenizer spm = make_tokenizer(spm_spec({{"\u2581", -3}, {"\u2581\u2581", -1}, {"a", -3}, {"aa", -1}}));
  TokenizerSpec deepseek = byte_level_spec({});
  deepseek.pre = "deepseek-llm";
  const Tokenizer three = make_tokenizer(deepseek);
  constexpr size_t kRun = 400'000;
  for (const std::string& text :
       {std::string(kRun, 'a'), std::string(kRun, ' ') + "x", std::string(kRun, '\n') + "x"}) {
    EXPECT_EQ(bpe.decode(bpe.encode(text, false, false), false), text);
    EXPECT_EQ(spm.decode(spm.encode(text, false, false), false), " " + text);
    EXPECT_EQ(three.decode(three.encode(text, false, false), false), text);
  }
}

// --- vocabularies that cannot be used ---

TEST(TokenizerCreate, NamesModelAndRule) {
  for (const std::string model : {"none", "bert", "t5", "rwkv", ""}) {
    TokenizerSpec spec = byte_level_spec({});
    spec.model = model;
    EXPECT_THAT(error_of(spec), HasSubstr("tokenizer.ggml.model: \"" + model + "\" is not supported"));
  }
  TokenizerSpec spec = byte_level_spec({});
  spec.pre = "future";
  EXPECT_THAT(error_of(spec), testing::AllOf(HasSubstr("\"future\""), HasSubstr("llama-bpe"), HasSubstr("qwen2")));
}

TEST(TokenizerCreate, RefusesBrokenVocabularies) {
  const auto broken = [](const std::function<void(TokenizerSpec&)>& change) {
    TokenizerSpec spec = byte_level_spec({"a b"});
    change(spec);
    return error_of(std::move(spec));
  };
  EXPECT_EQ(broken([](TokenizerSpec&) {}), "no error");
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.tokens.clear(), spec.kinds.clear(); }), HasSubstr("empty"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.tokens[7].clear(); }), HasSubstr("token 7 is empty"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.tokens[9] = spec.tokens[2]; }), HasSubstr("2 and 9 are both"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.kinds.pop_back(); }), HasSubstr("256 entries for 257 tokens"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.kinds[3] = 0; }), HasSubstr("entry 3 is 0"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.scores = {1}; }), HasSubstr("1 entries for 257 tokens"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.scores.assign(257, NAN); }), HasSubstr("not a number"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.bos = 257; }), HasSubstr("bos_token_id: 257"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.eos = -1; }), HasSubstr("eos_token_id: -1"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.unknown = 1000; }), HasSubstr("unknown_token_id: 1000"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {"a"}; }), HasSubstr("not two tokens"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {"a "}; }), HasSubstr("not two tokens"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {""}; }), HasSubstr("not two tokens"));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {"a zz"}; }), HasSubstr("lacks \"zz\""));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {"zz a"}; }), HasSubstr("lacks \"zz\""));
  EXPECT_THAT(broken([](TokenizerSpec& spec) { spec.merges = {"b a"}; }), HasSubstr("lacks \"ba\""));
}

}  // namespace
}  // namespace rung
