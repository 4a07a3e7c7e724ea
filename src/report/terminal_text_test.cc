#include "report/terminal_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rung {
namespace {

using ::testing::ElementsAre;

TEST(TerminalText, PrintableKeepsTextAndReplacesTheRest) {
  EXPECT_EQ(printable("Qwen3 \xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80"), "Qwen3 \xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80");
  EXPECT_EQ(printable(std::string_view("a\0b\tc\x7f", 6)), "a?b?c?");
  EXPECT_EQ(printable("\xc0\x80"), "??");                             // overlong NUL
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");                        // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");                   // beyond U+10FFFF
  EXPECT_EQ(printable("x\xe2\x82"), "x??");                           // cut short
  EXPECT_EQ(printable("\xe2\x80\xae\xe2\x80\x93"), "?\xe2\x80\x93");  // an override; a dash
}

RC_GTEST_PROP(TerminalText, PrintableIsSafeAndStable, (const std::string& bytes)) {
  const std::string once = printable(bytes);
  RC_ASSERT(printable(once) == once);
  for (const char byte : once) RC_ASSERT(static_cast<unsigned char>(byte) >= 0x20);
  RC_ASSERT(display_width(once) <= bytes.size());
}

RC_GTEST_PROP(TerminalText, ShortenNeverExceedsTheWidth, (const std::string& bytes)) {
  const std::string text = printable(bytes);
  const size_t width = *rc::gen::inRange<size_t>(1, 30);
  const std::string result = shorten(text, width);
  RC_ASSERT(display_width(result) == std::min(width, display_width(text)));
  RC_ASSERT(printable(result) == result);
}

TEST(TerminalText, WidthCountsCodePoints) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("\xe2\x96\xbc\xc3\xa9"), 2u);
  EXPECT_EQ(pad_left("\xe2\x96\xbc", 3), "  \xe2\x96\xbc");
  EXPECT_EQ(pad_right("abcd", 2), "abcd");
}

TEST(TerminalText, WrapBreaksAtSpaces) {
  EXPECT_THAT(wrap("one two three", 7, 2), ElementsAre("one two", "  three"));
  EXPECT_THAT(wrap("incomprehensibilities no", 10, 0), ElementsAre("incomprehensibilities", "no"));
  EXPECT_THAT(wrap("   ", 10, 0), ElementsAre());
}

TEST(TerminalText, Numbers) {
  EXPECT_EQ(file_size(41742016), "41.7 MB");
  EXPECT_EQ(file_size(999600000), "1.0 GB");
  EXPECT_EQ(file_size(12), "12 B");
  EXPECT_EQ(divergence(0.013277), "0.0133");
  EXPECT_EQ(divergence(2.726), "2.73");
  EXPECT_EQ(divergence(3e-7), "3.0e-07");
  EXPECT_EQ(divergence(0), "0");
  EXPECT_EQ(spread(0.000015), "0.000015");
  EXPECT_EQ(spread(2.145), "2.1");
  EXPECT_EQ(parameter_count(20775040), "20.8 million");
  EXPECT_EQ(percent(0.9964, 1), "99.6");
  EXPECT_EQ(fixed(std::nullopt, 2) + percent(std::nullopt, 0) + file_size(std::nullopt) + divergence(std::nullopt),
            "----");
}

TEST(TerminalText, Enumerate) {
  EXPECT_EQ(enumerate({}), "");
  EXPECT_EQ(enumerate({"a", "b"}), "a and b");
  EXPECT_EQ(enumerate({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace rung
