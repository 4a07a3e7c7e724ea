#include "text/regex.h"

#include <gmock/gmock.h>

namespace rung {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Regex regex(std::string_view pattern, RegexOptions options = {}) { return Regex::compile(pattern, options).value(); }

// Expected values are those of Python's re.findall and re.split.
TEST(RegexTest, FindsWhatPythonFinds) {
  EXPECT_THAT(regex("a+").find_all("aab a"), ElementsAre("aa", "a"));
  EXPECT_THAT(regex("#(\\d)").find_all("#1 #2"), ElementsAre("1", "2"));
  EXPECT_THAT(regex("\\w+").find_all("na\xc3\xafve, 2!"), ElementsAre("na\xc3\xafve", "2"));
  EXPECT_THAT(regex("a*").find_all("ba"), ElementsAre("", "a", ""));
  EXPECT_THAT(regex("^-", {.lines = true}).find_all("- a\n-b\n c-"), ElementsAre("-", "-"));
  EXPECT_THAT(regex("\xc3\x9c", {.any_case = true}).find_all("\xc3\xbc\xc3\x9c"), ElementsAre("\xc3\xbc", "\xc3\x9c"));
  EXPECT_FALSE(regex("x").is_in(""));
  EXPECT_TRUE(regex("").is_in(""));
}

TEST(RegexTest, Splits) {
  EXPECT_THAT(regex("\\s?,\\s?").split("a , b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(regex(",").split(",a,"), ElementsAre("", "a", ""));
  EXPECT_THAT(regex(",").split(""), ElementsAre(""));
}

TEST(RegexTest, QuotesAnyText) {
  for (const char* text : {"", "C++", "(", "a\\Eb", "\\E\\Q", "\\"}) {
    const Regex whole = regex("\\A" + Regex::quote(text) + "\\z");
    EXPECT_TRUE(whole.is_in(text)) << text;
    EXPECT_FALSE(whole.is_in(std::string(text) + "x")) << text;
  }
}

TEST(RegexTest, HostilePatternsAndTexts) {
  const auto wrong = Regex::compile("a(b");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("at byte 3"));
  EXPECT_FALSE(Regex::compile("\xff"));
  EXPECT_FALSE(
      regex("b").is_in("a\xff"
                       "b"));
  EXPECT_EQ(regex("\\*").find_all(std::string(100000, '*')).size(), 100000u);
  EXPECT_FALSE(regex("(a+)+$").is_in(std::string(40, 'a') + "b")) << "backtracking ends at the limit";
}

}  // namespace
}  // namespace rung
