#include "measure/statistics_sequential.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "measure/statistics_boundary.h"
#include "measure/statistics_paired.h"

namespace rung {
namespace {

constexpr size_t kFewestItems = 40, kFirstLook = 20, kNextLook = 60, kLookAfter = 80;
constexpr double kAlpha = 0.05;

std::vector<double> limits_at(std::span<const size_t> looks) {
  std::vector<double> times;
  double time = 0;
  for (size_t look = 0; look < looks.size(); ++look) times.push_back(time += look_share(looks, look));
  return spending_limits(times, kAlpha);
}

}  // namespace

std::vector<size_t> planned_looks(size_t items) {
  if (items < kFewestItems) return {items};
  std::vector<size_t> looks = {kFirstLook};
  const auto is_early = [&](size_t look) { return 5 * look <= 4 * items; };
  for (size_t factor = 1; is_early(factor * kNextLook); factor *= 2)
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

double look_z(std::span<const size_t> looks, size_t look) {
  static std::mutex mutex;
  static std::map<std::vector<size_t>, std::vector<double>> known;
  const std::lock_guard lock(mutex);
  std::vector<double>& limits = known[std::vector<size_t>(looks.begin(), looks.end())];
  if (limits.empty()) limits = limits_at(looks);
  return limits[look];
}

void SequentialMcNemar::look(uint64_t lost, uint64_t gained) {
  const double share = look_share(looks_, taken_++);
  p_value_ = std::min(p_value_, std::min(1.0, mcnemar_exact(lost, gained) / share));
}

}  // namespace rung
