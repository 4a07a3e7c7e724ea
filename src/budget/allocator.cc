#include "budget/allocator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace rung {
namespace {

/// From a group's choice on its hull to the next larger one.
struct Step {
  size_t group = 0, from = 0, to = 0;
  uint64_t bytes = 0;  ///< more
  double gain = 0;     ///< less loss

  double density() const { return gain / static_cast<double>(bytes); }
};

/// The steps of all hulls, those that gain the most for a byte first. Within a group that is their own order.
std::vector<Step> steps_of(std::span<const GroupChoices> groups) {
  std::vector<Step> steps;
  for (size_t group = 0; group < groups.size(); ++group) {
    const std::vector<size_t> hull = convex_hull(groups[group]);
    for (size_t place = 1; place < hull.size(); ++place) {
      const Choice &from = groups[group][hull[place - 1]], &to = groups[group][hull[place]];
      steps.push_back({group, hull[place - 1], hull[place], to.bytes - from.bytes, from.loss - to.loss});
    }
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& one, const Step& other) { return one.density() > other.density(); });
  return steps;
}

Allocation smallest(std::span<const GroupChoices> groups) {
  Allocation result;
  for (const GroupChoices& choices : groups) {
    const size_t choice = convex_hull(choices).front();
    result.choices.push_back(choice);
    result.bytes += choices[choice].bytes;
    result.loss += choices[choice].loss;
  }
  result.bound = result.loss;
  return result;
}

void take(const Step& step, Allocation& allocation) {
  allocation.choices[step.group] = step.to;
  allocation.bytes += step.bytes;
  allocation.loss -= step.gain;
}

/// Another choice for one group; bytes and loss are what it adds to the whole.
struct Change {
  size_t group = 0, to = 0;
  int64_t bytes = 0;
  double loss = 0;
};

/// Exchanges that lower the loss within the bytes: one group's choice, or one group's for another's.
class Exchanges {
 public:
  Exchanges(std::span<const GroupChoices> groups, uint64_t limit, Allocation& allocation)
      : groups_(groups), limit_(limit), allocation_(allocation) {}

  void run() {
    while (improve()) {
    }
  }

 private:
  struct Best {
    double loss = 0;
    const Change *first = nullptr, *second = nullptr;
  };

  /// Those that cost loss but free bytes, by what they free, and those that gain.
  void list_changes() {
    gains_.clear();
    savings_.clear();
    for (size_t group = 0; group < groups_.size(); ++group) {
      const Choice& now = groups_[group][allocation_.choices[group]];
      for (size_t to = 0; to < groups_[group].size(); ++to) {
        const Choice& then = groups_[group][to];
        const Change change{group, to, static_cast<int64_t>(then.bytes) - static_cast<int64_t>(now.bytes),
                            then.loss - now.loss};
        if (change.loss < 0) gains_.push_back(change);
        if (change.bytes < 0) savings_.push_back(change);
      }
    }
    std::stable_sort(savings_.begin(), savings_.end(),
                     [](const Change& one, const Change& other) { return one.bytes > other.bytes; });
  }

  /// For each place in savings_: the two cheapest from there on, of different groups.
  void list_cheapest() {
    cheapest_.assign(savings_.size(), {});
    for (size_t place = savings_.size(); place-- > 0;) {
      auto& pair = cheapest_[place];
      if (place + 1 < savings_.size()) pair = cheapest_[place + 1];
      const Change& change = savings_[place];
      if (pair[0] == nullptr || change.loss < pair[0]->loss) {
        if (pair[0] != nullptr && pair[0]->group != change.group) pair[1] = pair[0];
        pair[0] = &change;
      } else if (change.group != pair[0]->group && (pair[1] == nullptr || change.loss < pair[1]->loss)) {
        pair[1] = &change;
      }
    }
  }

  const Change* cheapest_saving(int64_t needed, size_t other_than) const {
    const auto first = std::partition_point(savings_.begin(), savings_.end(),
                                            [&](const Change& change) { return -change.bytes < needed; });
    if (first == savings_.end()) return nullptr;
    const auto& pair = cheapest_[static_cast<size_t>(first - savings_.begin())];
    return pair[0] != nullptr && pair[0]->group == other_than ? pair[1] : pair[0];
  }

  bool improve() {
    list_changes();
    list_cheapest();
    const int64_t left = static_cast<int64_t>(limit_) - static_cast<int64_t>(allocation_.bytes);
    Best best;
    for (const Change& gain : gains_) {
      const Change* saving = nullptr;
      if (gain.bytes > left) {
        saving = cheapest_saving(gain.bytes - left, gain.group);
        if (saving == nullptr) continue;
      }
      const double loss = gain.loss + (saving != nullptr ? saving->loss : 0);
      if (loss < best.loss) best = {loss, &gain, saving};
    }
    // Less than rounding would go round in circles.
    if (best.loss >= -1e-12 * std::max(1e-300, std::abs(allocation_.loss))) return false;
    for (const Change* change : {best.first, best.second}) {
      if (change == nullptr) continue;
      allocation_.choices[change->group] = change->to;
      allocation_.bytes = static_cast<uint64_t>(static_cast<int64_t>(allocation_.bytes) + change->bytes);
      allocation_.loss += change->loss;
    }
    return true;
  }

  std::span<const GroupChoices> groups_;
  const uint64_t limit_;
  Allocation& allocation_;
  std::vector<Change> gains_, savings_;
  std::vector<std::array<const Change*, 2>> cheapest_;
};

/// A group whose choice is made.
struct Fixed {
  size_t group, choice;
};

/// The steps in order as far as they fit, then exchanges. Empty where nothing fits. `bound` is that of the whole
/// problem only if no group is fixed.
std::optional<Allocation> filled(std::span<const GroupChoices> groups, std::span<const Step> steps, uint64_t bytes,
                                 std::optional<Fixed> fixed) {
  Allocation result = smallest(groups);
  if (fixed) {
    const Choice &from = groups[fixed->group][result.choices[fixed->group]], &to = groups[fixed->group][fixed->choice];
    take({fixed->group, 0, fixed->choice, to.bytes - from.bytes, from.loss - to.loss}, result);
  }
  if (result.bytes > bytes) return std::nullopt;
  bool is_bound_known = false;
  for (const Step& step : steps) {
    if (fixed && step.group == fixed->group) continue;
    const uint64_t left = bytes - result.bytes;
    if (!is_bound_known && step.bytes > left) {
      result.bound = result.loss - step.density() * static_cast<double>(left);
      is_bound_known = true;
    }
    if (step.bytes <= left && result.choices[step.group] == step.from) take(step, result);
  }
  if (!is_bound_known) result.bound = result.loss;
  Exchanges(groups, bytes, result).run();
  return result;
}

constexpr size_t kWidestGroups = 16;

/// Those whose choices differ by the most bytes: what exchanges cannot make up for. Each of their choices is tried.
std::vector<size_t> widest_groups(std::span<const GroupChoices> groups) {
  const auto width = [&](size_t group) {
    const auto [least, most] =
        std::minmax_element(groups[group].begin(), groups[group].end(),
                            [](const Choice& one, const Choice& other) { return one.bytes < other.bytes; });
    return most->bytes - least->bytes;
  };
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t one, size_t other) { return width(one) > width(other); });
  order.resize(std::min(order.size(), kWidestGroups));
  return order;
}

}  // namespace

std::vector<size_t> convex_hull(const GroupChoices& choices) {
  std::vector<size_t> order(choices.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t one, size_t other) {
    return choices[one].bytes != choices[other].bytes ? choices[one].bytes < choices[other].bytes
                                                      : choices[one].loss < choices[other].loss;
  });
  const auto gain = [&](size_t from, size_t to) { return choices[from].loss - choices[to].loss; };
  const auto more = [&](size_t from, size_t to) {
    return static_cast<double>(choices[to].bytes - choices[from].bytes);
  };
  std::vector<size_t> hull;
  for (const size_t next : order) {
    if (!hull.empty() && choices[next].loss >= choices[hull.back()].loss) continue;
    while (hull.size() >= 2) {
      const size_t last = hull.back(), before = hull[hull.size() - 2];
      if (gain(before, last) * more(before, next) > gain(before, next) * more(before, last)) break;
      hull.pop_back();
    }
    hull.push_back(next);
  }
  return hull;
}

std::optional<Allocation> allocate(std::span<const GroupChoices> groups, uint64_t bytes) {
  const std::vector<Step> steps = steps_of(groups);
  auto best = filled(groups, steps, bytes, {});
  if (!best) return std::nullopt;
  const double bound = best->bound;
  for (const size_t group : widest_groups(groups))
    for (size_t choice = 0; choice < groups[group].size(); ++choice) {
      const auto other = filled(groups, steps, bytes, Fixed{group, choice});
      if (other && other->loss < best->loss) best = other;
    }
  best->bound = bound;
  return best;
}

std::vector<Allocation> pareto_curve(std::span<const GroupChoices> groups) {
  std::vector<Allocation> curve = {smallest(groups)};
  for (const Step& step : steps_of(groups)) {
    Allocation next = curve.back();
    take(step, next);
    next.bound = next.loss;
    curve.push_back(std::move(next));
  }
  return curve;
}

}  // namespace rung
