#include "ladder/cliff.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "ladder/paired_cell.h"
#include "measure/statistics_breakpoint.h"

namespace rung {
namespace {

constexpr double kMostBits = 7.5;

}  // namespace

nlohmann::ordered_json cliff_of_curve(std::span<const CliffPoint> points, double noise_floor) {
  std::vector<double> bits, logs;
  for (const CliffPoint& point : points) {
    if (point.bits_per_weight > kMostBits) continue;
    if (point.divergence <= kAboveNoise * noise_floor || point.divergence <= 0) continue;
    bits.push_back(point.bits_per_weight);
    logs.push_back(std::log(point.divergence));
  }
  const auto stick = fit_broken_stick(bits, logs);
  if (!stick) return nullptr;
  const bool found = stick->p_value < kSignificance && stick->slope_below < stick->slope_above;
  return {{"found", found},
          {"points", stick->points},
          {"bits_per_weight", stick->knee},
          {"low", stick->knee_interval.low},
          {"high", stick->knee_interval.high},
          {"factor_below", std::exp(-(found ? stick->slope_below : stick->straight_slope))},
          {"factor_above", std::exp(-(found ? stick->slope_above : stick->straight_slope))},
          {"p_value", stick->p_value}};
}

nlohmann::ordered_json cliff_of_ladder(std::span<const RungResult> rungs, double noise_floor) {
  std::vector<CliffPoint> points;
  for (const RungResult& rung : rungs)
    if (rung.perplexity.has_reference) points.push_back({rung.bits_per_weight, rung.perplexity.kld.value});
  return cliff_of_curve(points, noise_floor);
}

}  // namespace rung
