// Importance of experts by hand: shrinking towards the pool, experts that saw nothing, what is told of it.
#include "quantize/importance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rung {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

GgufTensor experts(std::string name) {
  GgufTensor tensor;
  tensor.name = std::move(name);
  tensor.shape = {2, 1, 3};
  tensor.format = Format::BF16;
  return tensor;
}

Imatrix imatrix_with(const std::string& name, ImatrixEntry entry) {
  Imatrix imatrix;
  imatrix.file = "i.gguf";
  imatrix.chunk_size = 512;
  imatrix.entries.emplace(name, std::move(entry));
  return imatrix;
}

/// Experts that saw 0, 50 and 150 tokens. The pool: (50 * 1 + 150 * 3) / 200 = 2.5 and (50 * 2 + 150 * 4) / 200 = 3.5.
ImatrixEntry three_experts() { return {2, 3, {1, 1, 1, 2, 3, 4}, {0, 50, 150}}; }

TEST(Importance, ExpertsAreShrunkByTheirTokens) {
  ASSERT_EQ(kPooledTokens, 50);
  const GgufTensor tensor = experts("blk.0.ffn_up_exps.weight");
  const auto importance = imatrix_importance(tensor, imatrix_with(tensor.name, three_experts()));
  EXPECT_THAT(*importance, ElementsAre(2.5f, 3.5f, 1.75f, 2.75f, 2.875f, 3.875f));
}

TEST(Importance, SlicesThatAreNoExpertsKeepTheirOwn) {
  const GgufTensor tensor = experts("blk.0.attn_k_b.weight");
  const auto importance = imatrix_importance(tensor, imatrix_with(tensor.name, three_experts()));
  EXPECT_THAT(*importance, ElementsAre(1, 1, 1, 2, 3, 4));
}

TEST(Importance, LegacyRowsOfZerosOrOnesAreUnseen) {
  const GgufTensor tensor = experts("blk.0.ffn_up_exps.weight");
  for (const float nothing : {0.0f, 1.0f}) {
    Imatrix imatrix = imatrix_with(tensor.name, {6, 1, {nothing, nothing, 1, 3, 3, 5}, {7}});
    imatrix.chunk_size = 0;
    const auto importance = imatrix_importance(tensor, imatrix);
    // 50 of 1e9 tokens shift the others by less than a float's half step.
    const float near = 2e-7f;
    EXPECT_THAT(*importance, ElementsAre(FloatNear(2, near), FloatNear(4, near), FloatNear(1, near), FloatNear(3, near),
                                         FloatNear(3, near), FloatNear(5, 5e-7f)));
  }
}

TEST(Importance, GapsAreTold) {
  const GgufTensor seen = experts("blk.0.ffn_up_exps.weight"), other = experts("blk.1.ffn_up_exps.weight");
  Imatrix imatrix = imatrix_with(seen.name, {2, 3, {1, 1, 1, 2, 3, 4}, {0, 49, 150}});
  QuantizationPlan plan;
  plan.tensors = {{&seen, Format::Q4_K, 0, false, ""}, {&other, Format::Q4_K, 0, false, ""}};
  const ImatrixGaps gaps = imatrix_gaps(plan, {&imatrix, false});
  EXPECT_EQ(gaps.unseen_experts, 1u);
  EXPECT_EQ(gaps.thin_experts, 1u);
  EXPECT_EQ(gaps.affected_tensors, 1u);
  EXPECT_EQ(gaps.missing_tensors, 1u);
  EXPECT_EQ(gaps.first_missing, other.name);
  EXPECT_THAT(gaps.warnings(), ElementsAre(HasSubstr("1 experts saw no token and 1 fewer than 50"),
                                           HasSubstr("the first is blk.1.ffn_up_exps.weight")));
  // An entry without any token is none.
  imatrix.entries.at(seen.name).counts = {0, 0, 0};
  EXPECT_EQ(imatrix_gaps(plan, {&imatrix, false}).missing_tensors, 2u);
  EXPECT_EQ(calibration_of(plan, {&imatrix, false}), CalibrationSource::kNone);
  EXPECT_THAT(imatrix_gaps(plan, {}).warnings(), IsEmpty());
}

TEST(Importance, AnEntryThatTheModelLacksIsRefused) {
  const GgufTensor seen = experts("blk.0.ffn_up_exps.weight");
  QuantizationPlan plan;
  plan.tensors = {{&seen, Format::Q4_K, 0, false, ""}};
  Imatrix imatrix = imatrix_with(seen.name, three_experts());
  EXPECT_TRUE(check_calibration(plan, {&imatrix, false}));
  imatrix.entries.emplace("blk.7.ffn_up_exps.weight", three_experts());
  const Status refused = check_calibration(plan, {&imatrix, false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInput);
  EXPECT_THAT(refused.error().message, HasSubstr("'blk.7.ffn_up_exps.weight', which the model lacks"));
}

}  // namespace
}  // namespace rung
