#include "ladder/cliff.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/rng.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using Ladders = std::map<std::string, std::vector<CliffPoint>>;

/// Measured by Thireus, GGUF Tool Suite and its contributors.
Ladders real_ladders() {
  Ladders ladders;
  std::ifstream file(RUNG_SOURCE_DIR "/testdata/real-ladders.csv");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.starts_with("model,")) continue;
    std::istringstream fields(line);
    std::string model, type, bits, divergence;
    for (std::string* field : {&model, &type, &bits, &divergence}) std::getline(fields, *field, ',');
    ladders[model].push_back({std::stod(bits), std::stod(divergence)});
  }
  return ladders;
}

TEST(Cliff, OfRealLaddersLiesBetweenTwoAndFourBits) {
  // The rule of thumb for models of 7 to 8 billion weights (docs/statistics.md) puts it between Q2_K (2.6 bits) and
  // Q3_K_M (3.4): every interval must overlap that, and every divergence grows faster below the cliff than above.
  const Ladders ladders = real_ladders();
  ASSERT_EQ(ladders.size(), 5u);
  for (const auto& [model, points] : ladders) {
    const ordered_json cliff = cliff_of_curve(points, 0);
    ASSERT_TRUE(cliff.is_object()) << model;
    EXPECT_TRUE(cliff["found"].get<bool>()) << model;
    EXPECT_EQ(cliff["points"], points.size() - 1) << model;  // without q8_0
    EXPECT_LT(cliff["low"].get<double>(), 3.4) << model;
    EXPECT_GT(cliff["high"].get<double>(), 2.6) << model;
    EXPECT_GT(cliff["factor_below"].get<double>(), 1.3 * cliff["factor_above"].get<double>()) << model;
  }
}

TEST(Cliff, IsNotFoundWhereTheLadderEndsAboveIt) {
  for (const auto& [model, points] : real_ladders()) {
    std::vector<CliffPoint> upper;
    for (const CliffPoint& point : points)
      if (point.bits_per_weight > 2.6) upper.push_back(point);
    const ordered_json cliff = cliff_of_curve(upper, 0);
    EXPECT_FALSE(cliff["found"].get<bool>()) << model;
    EXPECT_EQ(cliff["factor_below"], cliff["factor_above"]) << model;
  }
}

TEST(Cliff, LeavesOutWhatIsWithinTheNoise) {
  // The divergences of this model have a floor of 0.30 in the measurement itself: q8_0, q6_k, q6_0, q5_k and q5_1 lie
  // under twice that and say nothing about the curve.
  const auto points = real_ladders().at("gemma-4-31B-it");
  EXPECT_EQ(cliff_of_curve(points, 0)["points"], 19);
  EXPECT_EQ(cliff_of_curve(points, 0.302346)["points"], 15);
  EXPECT_TRUE(cliff_of_curve(points, 50).is_null());
}

TEST(Cliff, OfADrawnCurveIsWhereItWasPut) {
  Rng rng(3);
  std::vector<CliffPoint> points;
  for (double bits = 1.5; bits < 7; bits += 0.25) {
    const double log_divergence = -1.1 * bits + (bits < 3 ? 2.0 * (3 - bits) : 0) + 0.1 * (rng.uniform() - 0.5);
    points.push_back({bits, std::exp(log_divergence)});
  }
  const ordered_json cliff = cliff_of_curve(points, 0);
  EXPECT_TRUE(cliff["found"].get<bool>());
  EXPECT_NEAR(cliff["bits_per_weight"].get<double>(), 3, 0.1);
  EXPECT_NEAR(cliff["factor_above"].get<double>(), std::exp(1.1), 0.1);
  EXPECT_NEAR(cliff["factor_below"].get<double>(), std::exp(3.1), 1.5);
}

}  // namespace
}  // namespace rung
