#include "text/pretokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rung {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view rule_name, std::string_view text) {
  const PretokenizeRule* rule = find_pretokenize_rule(rule_name);
  if (!rule) throw std::runtime_error("no such rule");
  const auto pretokenizer = Pretokenizer::create(*rule);
  if (!pretokenizer) throw std::runtime_error(pretokenizer.error().message);
  std::vector<std::string> pieces;
  for (const std::string_view piece : pretokenizer->split(text)) pieces.emplace_back(piece);
  return pieces;
}

std::vector<std::string_view> names() {
  static const std::string list = pretokenize_rule_names();
  std::vector<std::string_view> all;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(", ", begin), list.size());
    all.push_back(std::string_view(list).substr(begin, end - begin));
    begin = end + 2;
  }
  return all;
}

TEST(Pretokenize, EveryRuleCompilesAndNamesAreUnique) {
  std::set<std::string_view> seen;
  for (const std::string_view name : names()) {
    ASSERT_NE(find_pretokenize_rule(name), nullptr) << name;
    EXPECT_TRUE(Pretokenizer::create(*find_pretokenize_rule(name))) << name;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_GT(seen.size(), 20U);
  EXPECT_EQ(find_pretokenize_rule("no-such"), nullptr);
  EXPECT_EQ(find_pretokenize_rule(""), find_pretokenize_rule("default"));
}

// Worked out by hand from the expressions.
TEST(Pretokenize, Gpt2) {
  EXPECT_THAT(split("gpt-2", "I'll  pay 1234 now!\n\n x"),
              ElementsAre("I", "'ll", " ", " pay", " 1234", " now", "!", "\n\n", " x"));
  EXPECT_THAT(split("gpt-2", "I'LL"), ElementsAre("I", "'", "LL"));
}

TEST(Pretokenize, Llama3) {
  EXPECT_THAT(split("llama-bpe", "I'LL  pay 12345 now!\n\n x"),
              ElementsAre("I", "'LL", " ", " pay", " ", "123", "45", " now", "!\n\n", " x"));
  EXPECT_THAT(split("llama-bpe", "(abc) \n\n  x"), ElementsAre("(abc", ")", " \n\n", " ", " x"));
}

TEST(Pretokenize, Qwen2SplitsDigits) { EXPECT_THAT(split("qwen2", "a 123"), ElementsAre("a", " ", "1", "2", "3")); }

TEST(Pretokenize, Qwen35KeepsMarksWithLetters) {
  const std::string hindi = "\u0939\u093F\u0928\u094D\u0926\u0940";
  EXPECT_THAT(split("qwen35", hindi), ElementsAre(hindi));
  EXPECT_GT(split("qwen2", hindi).size(), 1U);
}

TEST(Pretokenize, StarcoderTakesDigitsFirst) {
  EXPECT_THAT(split("starcoder", "x  12 y"), ElementsAre("x", "  ", "1", "2", " y"));
}

TEST(Pretokenize, DeepseekCoder) {
  EXPECT_THAT(split("deepseek-coder", "int x12 = 3;\n\n\u4F60\u597D"),
              ElementsAre("int", " x", "1", "2", " = ", "3", ";", "\n", "\n", "\u4F60\u597D"));
}

TEST(Pretokenize, DeepseekLlmTakesSpacesAtTheEnd) {
  EXPECT_THAT(split("deepseek-llm", "ab, 12   "), ElementsAre("ab", ",", " ", "12", "   "));
}

TEST(Pretokenize, DeepseekV3) {
  EXPECT_THAT(split("deepseek-v3", "x=.foo 12345\u304B\u306A"),
              ElementsAre("x", "=.", "foo", " ", "123", "45", "\u304B\u306A"));
}

TEST(Pretokenize, DefaultGroupsDigitsByThree) {
  EXPECT_THAT(split("default", "a+12345"), ElementsAre("a", "+", "123", "45"));
}

TEST(Pretokenize, WhiteSpaceIsUnicodes) {
  // U+0085 and U+3000 are White_Space; U+180E is not since Unicode 6.3, though PCRE2's \s has it.
  EXPECT_THAT(split("gpt-2", "a\u0085\u3000"), ElementsAre("a", "\u0085\u3000"));
  EXPECT_THAT(split("gpt-2", "!\u180E!"), ElementsAre("!\u180E!"));
}

TEST(Pretokenize, BrokenBytesStandAlone) {
  EXPECT_THAT(split("gpt-2", "ab\xFF\xC3xy\xE4\xB8"), ElementsAre("ab", "\xFF\xC3", "xy", "\xE4\xB8"));
}

RC_GTEST_PROP(Pretokenize, PiecesMakeUpTheText, (const std::string& text)) {
  for (const std::string_view name : names()) {
    std::string joined;
    for (const std::string& piece : split(name, text)) {
      RC_ASSERT(!piece.empty());
      joined += piece;
    }
    RC_ASSERT(joined == text);
  }
}

}  // namespace
}  // namespace rung
