#include "measure/statistics_sequential.h"

#include <algorithm>

#include "measure/statistics_paired.h"

namespace rung {
namespace {

constexpr size_t kFirstLook = 20;
constexpr double kAlpha = 0.05;

}  // namespace

std::vector<size_t> planned_looks(size_t items) {
  std::vector<size_t> looks;
  for (size_t look = kFirstLook; 2 * look <= items; look *= 2) looks.push_back(look);
  looks.push_back(items);
  return looks;
}

double look_share(std::span<const size_t> looks, size_t look) {
  if (looks.size() == 1) return 1;
  const size_t before = look == 0 ? 0 : looks[look - 1];
  return static_cast<double>(looks[look] - before) / static_cast<double>(looks.back());
}

double look_z(std::span<const size_t> looks, size_t look) { return two_sided_z(kAlpha * look_share(looks, look)); }

void SequentialMcNemar::look(uint64_t lost, uint64_t gained) {
  const double share = look_share(looks_, taken_++);
  p_value_ = std::min(p_value_, std::min(1.0, mcnemar_exact(lost, gained) / share));
}

}  // namespace rung
