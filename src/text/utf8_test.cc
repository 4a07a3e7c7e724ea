#include "text/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "text/tokenizer.h"

namespace rung {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

std::string through_stream(const std::vector<std::string>& parts) {
  Utf8Stream stream;
  std::string out;
  for (const std::string& part : parts) out += stream.push(part);
  return out + stream.flush();
}

TEST(Utf8, EveryCharacterRoundTrips) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    std::string text;
    append_utf8(point, text);
    const Utf8Step step = utf8_step(text);
    ASSERT_EQ(step.kind, Utf8Kind::kValid) << static_cast<uint32_t>(point);
    ASSERT_EQ(step.point, point);
    ASSERT_EQ(step.bytes, text.size());
  }
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  for (const std::string text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                 "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xFF"}) {
    EXPECT_EQ(utf8_step(text).kind, Utf8Kind::kBroken) << testing::PrintToString(text);
    EXPECT_EQ(utf8_step(text).bytes, 1U);
  }
  EXPECT_EQ(utf8_step("\xE4\xB8").kind, Utf8Kind::kIncomplete);
  EXPECT_EQ(utf8_step("\xF0\x9F\x98").kind, Utf8Kind::kIncomplete);
}

// The Unicode Standard 15.0, table 3-8: U+FFFD for maximal subparts.
TEST(Utf8Stream, ReplacesMaximalSubparts) {
  const std::string r = kReplacement;
  EXPECT_EQ(through_stream({"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"}),
            "a" + r + r + r + "b" + r + "c" + r + r + "d");
  EXPECT_EQ(through_stream({"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"}), r + r + r + r + r + r + r + r + "A");
}

TEST(Utf8Stream, HoldsBackWhatIsNotComplete) {
  Utf8Stream stream;
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x98"), "");
  EXPECT_EQ(stream.push("\x80"
                        "b"),
            "\xF0\x9F\x98\x80"
            "b");
  EXPECT_EQ(stream.push("\xE4\xB8"), "");
  EXPECT_EQ(stream.flush(), kReplacement);
  EXPECT_EQ(stream.flush(), "");
}

RC_GTEST_PROP(Utf8Stream, CutsDoNotMatter, (const std::vector<std::string>& parts)) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  RC_ASSERT(through_stream(parts) == through_stream({whole}));
}

RC_GTEST_PROP(Utf8Stream, CutsInsideCharactersDoNotMatter, ()) {
  const auto points = *rc::gen::container<std::u32string>(rc::gen::suchThat(
      rc::gen::inRange<char32_t>(0, 0x110000), [](char32_t point) { return point < 0xD800 || point >= 0xE000; }));
  std::string text;
  for (const char32_t point : points) append_utf8(point, text);
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  RC_ASSERT(through_stream(bytes) == text);
}

}  // namespace
}  // namespace rung
