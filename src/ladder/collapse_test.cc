#include "ladder/collapse.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;

/// 200 items, the first `right` of them right, for each capability.
RungResult rung_of(const std::string& name, double bits, const std::map<std::string, size_t>& right) {
  RungResult rung;
  rung.name = name;
  rung.bits_per_weight = bits;
  rung.bytes = static_cast<uint64_t>(1e9 * bits);
  for (const auto& [capability, count] : right)
    rung.answers.push_back({capability, std::string(count, '1') + std::string(200 - count, '0')});
  return rung;
}

ordered_json collapse_of(const std::vector<RungResult>& rungs, const PanelFacts& facts) {
  return order_of_collapse(judge_ladder(rungs, facts));
}

TEST(Collapse, NamesTheFirstRungOfEachStage) {
  PanelFacts facts;
  facts.stops_early = false;
  facts.chance["choice"] = 0.25;
  const std::vector<RungResult> rungs = {rung_of("bf16", 16, {{"choice", 160}, {"math", 180}, {"prose", 190}}),
                                         rung_of("q4", 4.5, {{"choice", 160}, {"math", 179}, {"prose", 190}}),
                                         rung_of("q3", 3.4, {{"choice", 158}, {"math", 120}, {"prose", 190}}),
                                         rung_of("q2", 2.6, {{"choice", 100}, {"math", 80}, {"prose", 189}}),
                                         rung_of("q1", 1.6, {{"choice", 52}, {"math", 0}, {"prose", 188}})};
  const ordered_json order = collapse_of(rungs, facts);
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order[0]["capability"], "math");
  EXPECT_EQ(order[0]["degraded"]["rung"], "q3");
  EXPECT_EQ(order[0]["half"]["rung"], "q2");
  EXPECT_EQ(order[0]["gone"]["rung"], "q1");
  EXPECT_EQ(order[0]["between"]["high"], 4.5);
  EXPECT_EQ(order[0]["between"]["low"], 3.4);
  EXPECT_LT(order[0]["degraded"]["retained_low"].get<double>(), 120.0 / 180);
  EXPECT_EQ(order[1]["capability"], "choice");
  EXPECT_EQ(order[1]["degraded"]["rung"], "q2");
  // (100/200 - 0.25) / (160/200 - 0.25) = 0.4545: half gone, though 100 of 160 right answers are left.
  EXPECT_EQ(order[1]["half"]["rung"], "q2");
  EXPECT_NEAR(order[1]["half"]["retained"].get<double>(), 0.25 / 0.55, 1e-12);
  EXPECT_EQ(order[1]["gone"]["rung"], "q1");  // 52 of 200 are a guesser's
  EXPECT_EQ(order[2]["capability"], "prose");
  EXPECT_TRUE(order[2]["degraded"].is_null());
  EXPECT_TRUE(order[2]["between"].is_null());
}

TEST(Collapse, SaysWhichSmallerRungsHoldAllTheSame) {
  PanelFacts facts;
  facts.stops_early = false;
  const std::vector<RungResult> rungs = {rung_of("bf16", 16, {{"math", 180}}), rung_of("uniform", 4.5, {{"math", 100}}),
                                         rung_of("mixed", 4.1, {{"math", 180}})};
  const ordered_json order = collapse_of(rungs, facts);
  EXPECT_EQ(order[0]["degraded"]["rung"], "uniform");
  EXPECT_EQ(order[0]["holds_below"], ordered_json::array({"mixed"}));
  EXPECT_EQ(order[0]["between"]["high"], 16);
}

TEST(Collapse, LeavesOutWhatTheReferenceCannotDo) {
  const std::vector<RungResult> rungs = {rung_of("bf16", 16, {{"math", 0}}), rung_of("q4", 4.5, {{"math", 0}})};
  EXPECT_TRUE(collapse_of(rungs, {}).empty());
  EXPECT_TRUE(order_of_collapse(JudgedLadder()).empty());
}

}  // namespace
}  // namespace rung
