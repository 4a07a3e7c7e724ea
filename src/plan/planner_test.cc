// What fits where: verdicts people know, devices and their bounds by hand.
#include "plan/planner.h"

#include <gmock/gmock.h>

#include "plan/explain.h"
#include "plan/shapes_for_tests.h"

namespace rung {
namespace {

using testing::HasSubstr;

constexpr uint64_t kGiB = uint64_t{1} << 30;

PlanRequest request_for(uint64_t bytes, std::vector<std::string> recipes = {}) {
  PlanRequest request;
  request.devices = {{"memory", bytes, 0, 0}};
  request.types = KvTypes::parse("f16", "--kv").value();
  request.recipes = std::move(recipes);
  return request;
}

ModelPlan plan_of(const std::string& model, const PlanRequest& request) {
  auto plan = plan_model(open_model_shapes(model).value(), request);
  EXPECT_TRUE(plan) << plan.error().message;
  return std::move(*plan);
}

bool fits(const std::string& size, const std::string& rung) {
  return plan_of(size, request_for(24 * kGiB, {rung})).rungs.front().fits;
}

TEST(Planner, WhatACardOf24GiBTakes) {  // with 8192 tokens of conversation
  for (const char* size : {"7B", "8B"}) EXPECT_TRUE(fits(size, "bf16")) << size;
  for (const char* size : {"13B", "14B"}) EXPECT_FALSE(fits(size, "bf16")) << size;
  for (const char* size : {"30B", "32B"}) {
    EXPECT_TRUE(fits(size, "q4_k")) << size;
    EXPECT_TRUE(fits(size, "llama.cpp/Q4_K_M")) << size;
  }
  EXPECT_FALSE(fits("70B", "q4_k"));
  EXPECT_FALSE(fits("30B", "q8_0"));
}

TEST(Planner, BestAndStepUp) {
  const ModelPlan plan = plan_of("8B", request_for(8 * kGiB));
  ASSERT_TRUE(plan.best && plan.step_up);
  const RungPlan& best = plan.rungs[*plan.best];
  const RungPlan& next = plan.rungs[*plan.step_up];
  EXPECT_TRUE(best.fits);
  EXPECT_FALSE(next.fits);
  EXPECT_GT(next.weights.bytes, best.weights.bytes);
  for (const RungPlan& rung : plan.rungs) {
    EXPECT_EQ(rung.fits, rung.bytes <= 8 * kGiB) << rung.name;
    EXPECT_LE(rung.fits ? rung.weights.bytes : best.weights.bytes, best.weights.bytes) << rung.name;
  }
}

TEST(Planner, LargestContextIsTheLastThatFits) {
  PlanRequest request = request_for(8 * kGiB, {"q4_k"});
  const uint64_t most = *plan_of("8B", request).rungs.front().largest_context;
  ASSERT_GT(most, 8192u);
  request.context = most;
  EXPECT_TRUE(plan_of("8B", request).rungs.front().fits);
  request.context = most + 1;
  EXPECT_FALSE(plan_of("8B", request).rungs.front().fits);
  EXPECT_EQ(*plan_of("8B", request_for(4 * kGiB, {"q4_k"})).rungs.front().largest_context, 0u);
  EXPECT_EQ(*plan_of("8B", request_for(80 * kGiB, {"q4_k"})).rungs.front().largest_context, 131072u);  // as trained
}

TEST(Planner, MoreConversationsNeedMoreCaches) {
  PlanRequest request = request_for(64 * kGiB, {"q4_k"});
  const uint64_t one = plan_of("8B", request).cache.bytes;
  request.sequences = 5;
  EXPECT_EQ(plan_of("8B", request).cache.bytes, 5 * one);
}

ModelShapes latent_shapes() {
  ModelShapes shapes;
  const auto number = [](const char* key, uint64_t value) {
    return GgufEntry{std::string("deepseek2.") + key, GgufValue::u64(value)};
  };
  shapes.name = "model";
  shapes.directory = test::model_of(test::latent_model({}), {{"general.architecture", GgufValue::string("deepseek2")},
                                                             number("block_count", 61),
                                                             number("embedding_length", 7168),
                                                             number("attention.head_count", 128),
                                                             number("attention.head_count_kv", 1),
                                                             number("attention.key_length", 576),
                                                             number("attention.value_length", 512),
                                                             number("attention.kv_lora_rank", 512),
                                                             number("rope.dimension_count", 64),
                                                             number("expert_count", 256),
                                                             number("expert_used_count", 8)});
  return shapes;
}

TEST(Placement, ExpertsGoLastAndTheBoundIsThatOfReading) {
  PlanRequest request = request_for(0, {"q4_k"});
  request.devices = {{"card", 80 * kGiB, 1000e9, 80e12}, {"RAM", 512 * kGiB, 80e9, 1e12}};
  const auto plan = plan_model(latent_shapes(), request);
  ASSERT_TRUE(plan) << plan.error().message;
  const RungPlan& rung = plan->rungs.front();
  ASSERT_EQ(rung.placements.size(), 2u);
  for (const Placement& placement : rung.placements) {
    uint64_t weights = 0, cache = 0, values = 0;
    double seconds = 0;
    for (size_t device = 0; device < 2; ++device) {
      const DeviceShare& share = placement.shares[device];
      EXPECT_LE(share.bytes(), request.devices[device].bytes);
      weights += share.weights, cache += share.cache, values += share.values;
      seconds += static_cast<double>(share.read) / request.devices[device].bandwidth;
    }
    EXPECT_EQ(weights, rung.weights.bytes) << placement.name;
    EXPECT_EQ(cache, plan->cache.bytes) << placement.name;
    EXPECT_NEAR(static_cast<double>(values), static_cast<double>(*rung.weights.active_values), 200) << placement.name;
    EXPECT_NEAR(*placement.decode_tokens_per_second, 1 / seconds, 1e-9) << placement.name;
  }
  // What every token reads lies on the fast card: that is the point.
  EXPECT_EQ(rung.placements.front().name, "experts last");
  EXPECT_EQ(rung.placements.front().shares[0].layers, 61u);
  EXPECT_GT(*rung.placements[0].decode_tokens_per_second, *rung.placements[1].decode_tokens_per_second);
}

TEST(Placement, NoNumberWhereABandwidthIsMissing) {
  PlanRequest request = request_for(0, {"q4_k"});
  request.devices = {{"card", 80 * kGiB, 1000e9, 0}, {"RAM", 512 * kGiB, 0, 0}};
  const auto plan = plan_model(latent_shapes(), request);
  EXPECT_FALSE(plan->rungs.front().placements.front().decode_tokens_per_second);
}

TEST(Placement, WhatFitsNowhereDoesNotFit) {
  PlanRequest request = request_for(0, {"q4_k"});
  request.devices = {{"card", 24 * kGiB, 1000e9, 0}, {"RAM", 64 * kGiB, 80e9, 0}};
  const auto plan = plan_model(latent_shapes(), request);
  EXPECT_FALSE(plan->rungs.front().fits);
  EXPECT_FALSE(plan->best);
}

TEST(Planner, ContradictionsAndAbsurdities) {
  ModelShapes shapes = latent_shapes();
  auto metadata = std::vector<GgufEntry>(shapes.directory.metadata().begin(), shapes.directory.metadata().end());
  metadata.back().value = GgufValue::u64(300);
  shapes.directory = test::model_of(test::latent_model({}), metadata);
  EXPECT_THAT(plan_model(std::move(shapes), request_for(kGiB)).error().message, HasSubstr("found 300 of 256 experts"));
  PlanRequest request = request_for(kGiB);
  request.context = uint64_t{1} << 30;
  request.sequences = 1u << 20;
  EXPECT_THAT(plan_model(latent_shapes(), request).error().message, HasSubstr("more than 2^60 bytes"));
}

TEST(Planner, AMapHasNoMetadataButShapes) {
  ModelShapes shapes;
  shapes.name = "m.map";
  shapes.source = ModelShapes::Source::kTensorMap;
  shapes.directory = test::model_of(test::qwen3_4b());
  const auto plan = plan_model(std::move(shapes), request_for(24 * kGiB));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->cache_shape.certainty, CacheShape::Certainty::kAtMost);
  EXPECT_EQ(plan->cache.bytes, 8192u * 36 * 2048 * 2);
  EXPECT_FALSE(plan->rungs.front().buffers);
}

TEST(Quality, MeasuredBeforePublishedAndNothingOfThePublishedModel) {
  PlanRequest request = request_for(24 * kGiB);
  MeasuredRung measured;
  measured.name = "q4_k";
  measured.quality.measured = true;
  measured.quality.divergence = 0.5;
  request.recipes = {"bf16", "q8_0", "q4_k", "llama.cpp/Q4_K_M"};
  const auto plan = plan_model(open_model_shapes("8B").value(), request, {measured});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->rungs[0].quality);
  ASSERT_TRUE(plan->rungs[1].quality && plan->rungs[2].quality && plan->rungs[3].quality);
  EXPECT_FALSE(plan->rungs[1].quality->measured);
  EXPECT_TRUE(plan->rungs[2].quality->measured);
  EXPECT_DOUBLE_EQ(plan->rungs[2].quality->divergence, 0.5);
  EXPECT_LT(plan->rungs[1].quality->divergence, plan->rungs[3].quality->divergence);
}

TEST(Quality, ALargerModelAtFewBitsBesideASmallerAtMore) {
  const ModelPlan large = plan_of("70B", request_for(48 * kGiB)), small = plan_of("32B", request_for(48 * kGiB));
  const auto decision = compare_plans(large, small);
  ASSERT_TRUE(decision);
  EXPECT_FALSE(decision->reason.empty());
  EXPECT_FALSE(compare_plans(large, plan_of("671B-A37B", request_for(48 * kGiB))));
}

TEST(Explain, FilledInFormulasGiveTheNumbers) {
  const ModelPlan plan = plan_of("8B", request_for(24 * kGiB, {"q4_k"}));
  const auto lines = explain_rung(plan, plan.rungs.front());
  bool has_weights = false, has_cache = false;
  for (const ExplainedNumber& line : lines) {
    has_weights = has_weights || (line.what == "weights, q4_k" && line.numbers.ends_with("/ 256 x 144"));
    has_cache = has_cache || (line.what == "cache, full layers" && line.numbers == "32 x 8192 x 8 x (256 + 256)");
  }
  EXPECT_TRUE(has_weights);
  EXPECT_TRUE(has_cache);
}

}  // namespace
}  // namespace rung
