#include "measure/statistics_boundary.h"

#include <cmath>

namespace rung {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// Chance that a standard normal is above.
double upper_tail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

/// Of a Brownian motion that has stayed within the limits so far: where it is, in equal steps, and with which weight
/// (density times step, halved at the ends: the trapezoid rule).
struct Place {
  double at = 0, weight = 0;
};
using Places = std::vector<Place>;
constexpr double kStep = 0.03;

Places grid_within(double limit) {
  const auto steps = static_cast<size_t>(2 * limit / kStep) + 2;
  const double step = 2 * limit / static_cast<double>(steps);
  Places places(steps + 1);
  for (size_t index = 0; index <= steps; ++index)
    places[index] = {-limit + step * static_cast<double>(index), index == 0 || index == steps ? step / 2 : step};
  return places;
}

double normal_density(double distance, double variance) {
  return std::exp(-distance * distance / (2 * variance)) / std::sqrt(2 * kPi * variance);
}

/// The chance to leave +-limit in a step of that variance.
double chance_to_leave(const Places& places, double limit, double variance) {
  const double spread = std::sqrt(variance);
  double sum = 0;
  for (const Place& place : places)
    sum += place.weight * (upper_tail((limit - place.at) / spread) + upper_tail((limit + place.at) / spread));
  return sum;
}

Places moved(const Places& before, double limit, double variance) {
  Places after = grid_within(limit);
  for (Place& place : after) {
    double density = 0;
    for (const Place& from : before) density += from.weight * normal_density(place.at - from.at, variance);
    place.weight *= density;
  }
  return after;
}

/// Lan and DeMets' function for limits like Pocock's: the part of the error that is spent when the share `time` is in.
double spent_at(double time) { return std::log1p((std::exp(1.0) - 1) * time); }

}  // namespace

std::vector<double> spending_limits(std::span<const double> times, double alpha) {
  std::vector<double> limits;
  Places places = {{0, 1}};
  double before = 0;
  for (const double time : times) {
    const double to_spend = alpha * (spent_at(time) - spent_at(before)), variance = time - before;
    double low = 0, high = 10;
    for (int halving = 0; halving < 40; ++halving) {
      const double middle = (low + high) / 2;
      (chance_to_leave(places, middle * std::sqrt(time), variance) > to_spend ? low : high) = middle;
    }
    limits.push_back(high);
    if (limits.size() < times.size()) places = moved(places, high * std::sqrt(time), variance);
    before = time;
  }
  return limits;
}

}  // namespace rung
