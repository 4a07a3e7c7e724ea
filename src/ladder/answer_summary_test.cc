// The summary of scores against hand calculations; kept results come back as they were.
#include "ladder/answer_summary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;

ItemScore score(bool right, double confidence, double margin, TokenSum gold, TokenSum digits) {
  ItemScore item;
  item.right = right;
  item.confidence = item.max_probability = confidence;
  item.margin = margin;
  item.gold = gold;
  item.own = gold;
  item.divergence[static_cast<size_t>(AnswerKind::kDigits)] = digits;
  return item;
}

RungResult rung(std::vector<ItemScore> scores) {
  RungResult result;
  result.name = "q4_k";
  std::string right;
  for (const ItemScore& item : scores) right += item.right ? '1' : '0';
  result.answers = {{"math", right, std::move(scores), {{1, 2}, {}}}};
  result.prose = {{0.5, 0.75, 0.8, 0.125, true}, {0.25, 0.5, 0.6, 0, false}};
  return result;
}

TEST(AnswerSummary, MeansByHand) {
  const RungResult reference = rung(
      {score(true, 1, 4, {0.5, 2}, {}), score(true, 0.875, 0.5, {0.25, 3}, {}), score(false, 0.5, -2, {3, 3}, {})});
  RungResult worse = rung({score(true, 0.75, 2, {1, 2}, {0.5, 1}), score(false, 0.625, -0.5, {2, 3}, {0.25, 2})});
  worse.answers[0].scores[1].open = true;
  const ordered_json answers = answers_json(worse, reference);
  const ordered_json& math = answers["capabilities"]["math"];
  EXPECT_DOUBLE_EQ(math["log_likelihood"]["mean"], -3.0 / 5);
  EXPECT_EQ(math["log_likelihood"]["tokens"], 5);
  EXPECT_DOUBLE_EQ(math["margin"], 0.75);
  EXPECT_DOUBLE_EQ(math["near"], 0.5);
  EXPECT_EQ(math["followed"], 1);
  EXPECT_EQ(math["runaway"], 0);
  EXPECT_DOUBLE_EQ(answers["divergence"]["digits"]["mean"], 0.25);
  EXPECT_FALSE(answers["divergence"].contains("words"));
  const ordered_json& confidence = answers["confidence"];
  EXPECT_NEAR(confidence["calibration_error"]["mean"].get<double>(), (0.25 + 0.625) / 2, 1e-12);
  EXPECT_NEAR(confidence["overconfidence"]["mean"].get<double>(), (0.75 + 0.625 - 1) / 2, 1e-12);
  EXPECT_EQ(confidence["wrong"]["items"], 1);
  EXPECT_TRUE(confidence["wrong_change"].is_null());  // of the two items compared the reference has none wrong
  EXPECT_EQ(confidence["more_confident_when_wrong"], "too few wrong answers to tell");
  EXPECT_NEAR(confidence["right_change"]["confidence"]["mean"].get<double>(), 0.75 - (1 + 0.875) / 2, 1e-12);
  const ordered_json own = answers_json(reference, reference);
  EXPECT_FALSE(own.contains("divergence"));
  EXPECT_FALSE(own["confidence"].contains("wrong_change"));
  EXPECT_TRUE(answers_json(RungResult(), RungResult()).is_null());
}

TEST(AnswerSummary, ProseIsComparedSampleBySample) {
  const RungResult reference = rung({});
  RungResult poorer = reference;
  for (ProseSample& sample : poorer.prose) sample.distinct_1 -= 0.125, sample.loop = true;
  const ordered_json prose = prose_json(poorer, reference);
  EXPECT_EQ(prose["samples"], 2);
  EXPECT_DOUBLE_EQ(prose["distinct_1"]["mean"], 0.25);
  EXPECT_DOUBLE_EQ(prose["distinct_1"]["change"]["mean"], -0.125);
  EXPECT_DOUBLE_EQ(prose["distinct_1"]["change"]["low"], -0.125);  // every sample lost as much: no draw differs
  EXPECT_DOUBLE_EQ(prose["distinct_1"]["change"]["high"], -0.125);
  EXPECT_DOUBLE_EQ(prose["type_token"]["change"]["mean"], 0);
  EXPECT_EQ(prose["loops"], 2);
  EXPECT_FALSE(prose_json(reference, reference)["distinct_1"].contains("change"));
  EXPECT_TRUE(prose_json(RungResult(), reference).is_null());
}

TEST(RungResult, ComesBackFromJsonAsItWas) {
  RungResult result = rung({score(true, 0.7512345, 2, {1.5, 2}, {0.5, 1}), score(false, 0.625, -0.5, {2, 3}, {})});
  result.answers[0].scores[0].runaway = true;
  result.answers[0].scores[1].generated = true;
  const ordered_json json = to_json(result);
  const auto back = rung_result_from_json(json);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_json(*back), json);
  EXPECT_TRUE(back->answers[0].scores[0].runaway);
  EXPECT_NEAR(back->answers[0].scores[0].confidence, 0.7512345, 1e-6);
  EXPECT_EQ(back->answers[0].own, result.answers[0].own);
  for (const char* missing : {"scoring", "prose", "answers"}) {
    ordered_json older = json;
    older.erase(missing);
    EXPECT_FALSE(rung_result_from_json(older)) << missing;
  }
  ordered_json other = json;
  other["scoring"] = kScoring - 1;
  EXPECT_FALSE(rung_result_from_json(other));
  other = json;
  other["answers"][0]["scores"]["margin"].erase(1);
  EXPECT_FALSE(rung_result_from_json(other));
  other = json;
  other["answers"][0]["constrained"] = "101";  // of two items
  EXPECT_FALSE(rung_result_from_json(other));
}

/// 500 tokens of probability 0.239 each: exp(-715.7), below the smallest normal double of 2.2e-308.
TEST(RungResult, KeepsTheConfidenceOfALongAnswer) {
  const double confidence = std::exp(500 * std::log(0.239));
  ASSERT_LT(confidence, std::numeric_limits<double>::min());
  const ordered_json json = to_json(rung({score(true, confidence, 2, {1.5, 2}, {0.5, 1})}));
  const auto back = rung_result_from_json(ordered_json::parse(json.dump()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_NEAR(back->answers[0].scores[0].confidence / confidence, 1, 1e-5);
}

}  // namespace
}  // namespace rung
