// The numbers of a KV ladder from measurements made up so that the answers can be worked out by hand.
#include "ladder/kv_summary.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

KvDivergences constant(std::vector<double> by_length, size_t chunks) {
  KvDivergences result;
  for (const double sum : by_length) result.sums.emplace_back(chunks, sum);
  return result;
}

std::string right(size_t ones, size_t items) { return std::string(ones, '1') + std::string(items - ones, '0'); }

KvSummaryInput small_input() {
  KvSummaryInput input;
  input.lengths = {64, 128};
  input.predictions = {32, 64};
  input.noise = constant({0.0, 0.0}, 10);
  input.panel = {{"recall", 0, 0}, {"recall", 64, 0}, {"recall", 128, 0}};
  input.reference = {{"recall 0", right(100, 100)}, {"recall 64", right(90, 100)}, {"recall 128", right(90, 100)}};
  KvMeasured type;
  type.name = "q4_0";
  type.is_research = true;
  type.bytes = 1234;
  type.bits_per_value = 4.5;
  type.both = constant({3.2, 19.2}, 10);     // 0.1 and 0.3 a token
  type.keys = constant({0.96, 1.92}, 10);    // 0.03 a token
  type.values = constant({0.32, 0.64}, 10);  // 0.01 a token
  type.answers = {{"recall 0", right(100, 100)}, {"recall 64", right(85, 100)}, {"recall 128", right(40, 100)}};
  input.types.push_back(type);
  return input;
}

TEST(KvSummary, MeansGrowthAndSides) {
  const auto json = summarize_kv(small_input());
  const auto& type = json["types"][0];
  EXPECT_NEAR(type["kld"][0]["mean"].get<double>(), 0.1, 1e-12);
  EXPECT_NEAR(type["kld"][1]["mean"].get<double>(), 0.3, 1e-12);
  EXPECT_EQ(type["kld"][1]["context"], 128);
  EXPECT_NEAR(type["growth"]["ratio"].get<double>(), 3, 1e-9);
  EXPECT_NEAR(type["growth"]["low"].get<double>(), 3, 1e-9);  // chunks are all alike
  EXPECT_EQ(json["noise"]["kld"][0]["mean"], 0.0);
  const auto& sides = json["findings"]["keys_and_values"][0];
  EXPECT_NEAR(sides["keys"]["mean"].get<double>(), 0.03, 1e-12);
  EXPECT_NEAR(sides["difference"]["mean"].get<double>(), 0.02, 1e-12);
  EXPECT_EQ(sides["more_fragile"], "keys");
}

TEST(KvSummary, SidesThatCannotBeToldApartAndNoGrowthFromNothing) {
  KvSummaryInput input = small_input();
  input.types[0].both = constant({0, 1}, 10);
  for (size_t chunk = 0; chunk < 10; ++chunk) {  // keys and values change places from chunk to chunk
    input.types[0].keys.sums[1][chunk] = chunk % 2 == 0 ? 1 : 3;
    input.types[0].values.sums[1][chunk] = chunk % 2 == 0 ? 3 : 1;
    input.types[0].keys.sums[0][chunk] = input.types[0].values.sums[0][chunk] = 1;
  }
  const auto json = summarize_kv(input);
  EXPECT_EQ(json["findings"]["keys_and_values"][0]["more_fragile"], "not told apart");
  EXPECT_TRUE(json["types"][0]["growth"].is_null());
  input.noise = constant({0.05, 0}, 10);
  input.types[0].both = constant({0.09, 1}, 10);  // not twice the noise
  EXPECT_TRUE(summarize_kv(input)["types"][0]["growth"].is_null());
  input.types[0].both = constant({0.11, 1}, 10);
  EXPECT_NEAR(summarize_kv(input)["types"][0]["growth"]["ratio"].get<double>(), 0.5 / 0.11, 1e-9);
  std::swap(input.types[0].keys, input.types[0].values);
  input.types[0].values.sums[1].assign(10, 9);
  EXPECT_EQ(summarize_kv(input)["findings"]["keys_and_values"][0]["more_fragile"], "values");
}

// 50 lost of 90, none gained: 2^-49 and so degraded after Holm over three cells; 5 lost of 90: 2 * 2^-5 = 0.06, not.
TEST(KvSummary, RotsWhereTheFirstCapabilityIsDegraded) {
  KvSummaryInput input = small_input();
  auto json = summarize_kv(input);
  const auto& panel = json["types"][0]["panel"];
  EXPECT_TRUE(panel[0]["context"].is_null());
  EXPECT_EQ(panel[0]["verdict"], "holds");
  EXPECT_NE(panel[1]["verdict"], "degraded");
  EXPECT_EQ(panel[1]["lost"], 5);
  EXPECT_EQ(panel[2]["verdict"], "degraded");
  EXPECT_NEAR(panel[2]["reference_score"].get<double>(), 0.9, 1e-12);
  EXPECT_EQ(json["types"][0]["rot"]["context"], 128);
  input.types[0].answers[2].right = right(90, 100);
  json = summarize_kv(input);
  EXPECT_TRUE(json["types"][0]["rot"].is_null());
  input.types[0].answers[0].right = right(20, 100);
  json = summarize_kv(input);
  EXPECT_EQ(json["types"][0]["rot"]["capability"], "recall");
  EXPECT_TRUE(json["types"][0]["rot"]["context"].is_null());
}

TEST(KvSummary, WithoutAPanelOrSides) {
  KvSummaryInput input = small_input();
  input.panel.clear();
  input.reference.clear();
  input.types[0].answers.clear();
  input.types[0].keys = input.types[0].values = {};
  const auto json = summarize_kv(input);
  EXPECT_TRUE(json["types"][0]["panel"].empty());
  EXPECT_TRUE(json["types"][0]["rot"].is_null());
  EXPECT_TRUE(json["findings"]["keys_and_values"].empty());
}

}  // namespace
}  // namespace rung
