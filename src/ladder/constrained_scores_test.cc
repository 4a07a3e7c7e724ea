#include "ladder/constrained_scores.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

/// By hand: of five items with a grammar two are right freely, three within it, two of them only there.
TEST(ConstrainedScores, CountItemsThatHaveAGrammar) {
  const auto json = constrained_json({"tools", "1100011", {}, {}, "1-0110-"});
  EXPECT_EQ(json["items"], 5);
  EXPECT_EQ(json["free"], 2);
  EXPECT_EQ(json["right"], 3);
  EXPECT_EQ(json["repaired"], 2);
  EXPECT_EQ(json["spoiled"], 1);
  EXPECT_DOUBLE_EQ(json["score"], 0.6);
  EXPECT_LT(json["low"], 0.6);
  EXPECT_GT(json["high"], 0.6);
}

TEST(ConstrainedScores, NothingWithoutAGrammar) {
  EXPECT_TRUE(constrained_json({"math", "101", {}, {}, ""}).is_null());
  EXPECT_TRUE(constrained_json({"math", "101", {}, {}, "---"}).is_null());
}

TEST(ConstrainedScores, AreKeptWithTheResult) {
  RungResult result;
  result.answers = {{"math", "10", {}, {}, ""}, {"tools", "10", {}, {}, "11"}};
  const auto json = to_json(result);
  EXPECT_FALSE(json["answers"][0].contains("constrained"));
  const auto again = rung_result_from_json(json);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->answers[0].constrained, "");
  EXPECT_EQ(again->answers[1].constrained, "11");
}

}  // namespace
}  // namespace rung
