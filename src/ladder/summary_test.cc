#include "ladder/summary.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;

/// `right` of 200 items right, the last ones wrong.
CapabilityAnswers answers(const std::string& capability, size_t right) {
  return {capability, std::string(right, '1') + std::string(200 - right, '0')};
}

RungResult rung(const std::string& name, double bits, size_t math, size_t tools) {
  RungResult result;
  result.name = name;
  result.kind = name == "bf16" ? "reference" : "type";
  result.bits_per_weight = bits;
  result.bytes = static_cast<uint64_t>(bits * 1000);
  result.perplexity.has_reference = name != "bf16";
  result.answers = {answers("math", math), answers("tools", tools)};
  return result;
}

/// Every item counts, so that the numbers can be checked by hand.
ordered_json summarize_all(const std::vector<RungResult>& rungs, std::optional<RungResult> noise = {}) {
  PanelFacts facts;
  facts.stops_early = false;
  facts.noise = std::move(noise);
  return summarize(rungs, facts);
}

TEST(Summary, FindsTheCliffTheFirstToFallAndTheSmallestSound) {
  const std::vector<RungResult> rungs = {rung("bf16", 16, 190, 180), rung("q8_0", 8.5, 190, 180),
                                         rung("q4_k", 4.5, 188, 179), rung("q2_k", 2.6, 150, 178),
                                         rung("naive-q2", 2.1, 100, 10)};
  const ordered_json summary = summarize_all(rungs);
  const auto& findings = summary["findings"];
  EXPECT_EQ(findings["first_to_fall"]["rung"], "q2_k");
  ASSERT_EQ(findings["first_to_fall"]["capabilities"].size(), 1u);
  EXPECT_EQ(findings["first_to_fall"]["capabilities"][0]["capability"], "math");
  EXPECT_EQ(findings["cliff"]["above"], "q2_k");
  EXPECT_EQ(findings["cliff"]["below"], "naive-q2");
  EXPECT_NEAR(findings["cliff"]["bits_per_weight"].get<double>(), 2.35, 1e-9);
  EXPECT_EQ(findings["smallest_sound"]["rung"], "q4_k");
  const auto& tools = summary["rungs"][4]["panel"]["tools"];
  EXPECT_EQ(tools["verdict"], "degraded");
  EXPECT_EQ(tools["lost"], 170);
  EXPECT_NEAR(tools["retained"].get<double>(), 10.0 / 180, 1e-12);
  EXPECT_FALSE(summary["rungs"][0].contains("kld"));
  EXPECT_EQ(summary["rungs"][1]["panel"]["math"]["retained"], 1.0);
}

TEST(Summary, FewItemsAreNotCalledSound) {
  RungResult reference = rung("bf16", 16, 190, 180), small = rung("q4_k", 4.5, 190, 180);
  for (RungResult* result : {&reference, &small})
    for (auto& capability : result->answers) capability.right = "1111111111";  // 0 of 10 lost: up to 28 % may be
  const ordered_json summary = summarize_all(std::vector<RungResult>{reference, small});
  EXPECT_EQ(summary["rungs"][1]["panel"]["math"]["verdict"], "too few items to tell");
  EXPECT_TRUE(summary["findings"]["smallest_sound"].is_null());
  EXPECT_TRUE(summary["findings"]["cliff"].is_null());
}

TEST(Summary, ACapabilityTheReferenceLacksIsNotJudged) {
  const std::vector<RungResult> rungs = {rung("bf16", 16, 0, 180), rung("q8_0", 8.5, 0, 180)};
  const ordered_json summary = summarize_all(rungs);
  const auto& math = summary["rungs"][1]["panel"]["math"];
  EXPECT_FALSE(math.contains("retained"));
  EXPECT_FALSE(math.contains("verdict"));
  EXPECT_EQ(summary["findings"]["smallest_sound"]["rung"], "q8_0");
}

TEST(Summary, NothingButAReference) {
  const ordered_json summary = summarize_all(std::vector<RungResult>{rung("bf16", 16, 190, 180)});
  EXPECT_TRUE(summary["findings"]["first_to_fall"].is_null());
  EXPECT_TRUE(summary["findings"]["smallest_sound"].is_null());
}

TEST(Summary, SaysWhatRoundingAloneChanges) {
  RungResult noise = rung("noise", 16, 189, 180), small = rung("q4_k", 4.5, 188, 100),
             large = rung("q8_0", 8.5, 190, 180);
  noise.perplexity.kld.value = 0.001;
  large.perplexity.kld.value = 0.001;
  small.perplexity.kld.value = 0.01;
  const ordered_json summary = summarize_all({rung("bf16", 16, 190, 180), large, small}, noise);
  EXPECT_EQ(summary["noise"]["kld"]["mean"], 0.001);
  EXPECT_EQ(summary["noise"]["panel"]["math"]["lost"], 1);
  EXPECT_EQ(summary["noise"]["panel"]["math"]["floor"], 1.0 / 200);
  EXPECT_EQ(summary["tests"], 4);
  EXPECT_EQ(summary["rungs"][1]["within_noise"], true);
  EXPECT_EQ(summary["rungs"][2]["within_noise"], false);
  const auto& tools = summary["rungs"][2]["panel"]["tools"];
  EXPECT_EQ(tools["verdict"], "degraded");
  EXPECT_DOUBLE_EQ(tools["change"].get<double>(), -0.4);
  EXPECT_EQ(tools["stopped"], "all items");
  // With 200 items, 40 % of them discordant, tested at 0.05 / 4: by Connor's formula (2.498 sqrt(0.4) + 0.842 sqrt(0.4
  // - 0.022))^2 / d^2 = 200 at d = 0.148; the exact test needs a little more.
  EXPECT_NEAR(tools["smallest_drop"].get<double>(), 0.153, 0.008);
}

TEST(Summary, CountsOnlyWhatAStoppedRungWasAsked) {
  const ordered_json summary =
      summarize(std::vector<RungResult>{rung("bf16", 16, 200, 200), rung("q2_k", 2.6, 0, 200)});
  const auto& math = summary["rungs"][1]["panel"]["math"];
  EXPECT_EQ(math["items"], 20);
  EXPECT_EQ(math["stopped"], "degraded");
  EXPECT_EQ(math["verdict"], "degraded");
  EXPECT_EQ(summary["rungs"][1]["panel"]["tools"]["stopped"], "holds");
}

TEST(RungResult, SurvivesTheRoundTripAndRefusesNonsense) {
  const RungResult before = rung("q4_k", 4.5, 188, 179);
  const auto after = rung_result_from_json(to_json(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(to_json(*after), to_json(before));
  EXPECT_FALSE(rung_result_from_json(ordered_json::object()));
  EXPECT_FALSE(rung_result_from_json(ordered_json::parse(R"({"name": 3})")));
}

}  // namespace
}  // namespace rung
