#include "ladder/paired_cell.h"

#include <gtest/gtest.h>

#include "ladder/synthetic_ladder_for_tests.h"

namespace rung {
namespace {

/// '1' for the items of [from, to), '0' for the others.
std::string right_in(size_t items, size_t from, size_t to) {
  return std::string(from, '0') + std::string(to - from, '1') + std::string(items - to, '0');
}

PanelFacts with_chance(double chance) {
  PanelFacts facts;
  facts.chance["c"] = chance;
  return facts;
}

RungResult one_capability(const std::string& right) {
  RungResult result;
  result.answers = {{"c", right}};
  return result;
}

TEST(PairedCell, CountsAndEstimates) {
  PanelFacts facts;
  facts.stops_early = false;
  // Of 100 items 80 right before, 62 of them now, and 2 of the others: 64 / 80 = 0.8 is kept.
  const PairedCell cell = pair_cell({"c", right_in(100, 18, 82)}, {"c", right_in(100, 0, 80)}, facts, 1);
  EXPECT_EQ(cell.counts.lost, 18u);
  EXPECT_EQ(cell.counts.gained, 2u);
  EXPECT_DOUBLE_EQ(cell.kept, 0.8);
  EXPECT_DOUBLE_EQ(cell.change_value(), -0.16);
  EXPECT_LT(cell.change.low, -0.16);
  EXPECT_GT(cell.change.high, -0.16);
  EXPECT_LT(cell.change.high, 0);
  EXPECT_NEAR(cell.p_value, 2 * (1 + 20 + 190) / 1048576.0, 1e-12);
}

TEST(PairedCell, StopsWhereTheVerdictIsCertain) {
  // All of the first 20 lost: p = 2^-19, of which a tenth may be spent at the first of the looks at 200 items.
  const CapabilityAnswers reference{"c", std::string(200, '1')};
  const PairedCell broken = pair_cell({"c", std::string(200, '0')}, reference, {}, 77);
  EXPECT_EQ(broken.counts.items(), 20u);
  EXPECT_DOUBLE_EQ(broken.p_value, 10 * 2 / 1048576.0);
  EXPECT_EQ(stop_of(broken, {}, 77), Stop::kDegraded);
  EXPECT_EQ(pair_cell({"c", std::string(200, '1')}, reference, {}, 77).counts.items(), 60u);
  // Near the line every item is asked: one in fifteen is lost.
  std::string near(200, '1');
  for (size_t item = 5; item < near.size(); item += 15) near[item] = '0';
  EXPECT_EQ(pair_cell({"c", near}, reference, {}, 77).counts.items(), 200u);
  PanelFacts wide;
  wide.width = 0.5;
  EXPECT_LT(pair_cell({"c", near}, reference, wide, 77).counts.items(), 200u);
  // What was answered decides, not what could have been: 70 answers are two looks.
  EXPECT_EQ(pair_cell({"c", near.substr(0, 70)}, reference, {}, 77).counts.items(), 60u);
  EXPECT_EQ(stop_of(pair_cell({"c", ""}, reference, {}, 77), {}, 77), Stop::kNot);
}

TEST(PairedCell, NothingIsJudgedThatGuessingExplains) {
  // 60 of 100 right with a chance of one half: Wilson's lower limit is 0.502; 58 do not reach it.
  const CapabilityAnswers rung{"c", std::string(100, '0')};
  EXPECT_TRUE(pair_cell(rung, {"c", right_in(100, 0, 60)}, with_chance(0.5), 1).judged());
  EXPECT_FALSE(pair_cell(rung, {"c", right_in(100, 0, 58)}, with_chance(0.5), 1).judged());
  EXPECT_FALSE(pair_cell(rung, {"c", right_in(100, 0, 0)}, with_chance(0), 1).judged());
}

TEST(PairedCell, LossesWithinTheNoiseAreNoLosses) {
  // 30 of 200 items change by rounding alone; a loss of as many cannot be told from it, one of 40 can.
  const std::string all(200, '1');
  PanelFacts facts;
  facts.noise = one_capability(right_in(200, 30, 200));
  const std::vector<RungResult> rungs = {one_capability(all), one_capability(right_in(200, 30, 200)),
                                         one_capability(right_in(200, 40, 200))};
  facts.stops_early = false;
  const JudgedLadder ladder = judge_ladder(rungs, facts);
  EXPECT_EQ(ladder.cells[1][0].verdict, CellVerdict::kTooFew);
  EXPECT_EQ(ladder.cells[2][0].verdict, CellVerdict::kDegraded);
  EXPECT_DOUBLE_EQ(ladder.noise[0].floor, 0.15);
}

TEST(PairedCell, QualityIsTheMeanOverWhatIsJudged) {
  RungResult reference, rung;
  reference.answers = {{"a", std::string(100, '1')}, {"b", std::string(100, '0')}, {"c", std::string(100, '1')}};
  rung.answers = {{"a", std::string(100, '1')}, {"b", std::string(100, '0')}, {"c", right_in(100, 0, 50)}};
  PanelFacts facts;
  facts.stops_early = false;
  const JudgedLadder ladder = judge_ladder(std::vector<RungResult>{reference, rung}, facts);
  EXPECT_DOUBLE_EQ(ladder.quality_kept(1).value(), 0.75);
  EXPECT_EQ(ladder.tests, 2u);
  const Interval interval = ladder.quality_interval(1);
  EXPECT_LT(interval.low, 0.75);
  EXPECT_GT(interval.low, 0.68);
}

// bench/statistics_bench.cc in small: 200 ladders of 12 cells, half of the cells truly worse.
TEST(PairedCell, VerdictsOnDrawnLaddersAreSeldomWrong) {
  constexpr int kLadders = 200;
  int alarms = 0;
  uint64_t cells = 0, covered = 0, lossy = 0, held = 0, found = 0;
  for (int index = 0; index < kLadders; ++index) {
    Rng rng(500 + static_cast<uint64_t>(index));
    SyntheticShape shape;
    shape.rungs = 4;
    shape.capabilities = 3;
    shape.items = 150;
    const SyntheticLadder drawn = draw_ladder(shape, rng);
    const JudgedLadder ladder = judge_ladder(drawn.rungs, {});
    bool alarm = false;
    for (size_t rung = 0; rung < shape.rungs; ++rung)
      for (size_t capability = 0; capability < shape.capabilities; ++capability) {
        const PairedCell& cell = ladder.cells[rung + 1][capability];
        const CellTruth& truth = drawn.truths[rung][capability];
        const bool degraded = cell.verdict == CellVerdict::kDegraded;
        const bool loses = -truth.change() > kTolerableLoss * drawn.reference[capability];
        alarm |= degraded && truth.lost == truth.gained;
        found += degraded && loses;
        lossy += loses;
        held += loses && cell.verdict == CellVerdict::kHolds;
        covered += cell.change.low <= truth.change() && truth.change() <= cell.change.high;
        ++cells;
      }
    alarms += alarm;
  }
  // At most 5 % of 200 ladders and 6 % of 2,400 cells (three standard errors: 1.5 %), and the tests do find losses.
  EXPECT_LE(alarms, 10);
  EXPECT_GT(covered, cells * 94 / 100);
  EXPECT_LT(held, lossy * 25 / 1000 + 1);
  EXPECT_GT(found, lossy / 2);
}

}  // namespace
}  // namespace rung
