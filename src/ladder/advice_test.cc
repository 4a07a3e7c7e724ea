#include "ladder/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

constexpr size_t kItems = 1000;

RungResult rung_of(const std::string& name, double bits, size_t math, size_t tools) {
  RungResult rung;
  rung.name = name;
  rung.bits_per_weight = bits;
  rung.bytes = static_cast<uint64_t>(1e9 * bits);
  for (const auto& [capability, right] : {std::pair("math", math), {"tools", tools}})
    rung.answers.push_back({capability, std::string(right, '1') + std::string(kItems - right, '0')});
  return rung;
}

ordered_json advice_on(const std::vector<RungResult>& rungs) {
  PanelFacts facts;
  facts.stops_early = false;
  return advise(judge_ladder(rungs, facts));
}

std::map<std::string, std::string> characters_of(const ordered_json& advice) {
  std::map<std::string, std::string> characters;
  for (const auto& rung : advice["rungs"]) characters[rung["rung"]] = rung["character"];
  return characters;
}

const std::vector<RungResult> kLadder = {rung_of("bf16", 16, 950, 900),        rung_of("q8_0", 8.5, 950, 900),
                                         rung_of("q6_k", 6.6, 943, 894),       rung_of("q4_k", 4.5, 935, 890),
                                         rung_of("asymmetric", 3.8, 934, 889), rung_of("q2_k", 2.6, 700, 889),
                                         rung_of("naive-q2", 2.1, 400, 300)};

TEST(Advice, GivesEachRungItsCharacter) {
  const ordered_json advice = advice_on(kLadder);
  EXPECT_EQ(characters_of(advice), (std::map<std::string, std::string>{{"bf16", "baseline"},
                                                                       {"q8_0", "near-lossless"},
                                                                       {"q6_k", "sweet spot"},
                                                                       {"q4_k", "slight loss"},
                                                                       {"asymmetric", "slight loss"},
                                                                       {"q2_k", "last resort"},
                                                                       {"naive-q2", "broken"}}));
  EXPECT_DOUBLE_EQ(advice["rungs"][1]["gb_per_billion_weights"].get<double>(), 8.5 / 8);
  EXPECT_THAT(advice["rungs"].back()["when"].get<std::string>(), HasSubstr("math and tools fell"));
}

TEST(Advice, CallsTheSmallestSoundRungTheSweetSpot) {
  const auto characters = characters_of(advice_on({rung_of("bf16", 16, 950, 900), rung_of("q4_k", 4.5, 949, 900),
                                                   rung_of("q3_k", 3.4, 949, 899), rung_of("q2_k", 2.6, 500, 890)}));
  EXPECT_EQ(characters.at("q3_k"), "sweet spot");
  EXPECT_EQ(characters.at("q4_k"), "near-lossless");
}

TEST(Advice, SaysWhereTooFewItemsWereAsked) {
  std::vector<RungResult> rungs = {rung_of("bf16", 16, 950, 900), rung_of("q4_k", 4.5, 950, 900)};
  for (RungResult& rung : rungs)
    for (CapabilityAnswers& answers : rung.answers) answers.right.resize(20);
  const ordered_json advice = advice_on(rungs);
  EXPECT_EQ(characters_of(advice).at("q4_k"), "unclear");
  EXPECT_THAT(advice["rungs"][1]["when"].get<std::string>(), HasSubstr("too few items"));
}

TEST(Advice, ChecksTheRulesOfThumb) {
  const ordered_json folklore = advice_on(kLadder)["folklore"];
  std::map<std::string, std::string> findings;
  for (const auto& entry : folklore) findings[entry["rung"]] = entry["finding"];
  // 8 bit: nothing lost of 1,000 items each, so under 0.5 % for sure. 4 bit: (935/950 + 890/900) / 2 = 98.7 %, whose
  // interval reaches no 99 %. 2 bit: 700/950 and 889/900 keep 86 %, 400/950 and 300/900 keep 38 %.
  EXPECT_EQ(
      findings,
      (std::map<std::string, std::string>{
          {"q8_0", "confirmed"}, {"q4_k", "disagrees, not sure"}, {"q2_k", "confirmed"}, {"naive-q2", "confirmed"}}));
  EXPECT_EQ(advice_on({rung_of("bf16", 16, 950, 900), rung_of("q8_0", 8.5, 800, 700)})["folklore"][0]["finding"],
            "refuted");
}

TEST(Advice, JudgesTwoBitsNaiveAgainstAsymmetric) {
  const ordered_json both = advice_on(kLadder)["two_bits"];
  EXPECT_EQ(both["resists"], "no");
  EXPECT_EQ(both["naive"]["degraded"], ordered_json::array({"math", "tools"}));
  const ordered_json experts = advice_on({rung_of("bf16", 16, 950, 900), rung_of("asymmetric", 3.8, 949, 900),
                                          rung_of("naive-q2", 2.1, 400, 300)})["two_bits"];
  EXPECT_EQ(experts["resists"], "experts alone");
  const ordered_json resists =
      advice_on({rung_of("bf16", 16, 950, 900), rung_of("naive-q2", 2.1, 949, 899)})["two_bits"];
  EXPECT_EQ(resists["resists"], "yes");
  EXPECT_TRUE(advice_on({rung_of("bf16", 16, 950, 900)})["two_bits"].is_null());
}

TEST(Advice, NamesTheNextStepUpThatMendsTheLoss) {
  const ordered_json steps = advice_on({rung_of("bf16", 16, 950, 900), rung_of("q6_k", 6.6, 950, 900),
                                        rung_of("q3_k", 3.4, 800, 900), rung_of("q2_k", 2.6, 700, 899)})["next_steps"];
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0]["text"], "math falls at q3_k: take q6_k, +3.2 GB.");
  EXPECT_EQ(steps[1]["to"], "q6_k");  // q3_k has the same loss
  EXPECT_EQ(steps[1]["bytes_more"], 4000000000u);
}

}  // namespace
}  // namespace rung
