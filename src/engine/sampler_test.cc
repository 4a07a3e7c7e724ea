#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace rung {
namespace {

const std::vector<float> kLogits = {1.0f, 3.0f, 2.0f, 3.0f, -1.0f};

std::map<int32_t, int> draw(const SamplerOptions& options, int times) {
  Sampler sampler(options);
  std::map<int32_t, int> counts;
  for (int time = 0; time < times; ++time) ++counts[sampler.sample(kLogits)];
  return counts;
}

TEST(Sampler, GreedyTakesTheFirstOfEqualMaxima) {
  EXPECT_EQ(greedy_token(kLogits), 1);
  EXPECT_EQ(Sampler({}).sample(kLogits), 1);
}

TEST(Sampler, FrequenciesFollowTheSoftmax) {
  const int times = 20000;
  auto counts = draw({.temperature = 0.5f, .seed = 7}, times);
  double total = 0;
  for (const float logit : kLogits) total += std::exp(2.0 * logit);
  for (size_t id = 0; id < kLogits.size(); ++id) {
    const double p = std::exp(2.0 * kLogits[id]) / total;
    const double five_sigma = 5 * std::sqrt(p * (1 - p) / times) + 1.0 / times;
    EXPECT_NEAR(counts[static_cast<int32_t>(id)] / static_cast<double>(times), p, five_sigma);
  }
}

TEST(Sampler, FiltersKeepOnlyTheBest) {
  EXPECT_EQ(draw({.temperature = 5.0f, .top_k = 2, .seed = 1}, 500).size(), 2u);
  EXPECT_EQ(draw({.temperature = 5.0f, .top_p = 0.1f, .seed = 1}, 500).size(), 1u);
  // exp(2-3) = 0.37 of the best stays, exp(1-3) = 0.14 goes
  EXPECT_EQ(draw({.temperature = 5.0f, .min_p = 0.2f, .seed = 1}, 500).size(), 3u);
}

TEST(Sampler, SameSeedSameTokens) {
  Sampler one({.temperature = 1.0f, .seed = 3}), two({.temperature = 1.0f, .seed = 3});
  for (int time = 0; time < 100; ++time) EXPECT_EQ(one.sample(kLogits), two.sample(kLogits));
}

}  // namespace
}  // namespace rung
