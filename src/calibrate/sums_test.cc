// The pure parts: Gram sums against a naive double sum, choice of prompts, coverage, statistics, by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "calibrate/coverage.h"
#include "calibrate/gram_sums.h"
#include "calibrate/imatrix_statistics.h"
#include "calibrate/top_up.h"

namespace rung {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<float> random_rows(size_t count, size_t columns) {
  Rng rng(count * 1000 + columns);
  std::vector<float> rows(count * columns);
  for (float& value : rows) value = static_cast<float>(rng.uniform() * 2 - 0.9);
  return rows;
}

std::vector<float> gram_of(const std::vector<float>& rows, size_t columns, GramKind kind, int threads, size_t step) {
  ThreadPool pool(threads);
  GramScratch scratch;
  GramSums sums(columns, kind);
  const size_t count = rows.size() / columns;
  for (size_t begin = 0; begin < count; begin += step)
    sums.add(rows.data() + begin * columns, std::min(step, count - begin), pool, scratch);
  return sums.means(pool, scratch);
}

double naive(const std::vector<float>& rows, size_t columns, size_t a, size_t b) {
  double sum = 0;
  for (size_t row = 0; row * columns < rows.size(); ++row)
    sum += double{rows[row * columns + a]} * double{rows[row * columns + b]};
  return sum * static_cast<double>(columns) / static_cast<double>(rows.size());
}

// A float sum of 256 products of values below 1.1 is off by at most 256 * 2^-24 * 1.21, and so is the mean of such
// sums.
constexpr double kGramError = 2e-5;

TEST(GramSums, FullIsTheNaiveSum) {
  for (const size_t columns : {5, 256, 300})
    for (const size_t count : {1, 255, 256, 600}) {
      const auto rows = random_rows(count, columns);
      const auto gram = gram_of(rows, columns, GramKind::kFull, 2, count);
      ASSERT_EQ(gram.size(), columns * columns);
      for (size_t a = 0; a < columns; ++a)
        for (size_t b = 0; b < columns; b += 3)
          ASSERT_NEAR(gram[a * columns + b], naive(rows, columns, a, b), kGramError) << a << ' ' << b;
    }
}

TEST(GramSums, BlocksAreThoseOfTheFullMatrix) {
  const size_t columns = 700;  // blocks of 256, 256 and 188
  const auto rows = random_rows(300, columns);
  const auto full = gram_of(rows, columns, GramKind::kFull, 1, 300);
  const auto blocks = gram_of(rows, columns, GramKind::kBlocks, 1, 300);
  ASSERT_EQ(blocks.size(), 2u * 256 * 256 + 188 * 188);
  const float* block = blocks.data();
  for (size_t first = 0; first < columns; first += 256) {
    const size_t edge = std::min<size_t>(256, columns - first);
    for (size_t a = 0; a < edge; ++a)
      for (size_t b = 0; b < edge; ++b)
        ASSERT_NEAR(block[a * edge + b], full[(first + a) * columns + first + b], kGramError);
    block += edge * edge;
  }
}

TEST(GramSums, NeitherThreadsNorPiecesMatter) {
  const auto rows = random_rows(600, 300);
  const auto once = gram_of(rows, 300, GramKind::kFull, 1, 600);
  EXPECT_EQ(once, gram_of(rows, 300, GramKind::kFull, 3, 600));
  EXPECT_EQ(once, gram_of(rows, 300, GramKind::kFull, 2, 7));
}

TEST(TopUp, ThePromptThatHelpsMostComesFirst) {
  // Expert 0 lacks 10, expert 1 lacks 4. Prompt 1 brings 9 useful tokens, then prompt 2 the 4 of expert 1 and one more.
  std::vector<double> missing = {10, 4};
  EXPECT_THAT(choose_prompts({{{0, 5}}, {{0, 9}}, {{0, 2}, {1, 50}}}, missing), ElementsAre(1, 2));
  EXPECT_THAT(missing, ElementsAre(0, 0));
}

TEST(TopUp, UselessPromptsAreNotChosen) {
  std::vector<double> missing = {3, 2};
  EXPECT_THAT(choose_prompts({{}, {{0, 1}}, {{0, 1}}}, missing), ElementsAre(1, 2));
  EXPECT_THAT(missing, ElementsAre(1, 2));  // the pool is used up
  std::vector<double> nothing = {0};
  EXPECT_THAT(choose_prompts({{{0, 8}}}, nothing), IsEmpty());
}

TEST(Coverage, CountsExpertsAndColumns) {
  ImatrixSums sums;
  sums.entries["blk.10.ffn_up_exps.weight"] = {2, 3, {0, 0, 1, 2, 0, 4}, {0, 20, 400}};
  sums.entries["blk.2.ffn_up_exps.weight"] = {2, 3, {1, 1, 1, 1, 1, 1}, {60, 70, 90}};
  sums.entries["blk.2.attn_q.weight"] = {3, 1, {1, 0, 0}, {500}};
  const Coverage coverage = coverage_of(sums);
  ASSERT_EQ(coverage.layers.size(), 2u);
  EXPECT_EQ(coverage.layers[0].tensor, "blk.2.ffn_up_exps.weight");  // 2 before 10
  EXPECT_EQ(coverage.layers[0].median, 70);
  EXPECT_EQ(coverage.experts, 6u);
  EXPECT_EQ(coverage.unseen, 1u);
  EXPECT_EQ(coverage.thin, 1u);
  ASSERT_EQ(coverage.dead.size(), 2u);
  EXPECT_EQ(coverage.dead[0].tensor, "blk.10.ffn_up_exps.weight");
  EXPECT_EQ(coverage.dead[0].columns, 1u);  // not those of the expert that saw nothing
  EXPECT_EQ(coverage.dead[0].of, 4u);
  EXPECT_EQ(coverage.dead[1].columns, 2u);
}

TEST(Statistics, ByHand) {
  Imatrix imatrix;
  imatrix.entries["blk.0.attn_q.weight"] = {4, 1, {1, 1, 1, 1}, {10}};
  imatrix.entries["blk.1.attn_q.weight"] = {4, 1, {8, 4, 4, 0}, {10}};
  imatrix.entries["output.weight"] = {2, 2, {3, 5, 1, 1}, {10, 0}};  // the second matrix saw nothing
  const auto statistics = imatrix_statistics(imatrix);
  ASSERT_EQ(statistics.size(), 3u);
  EXPECT_EQ(statistics[0].entropy, 2);  // four equal shares
  EXPECT_EQ(statistics[0].normalised_entropy, 1);
  EXPECT_FALSE(statistics[0].cosine);
  const TensorStatistics& second = statistics[1];
  EXPECT_EQ(second.sum, 16);
  EXPECT_EQ(second.mean, 4);
  EXPECT_DOUBLE_EQ(second.deviation, std::sqrt(8.0));
  EXPECT_EQ(second.least, 0);
  EXPECT_EQ(second.most, 8);
  EXPECT_EQ(second.active, 0.75);
  EXPECT_EQ(second.entropy, 1.5);    // a half and two quarters
  EXPECT_EQ(second.outliers, 0.25);  // 8 > 4 + sqrt 8
  EXPECT_DOUBLE_EQ(*second.cosine, 16 / (2 * std::sqrt(96.0)));
  EXPECT_EQ(statistics[2].values, 2u);
  EXPECT_EQ(statistics[2].mean, 4);
}

}  // namespace
}  // namespace rung
