// What a budget decides about: groups of a model, the formats they may get, and the recipe of a mix.
#include "budget/groups.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "budget/sensitivity.h"

namespace rung {
namespace {

const std::filesystem::path kPico = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe/pico-moe.bf16.gguf";

class PicoGroups : public testing::Test {
 protected:
  PicoGroups() : file_(GgufFile::open(kPico).value()) {}

  std::vector<TensorGroup> groups(FormatRange range) const { return tensor_groups(file_, range, {nullptr, true}); }
  static const TensorGroup& named(const std::vector<TensorGroup>& groups, const std::string& name) {
    for (const TensorGroup& group : groups)
      if (group.name == name) return group;
    throw std::runtime_error(name);
  }

  GgufFile file_;
};

TEST_F(PicoGroups, EveryMatrixIsInOneGroup) {
  // models/pico-moe/README.md: 6 layers, the first dense, 16 routed experts and 1 shared one in each other.
  const auto all = groups({});
  EXPECT_EQ(all.size(), 2u + 6 + 5 * 8);
  std::vector<int> seen(file_.tensors().size());
  for (const TensorGroup& group : all)
    for (const size_t tensor : group.tensors) ++seen[tensor];
  for (size_t tensor = 0; tensor < seen.size(); ++tensor) {
    const bool is_matrix = file_.tensors()[tensor].format == Format::BF16;  // norms and routers are F32
    EXPECT_EQ(seen[tensor], is_matrix ? 1 : 0) << file_.tensors()[tensor].name;
  }
  const TensorGroup& experts = named(all, "layer 3 routed expert gate/up");
  ASSERT_EQ(experts.tensors.size(), 2u);
  EXPECT_EQ(experts.values, 2u * 16 * 256 * 256);
  EXPECT_EQ(experts.bytes(file_, Format::Q8_0), experts.values / 32 * 34);
  EXPECT_EQ(experts.bytes(file_, std::nullopt), experts.values * 2);
}

TEST_F(PicoGroups, FormatsLieInTheRange) {
  const auto ranged = groups({Format::Q2_K, Format::Q6_K});
  for (const TensorGroup& group : ranged) {
    EXPECT_EQ(group.formats.front(), Format::Q2_K);
    EXPECT_EQ(group.formats.back(), Format::Q6_K);
  }
  EXPECT_EQ(groups({})[0].formats.front(), Format::IQ1_S);
  EXPECT_EQ(groups({})[0].formats.back(), std::nullopt) << "as it is";
  for (const TensorGroup& group : tensor_groups(file_, {}, {}))
    for (const auto& format : group.formats)
      EXPECT_TRUE(!format || format_info(*format).calibration != Calibration::kRequired);
}

TEST_F(PicoGroups, TheRecipeGivesEveryGroupItsFormat) {
  const auto all = groups({});
  std::vector<std::optional<Format>> formats;
  for (size_t group = 0; group < all.size(); ++group) formats.push_back(all[group].formats[(group * 7) % 14]);
  const Recipe recipe = group_recipe(all, formats, "a test");
  const QuantizationPlan plan = plan_quantization(file_, recipe, {}, true).value();
  for (size_t group = 0; group < all.size(); ++group)
    for (const size_t tensor : all[group].tensors) EXPECT_EQ(plan.tensors[tensor].format, formats[group]);
}

TEST(Extrapolate, FollowsAPowerOfTheErrorBetweenAndProportionBeyond) {
  const auto entry = [](Format format, double error, double divergence, bool is_measured) {
    return FormatSensitivity{format, 0, error, divergence, is_measured};
  };
  // Measured: error 0.01 -> 0.001, 0.04 -> 0.008, so the power is 1.5.
  std::vector<FormatSensitivity> formats = {entry(Format::Q2_K, 0.08, 0, false), entry(Format::Q3_K, 0.04, 0.008, true),
                                            entry(Format::IQ4_XS, 0.02, 0, false),
                                            entry(Format::Q4_K, 0.01, 0.001, true),
                                            entry(Format::Q5_K, 0.002, 0, false)};
  extrapolate(formats);
  EXPECT_NEAR(formats[0].divergence, 0.016, 1e-12);
  EXPECT_NEAR(formats[2].divergence, 0.001 * std::pow(2, 1.5), 1e-12);
  EXPECT_NEAR(formats[4].divergence, 0.0002, 1e-12);
  EXPECT_EQ(formats[1].divergence, 0.008) << "what was measured stays";
}

}  // namespace
}  // namespace rung
