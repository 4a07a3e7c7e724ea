#include "codec/iq1_plan.h"

#include <algorithm>
#include <bitset>
#include <vector>

#include "codec/codebooks.h"

namespace rung {
namespace {

constexpr int kQuads = Iq1Plan::kQuads;
constexpr int kEntries = kQuads + Iq1Plan::kMostShared;
static_assert(kEntries <= 256, "entries are stored in bytes");
using Members = std::bitset<kEntries>;

int quad_number(const int8_t* values) {
  int number = 0;
  for (int n = 3; n >= 0; --n) number = 3 * number + values[n] + 1;
  return number;
}

void number_quads(Iq1Plan& plan) {
  for (int quad = 0; quad < kQuads; ++quad) {
    int rest = quad;
    unsigned code = 0;
    for (unsigned n = 0; n < 4; ++n, rest /= 3) code |= static_cast<unsigned>(rest % 3) << (2 * n);
    plan.code[quad] = static_cast<uint8_t>(code);
    plan.quad_of_code[code] = static_cast<uint8_t>(quad);
  }
}

struct Pair {
  int left = 0;
  int right = 0;
  int count = 0;
};

Pair most_frequent_pair(const std::vector<Members>& sets, int entries) {
  std::vector<int> counts(static_cast<size_t>(entries) * static_cast<size_t>(entries));
  Pair best;
  std::vector<int> present;
  for (const Members& set : sets) {
    present.clear();
    for (int entry = 0; entry < entries; ++entry) {
      if (set[static_cast<size_t>(entry)]) present.push_back(entry);
    }
    for (size_t right = 1; right < present.size(); ++right) {
      for (size_t left = 0; left < right; ++left) {
        const int count = ++counts[static_cast<size_t>(present[left] * entries + present[right])];
        if (count > best.count) best = {present[left], present[right], count};
      }
    }
  }
  return best;
}

/// Greedy: the two entries that occur together most often become one, while that saves anything.
void share_minima(std::vector<Members>& sets, Iq1Plan& plan) {
  for (plan.shared = 0; plan.shared < Iq1Plan::kMostShared; ++plan.shared) {
    const int entries = kQuads + plan.shared;
    const Pair pair = most_frequent_pair(sets, entries);
    if (pair.count < 3) return;
    plan.left[plan.shared] = static_cast<uint8_t>(pair.left);
    plan.right[plan.shared] = static_cast<uint8_t>(pair.right);
    for (Members& set : sets) {
      const auto left = static_cast<size_t>(pair.left), right = static_cast<size_t>(pair.right);
      if (set[left] && set[right]) set.reset(left).reset(right).set(static_cast<size_t>(entries));
    }
  }
}

Iq1Plan make_plan() {
  Iq1Plan plan{};
  number_quads(plan);
  std::vector<Members> sets(kQuads);
  const auto& grid = iq1_s_grid();
  for (size_t point = 0; point < grid.size(); ++point) {
    const int first = quad_number(grid[point].data()), second = quad_number(grid[point].data() + 4);
    sets[static_cast<size_t>(first)].set(static_cast<size_t>(second));
    plan.point[first][second] = static_cast<uint16_t>(point);
  }
  share_minima(sets, plan);
  for (int first = 0; first < kQuads; ++first) plan.first[first] = static_cast<uint8_t>(first);
  std::stable_sort(plan.first, plan.first + kQuads,
                   [&](uint8_t left, uint8_t right) { return sets[left].count() < sets[right].count(); });
  uint16_t members = 0;
  for (int n = 0; n < kQuads; ++n) {
    plan.first_member[n] = members;
    for (size_t entry = 0; entry < kEntries; ++entry) {
      if (sets[plan.first[n]][entry]) plan.member[members++] = static_cast<uint8_t>(entry);
    }
  }
  plan.first_member[kQuads] = members;
  return plan;
}

}  // namespace

const Iq1Plan& iq1_plan() {
  static const Iq1Plan plan = make_plan();
  return plan;
}

}  // namespace rung
