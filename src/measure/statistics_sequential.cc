#include "measure/statistics_sequential.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "measure/statistics_paired.h"

namespace rung {
namespace {

constexpr size_t kFewestItems = 40, kFirstLook = 20, kNextLook = 60, kLookAfter = 80;
constexpr double kAlpha = 0.05;
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

/// Lan and DeMets' function for limits like Pocock's: the error spent when the share `time` of the items is in.
double spent_at(double time) { return kAlpha * std::log1p((std::exp(1.0) - 1) * time); }

}  // namespace

std::vector<size_t> planned_looks(size_t items) {
  std::vector<size_t> looks;
  const auto is_early = [&](size_t look) { return 5 * look <= 4 * items; };
  if (items >= kFewestItems) looks.push_back(kFirstLook);
  for (size_t factor = 1; looks.size() > 0 && is_early(factor * kNextLook); factor *= 2)
    for (const size_t look : {factor * kNextLook, factor * kLookAfter})
      if (is_early(look)) looks.push_back(look);
  looks.push_back(items);
  return looks;
}

double look_share(std::span<const size_t> looks, size_t look) {
  if (looks.size() == 1) return 1;
  const size_t before = look == 0 ? 0 : looks[look - 1];
  return static_cast<double>(looks[look] - before) / static_cast<double>(looks.back());
}

std::vector<double> interval_limits(std::span<const size_t> looks) {
  std::vector<double> limits;
  Places places = {{0, 1}};
  double before = 0;
  for (size_t look = 0; look < looks.size(); ++look) {
    const double time = looks.size() == 1 ? 1 : static_cast<double>(looks[look]) / static_cast<double>(looks.back());
    const double to_spend = spent_at(time) - spent_at(before), variance = time - before;
    double low = 0, high = 10;
    for (int halving = 0; halving < 40; ++halving) {
      const double middle = (low + high) / 2;
      (chance_to_leave(places, middle * std::sqrt(time), variance) > to_spend ? low : high) = middle;
    }
    limits.push_back(high);
    if (look + 1 < looks.size()) places = moved(places, high * std::sqrt(time), variance);
    before = time;
  }
  return limits;
}

double look_z(std::span<const size_t> looks, size_t look) {
  static std::mutex mutex;
  static std::map<std::vector<size_t>, std::vector<double>> known;
  const std::lock_guard lock(mutex);
  std::vector<double>& limits = known[std::vector<size_t>(looks.begin(), looks.end())];
  if (limits.empty()) limits = interval_limits(looks);
  return limits[look];
}

void SequentialMcNemar::look(uint64_t lost, uint64_t gained) {
  const double share = look_share(looks_, taken_++);
  p_value_ = std::min(p_value_, std::min(1.0, mcnemar_exact(lost, gained) / share));
}

}  // namespace rung
