// The allocator against exhaustive search, against the bound of the linear relaxation, and on a real model's measured
// sensitivities.
#include "budget/allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "base/rng.h"
#include "base/temp_folder_for_tests.h"
#include "io/gguf_writer.h"
#include "recipe/llama_mixtures.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

/// The least loss of all combinations within the bytes.
double exhaustive(const std::vector<GroupChoices>& groups, uint64_t bytes) {
  double best = std::numeric_limits<double>::infinity();
  std::vector<size_t> choices(groups.size(), 0);
  for (;;) {
    uint64_t sum = 0;
    double loss = 0;
    for (size_t group = 0; group < groups.size(); ++group) {
      sum += groups[group][choices[group]].bytes;
      loss += groups[group][choices[group]].loss;
    }
    if (sum <= bytes) best = std::min(best, loss);
    size_t digit = 0;
    while (digit < groups.size() && ++choices[digit] == groups[digit].size()) choices[digit++] = 0;
    if (digit == groups.size()) return best;
  }
}

/// Losses fall fourfold a bit, as a uniform quantizer's do, with noise on top.
std::vector<GroupChoices> random_groups(Rng& rng, size_t count, size_t types) {
  std::vector<GroupChoices> groups(count);
  for (GroupChoices& choices : groups) {
    const uint64_t weights = 1000 + rng.next() % 100000;
    const double scale = std::exp(4 * rng.uniform() - 2);
    for (size_t type = 0; type < types; ++type)
      choices.push_back({weights * (8 + 3 * type) / 32,
                         scale * std::pow(4.0, -0.75 * static_cast<double>(type)) * (0.7 + 0.6 * rng.uniform())});
  }
  return groups;
}

void expect_consistent(const std::vector<GroupChoices>& groups, const Allocation& found, uint64_t limit) {
  uint64_t bytes = 0;
  double loss = 0;
  for (size_t group = 0; group < groups.size(); ++group) {
    bytes += groups[group][found.choices[group]].bytes;
    loss += groups[group][found.choices[group]].loss;
  }
  EXPECT_EQ(bytes, found.bytes);
  EXPECT_LE(bytes, limit);
  EXPECT_NEAR(loss, found.loss, 1e-9 * (1 + std::abs(loss)));
  EXPECT_GE(found.loss, found.bound - 1e-9);
}

uint64_t extreme(const std::vector<GroupChoices>& groups, bool most) {
  uint64_t sum = 0;
  for (const GroupChoices& choices : groups) {
    uint64_t of_group = choices[0].bytes;
    for (const Choice& choice : choices)
      of_group = most ? std::max(of_group, choice.bytes) : std::min(of_group, choice.bytes);
    sum += of_group;
  }
  return sum;
}

TEST(ConvexHull, LeavesOutWhatIsAboveTheLine) {
  // (1, 10), (2, 6), (3, 5.5), (4, 2), (5, 3): 3 lies above the line from 2 to 4, 5 is larger and worse than 4.
  const GroupChoices choices = {{3, 5.5}, {1, 10}, {4, 2}, {2, 6}, {5, 3}};
  EXPECT_EQ(convex_hull(choices), (std::vector<size_t>{1, 3, 2}));
}

TEST(Allocate, IsNeverFarFromExhaustiveSearch) {
  Rng rng(1);
  for (int round = 0; round < 60; ++round) {
    const auto groups = random_groups(rng, 6, 4);
    const uint64_t least = extreme(groups, false), most = extreme(groups, true);
    const uint64_t limit = least + (most - least) * static_cast<uint64_t>(round % 10 + 1) / 11;
    const auto found = allocate(groups, limit);
    ASSERT_TRUE(found);
    expect_consistent(groups, *found, limit);
    const double best = exhaustive(groups, limit);
    EXPECT_GE(found->loss, best - 1e-9);
    EXPECT_LE(found->bound, best + 1e-9) << "a bound lies below every solution";
    EXPECT_LE(found->loss, 1.10 * best) << "six groups are the hard case: little to exchange";
  }
}

TEST(Allocate, IsWithinOnePercentOfTheBoundWithManyGroups) {
  Rng rng(2);
  for (int round = 0; round < 8; ++round) {
    const auto groups = random_groups(rng, 250, 10);
    const uint64_t least = extreme(groups, false), most = extreme(groups, true);
    const uint64_t limit = least + (most - least) * static_cast<uint64_t>(round + 1) / 9;
    const auto found = allocate(groups, limit);
    ASSERT_TRUE(found);
    expect_consistent(groups, *found, limit);
    EXPECT_LE(found->loss, 1.01 * found->bound);
  }
}

TEST(Allocate, TheLimitsOfTheBudget) {
  Rng rng(3);
  const auto groups = random_groups(rng, 20, 5);
  const uint64_t least = extreme(groups, false);
  EXPECT_FALSE(allocate(groups, least - 1));
  EXPECT_EQ(allocate(groups, least)->bytes, least);
  const auto all = allocate(groups, uint64_t{1} << 60);
  for (size_t group = 0; group < groups.size(); ++group)
    for (const Choice& choice : groups[group]) EXPECT_GE(choice.loss, groups[group][all->choices[group]].loss);
}

TEST(Allocate, AwkwardTables) {
  Rng rng(5);
  for (int round = 0; round < 300; ++round) {  // single choices, equal bytes, no bytes, negative and equal losses
    std::vector<GroupChoices> groups(1 + rng.below(6));
    for (GroupChoices& choices : groups)
      for (size_t type = 1 + rng.below(5); type > 0; --type)
        choices.push_back({rng.below(50), static_cast<double>(rng.below(20)) - 3});
    const uint64_t least = extreme(groups, false), most = extreme(groups, true);
    const uint64_t limit = least + rng.below(most - least + 2);
    const auto found = allocate(groups, limit);
    ASSERT_TRUE(found);
    expect_consistent(groups, *found, limit);
    EXPECT_LE(found->bound, exhaustive(groups, limit) + 1e-9);
  }
}

TEST(ParetoCurve, FallsAndIsConvex) {
  Rng rng(4);
  const auto groups = random_groups(rng, 30, 8);
  const auto curve = pareto_curve(groups);
  ASSERT_GT(curve.size(), 30u);
  double slope = -std::numeric_limits<double>::infinity();
  for (size_t place = 1; place < curve.size(); ++place) {
    ASSERT_GT(curve[place].bytes, curve[place - 1].bytes);
    const double next =
        (curve[place].loss - curve[place - 1].loss) / static_cast<double>(curve[place].bytes - curve[place - 1].bytes);
    EXPECT_LT(next, 0);
    EXPECT_GE(next, slope - 1e-12);
    slope = next;
  }
}

// ---- A real model: Thireus, GGUF Tool Suite and its contributors (../shared/sensitivity/README.md) measured the KL
// divergence of Qwen3-4B-Instruct-2507 with each tensor alone at some types, and with all tensors at each type. A
// tensor's loss at a type is its share of what single tensors lose at q2_k, times what the whole model loses at the
// type: losses are taken to add up.

class RealModel : public testing::Test {
 protected:
  static constexpr Format kTypes[] = {Format::IQ1_S,  Format::IQ1_M,   Format::IQ2_XXS, Format::IQ2_XS, Format::IQ2_S,
                                      Format::Q2_K,   Format::IQ3_XXS, Format::IQ3_S,   Format::Q3_K,   Format::IQ4_XS,
                                      Format::IQ4_NL, Format::Q4_0,    Format::Q4_1,    Format::Q4_K,   Format::Q5_0,
                                      Format::Q5_1,   Format::Q5_K,    Format::Q6_K,    Format::Q8_0};

  void SetUp() override {
    folder_ = std::filesystem::path(RUNG_SHARED_DIR) / "sensitivity/Qwen3-4B-Instruct-2507";
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << folder_ << " is not here";
    read_model();
    read_tables();
  }

  static std::vector<std::string> cells(const std::string& line, char separator) {
    std::vector<std::string> result;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, separator);) result.push_back(cell);
    return result;
  }

  /// file:sha256:name:shape=(columns, rows):dtype=...:elements=...:bytes=...
  void read_model() {
    std::vector<GgufTensorPlan> tensors;
    std::ifstream stream(folder_ / "tensors.bf16.map");
    for (std::string line; std::getline(stream, line);) {
      const auto parts = cells(line, ':');
      GgufTensorPlan tensor;
      tensor.name = parts[2];
      std::istringstream shape(parts[3].substr(parts[3].find('(') + 1));
      for (uint64_t size = 0; shape >> size;) {
        tensor.shape.push_back(size);
        shape.ignore(1);
      }
      const Format format = tensor.shape.size() == 1 ? Format::F32 : Format::BF16;
      tensor.ggml_type = static_cast<uint32_t>(format_info(format).ggml_id);
      tensor.bytes = row_bytes(format, std::stoull(parts[5].substr(parts[5].find('=') + 1)));
      tensors.push_back(std::move(tensor));
    }
    const std::vector<GgufEntry> metadata = {{"general.architecture", GgufValue::string("qwen3")},
                                             {"qwen3.block_count", GgufValue::u32(36)},
                                             {"qwen3.attention.head_count", GgufValue::u32(32)},
                                             {"qwen3.attention.head_count_kv", GgufValue::u32(8)}};
    const GgufOutline outline = gguf_outline("model", metadata, tensors).value();
    const auto path = temporary_ / "model.gguf";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(outline.header.data()),
               static_cast<std::streamsize>(outline.header.size()));
    std::filesystem::resize_file(path, outline.bytes);  // a hole: only the directory is read
    model_ = GgufFile::open(path).value();
  }

  void read_tables() {
    std::map<std::string, double> whole;
    std::ifstream stream(folder_ / "whole-model-kld.csv");
    for (std::string line; std::getline(stream, line);) {
      const auto parts = cells(line, ',');
      std::string type = parts[0];
      std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
      if (parts[0] != "QTYPE") whole[type] = std::stod(parts[1]);
    }
    for (const Format type : kTypes) whole_[type] = whole.at(std::string(format_name(type)));
    std::ifstream alone(folder_ / "per-tensor-kld.csv");
    std::string names, values;
    std::getline(alone, names);
    while (std::getline(alone, values) && !values.starts_with("q2_k_r4,")) {
    }
    const auto columns = cells(names, ','), losses = cells(values, ',');
    ASSERT_EQ(columns.size(), losses.size());
    double sum = 0;
    for (size_t column = 1; column < columns.size(); ++column) sum += std::stod(losses[column]);
    for (size_t column = 1; column < columns.size(); ++column)
      share_[columns[column]] = std::stod(losses[column]) / sum;
  }

  /// Of the tensors with a share, in the model's order.
  std::vector<GroupChoices> choices() const {
    std::vector<GroupChoices> groups;
    for (const GgufTensor& tensor : model_->tensors()) {
      const auto share = share_.find(tensor.name);
      if (share == share_.end()) continue;
      GroupChoices& group = groups.emplace_back();
      for (const Format type : kTypes)
        group.push_back({row_bytes(type, tensor.values()), share->second * whole_.at(type)});
    }
    return groups;
  }

  /// Of the same tensors; empty where a type has no measured loss.
  std::optional<Choice> mixture(std::string_view name) const {
    const auto plan = plan_quantization(*model_, llama_mixture(name), {}, true);
    if (!plan) return std::nullopt;
    Choice sum;
    for (const TensorPlan& tensor : plan->tensors) {
      const auto share = share_.find(tensor.source->name);
      if (share == share_.end()) continue;
      if (!tensor.format || !whole_.contains(*tensor.format)) return std::nullopt;
      sum.bytes += tensor.bytes;
      sum.loss += share->second * whole_.at(*tensor.format);
    }
    return sum;
  }

  test::TempFolder temporary_;
  std::filesystem::path folder_;
  std::optional<GgufFile> model_;
  std::map<Format, double> whole_;
  std::map<std::string, double> share_;
};

TEST_F(RealModel, BeatsEveryMixtureOfLlamaCppAtItsBytes) {
  const auto groups = choices();
  EXPECT_EQ(groups.size(), 253u);
  size_t compared = 0;
  for (const std::string_view name : llama_mixture_names()) {
    const auto by_hand = mixture(name);
    if (!by_hand) continue;
    const auto found = allocate(groups, by_hand->bytes);
    ASSERT_TRUE(found) << name;
    expect_consistent(groups, *found, by_hand->bytes);
    // Where everything has the largest type there is nothing to choose.
    const bool is_best = by_hand->loss <= found->bound * (1 + 1e-9);
    EXPECT_LE(found->loss, by_hand->loss * (is_best ? 1 + 1e-9 : 1 - 1e-6)) << name;
    EXPECT_LE(found->loss, 1.01 * found->bound) << name;
    RecordProperty(std::string(name), std::to_string(found->loss / by_hand->loss));
    ++compared;
  }
  EXPECT_GE(compared, 20u);
}

}  // namespace
}  // namespace rung
