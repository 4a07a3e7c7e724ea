// Expected quality against the published pages themselves, and the rules of a comparison against what they state.
#include "plan/quality.h"

#include <gmock/gmock.h>

#include <cmath>

#include "plan/quality_tables.h"

namespace rung {
namespace {

using testing::HasSubstr;
using Winner = QualityDecision::Winner;

/// llama.cpp tools/perplexity/README.md, scoreboards of Llama 3 8b and Llama 2 70B.
TEST(Quality, ANamedTypeIsWhatThePageSays) {
  const auto small = published_quality({"llama.cpp/Q4_K_M", 4.9, 8e9});
  ASSERT_TRUE(small);
  EXPECT_DOUBLE_EQ(small->divergence, 0.028152);
  EXPECT_FALSE(small->measured || small->interpolated || small->from_perplexity);
  EXPECT_THAT(small->source, HasSubstr("Llama-3-8B q4_k_m"));
  const auto large = published_quality({"q2_k", 3.4, 70e9});
  ASSERT_TRUE(large);
  EXPECT_DOUBLE_EQ(large->divergence, std::log(1.0882));
  EXPECT_TRUE(large->from_perplexity);
}

TEST(Quality, OtherTypesLieBetweenThePublishedOnes) {
  double before = 0;
  for (double bits = 9; bits > 2.05; bits -= 0.05) {
    const auto estimate = published_quality({"a mixture of our own", bits, 8e9});
    ASSERT_TRUE(estimate) << bits;
    EXPECT_TRUE(estimate->interpolated);
    EXPECT_GE(estimate->divergence, before) << bits;
    before = estimate->divergence;
  }
  // 4.58 GiB of 8.03e9 weights are 4.8993 bits: the q4_K_M row.
  EXPECT_NEAR(published_quality({"other", 4.8993, 8e9})->divergence, 0.028152, 1e-4);
  EXPECT_GT(before, 1.39);  // iq1_M
  EXPECT_FALSE(published_quality({"other", 1.9, 8e9}));
  EXPECT_FALSE(published_quality({"other", 3.3, 70e9}));  // that page ends at q2_K
  EXPECT_EQ(published_quality({"bf16", 16, 8e9})->divergence, 0);
}

TEST(Quality, ClassesAreThoseOfTheirExamples) {
  const std::pair<double, std::string_view> examples[] = {
      {0.001355, "within rounding"}, {0.010762, "slight"}, {0.036334, "visible"}, {0.084358, "clear"},
      {0.332223, "severe"},          {0.546290, "broken"}, {1e9, "broken"},       {0, "within rounding"}};
  for (const auto& [nats, name] : examples) EXPECT_EQ(divergence_class(nats).name, name) << nats;
}

TEST(Quality, NotesSayWhyItMayNotHold) {
  EXPECT_THAT(published_quality({"q4_k_m", 4.9, 1e9})->notes, testing::ElementsAre(HasSubstr("smaller models lose")));
  EXPECT_THAT(published_quality({"q4_k_m", 4.9, 9e9, true})->notes, testing::ElementsAre(HasSubstr("dense model")));
  EXPECT_TRUE(published_quality({"q4_k_m", 4.9, 9e9})->notes.empty());
}

TEST(Quality, CapabilitiesAreOfTheSizeAndTheBits) {
  const auto at = [](double bits, double weights, std::string_view capability) -> std::string {
    const auto estimate = published_quality({"other", bits, weights});
    for (const auto& one : estimate->capabilities)
      if (one.capability == capability) return one.verdict;
    return "";
  };
  EXPECT_EQ(at(2.5, 8e9, "code"), "degraded");   // -18 %
  EXPECT_EQ(at(3.0, 8e9, "code"), "some loss");  // -6 %
  EXPECT_EQ(at(8.5, 8e9, "knowledge and choice"), "holds");
  EXPECT_EQ(at(4.5, 70e9, "knowledge and choice"), "holds");    // less than 1.5 %
  EXPECT_EQ(at(4.5, 1e9, "knowledge and choice"), "degraded");  // more than 12 %
  EXPECT_EQ(at(2.5, 20e9, "code"), "");                         // nothing published
}

TEST(Quality, EveryPublishedRowHasASource) {
  for (const PublishedCurve& curve : published_curves()) {
    EXPECT_FALSE(curve.source.empty());
    for (size_t row = 1; row < curve.points.size(); ++row)
      EXPECT_LE(curve.points[row].gib, curve.points[row - 1].gib) << curve.points[row].type;
  }
  EXPECT_EQ(published_curves().back().least_weights, 0);  // every size has a curve
  for (const PublishedLoss& row : published_losses()) {
    EXPECT_FALSE(row.source.empty() || row.finding.empty());
    EXPECT_LT(row.least_bits, row.most_bits);
  }
}

TEST(CompareQuality, MeasuredAnswersDecide) {
  const std::string first = std::string(80, '1') + std::string(20, '0');
  const std::string second = std::string(60, '1') + std::string(40, '0');
  const QualityDecision decision = compare_quality({"a", 8e9, 2.1, "panel", first}, {"b", 3e9, 5, "panel", second});
  EXPECT_TRUE(decision.measured);
  EXPECT_EQ(decision.winner, Winner::kFirst);  // 20 : 0, p = 2 / 2^20
  EXPECT_THAT(decision.reason, HasSubstr("20 are right with a only and 0 with b only (p = 1.9e-06)"));
  const QualityDecision even = compare_quality({"a", 8e9, 2.1, "panel", "1100"}, {"b", 3e9, 5, "panel", "1000"});
  EXPECT_EQ(even.winner, Winner::kUndecided);
  EXPECT_THAT(even.reason, HasSubstr("too few items to tell"));
}

TEST(CompareQuality, AnotherPanelDoesNotCount) {
  const QualityDecision decision = compare_quality({"a", 70e9, 4.8, "one panel", "1"}, {"b", 8e9, 16, "another", "0"});
  EXPECT_FALSE(decision.measured);
}

TEST(CompareQuality, RulesInTheirOrder) {
  const auto winner = [](double large, double bits, double small, double more_bits) {
    const QualityCandidate first{"large", large, bits, "", ""}, second{"small", small, more_bits, "", ""};
    const QualityDecision one = compare_quality(first, second), other = compare_quality(second, first);
    EXPECT_EQ(one.reason, other.reason);
    if (one.winner != Winner::kUndecided) {
      EXPECT_NE(one.winner, other.winner) << "order must not matter";
    }
    EXPECT_FALSE(one.source.empty());
    return one.winner;
  };
  EXPECT_EQ(winner(32e9, 4.8, 8e9, 16), Winner::kFirst);     // 4 bits of the larger
  EXPECT_EQ(winner(32e9, 2.4, 14e9, 5.5), Winner::kSecond);  // below the cliff
  EXPECT_EQ(winner(32e9, 3.4, 14e9, 8.5), Winner::kUndecided);
  EXPECT_EQ(winner(32e9, 2.4, 14e9, 2.4), Winner::kFirst);      // as many bits
  EXPECT_EQ(winner(32e9, 4.8, 30e9, 5.0), Winner::kUndecided);  // one size
  EXPECT_EQ(winner(32e9, 2.4, 14e9, 3.0), Winner::kUndecided);  // both below the cliff
}

}  // namespace
}  // namespace rung
