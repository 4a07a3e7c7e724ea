#include "panel/fact_table.h"

#include <gmock/gmock.h>

#include <set>

#include "panel/generator.h"

namespace rung {
namespace {

std::string error_of(std::string_view text) {
  const auto table = parse_facts(text, "f.tsv");
  return table ? "" : table.error().message;
}

std::string group(size_t facts) {
  std::string text;
  for (size_t fact = 0; fact < facts; ++fact) text += fmt::format("g\tWhat is {}?\tanswer {}\n", fact, fact);
  return text;
}

TEST(FactTable, TheShippedFactsHaveEveryLevel) {
  std::set<size_t> levels;
  for (const Fact& fact : shipped_facts().facts) levels.insert(fact.level);
  EXPECT_EQ(levels.size(), kLevels);
  EXPECT_GT(shipped_facts().facts.size(), 200u);
}

TEST(FactTable, CommentsBlankLinesAndMissingLevels) {
  const auto table = parse_facts("# facts\n\n" + group(6) + "g\tLast?\tend\t8\r\n", "f.tsv");
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->facts.size(), 7u);
  EXPECT_EQ(table->facts[0].level, 1u);
  EXPECT_EQ(table->facts[6].level, 8u);
  EXPECT_EQ(table->facts[6].answer, "end");
}

TEST(FactTable, WrongAnswersAreOfTheGroupAndNotRight) {
  const auto table = parse_facts(
      group(6) + "g\tWhat is 1?\tanswer 2\n" + "h\tx\ty\nh\tx\ty2\nh\tx\ty3\nh\ta\ty4\nh\tb\ty5\nh\tc\ty6\n", "f.tsv");
  ASSERT_TRUE(table);
  EXPECT_THAT(table->wrong_answers(table->facts[1]),
              testing::ElementsAre("answer 0", "answer 3", "answer 4", "answer 5"));
}

TEST(FactTable, BrokenFilesGiveOneLine) {
  EXPECT_THAT(error_of(""), testing::HasSubstr("f.tsv: found no facts"));
  EXPECT_THAT(error_of("a\tb\n"), testing::HasSubstr("f.tsv:1: found 2 columns"));
  EXPECT_THAT(error_of(group(6) + "a\tb\tc\td\te\n"), testing::HasSubstr("f.tsv:7: found 5 columns"));
  EXPECT_THAT(error_of("g\tK\xf6ln?\tc\n"), testing::HasSubstr("f.tsv:1: found bytes that are not UTF-8"));
  EXPECT_THAT(error_of("a\t\tc\n"), testing::HasSubstr("f.tsv:1: found an empty column"));
  for (const char* level : {"0", "9", "x", "1.5", "-1"})
    EXPECT_THAT(error_of(fmt::format("a\tb\tc\t{}\n", level)), testing::HasSubstr("allowed are 1 to 8")) << level;
  EXPECT_THAT(error_of(group(5)), testing::HasSubstr("group 'g': found 5 different answers, allowed are at least 6"));
  std::string one_question;
  for (size_t answer = 0; answer < 6; ++answer) one_question += fmt::format("g\tA colour?\tcolour {}\n", answer);
  EXPECT_THAT(error_of(one_question), testing::HasSubstr("group 'g': found no answer that is wrong for 'A colour?'"));
  EXPECT_THAT(read_facts("/nowhere/f.tsv").error().message, testing::HasSubstr("/nowhere/f.tsv"));
}

/// A file without levels, of one small group, still gives items of every level.
TEST(FactTable, SmallFilesMakeItemsToo) {
  for (const Generator& generator : make_generators({parse_facts(group(6), "f.tsv").value(), false})) {
    EXPECT_NE(generator.capability, "code_writing");
    if (generator.capability != "facts") continue;
    for (size_t level = 1; level <= kLevels; ++level) {
      Draw draw(level);
      for (size_t count = 0; count < 50; ++count) EXPECT_TRUE(generator.draw(draw, level).answer);
    }
  }
}

}  // namespace
}  // namespace rung
