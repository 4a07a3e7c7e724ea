// Random choices for drawing items: the same on every machine for the same seed. Not thread-safe; one for each stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace rung {

class Draw {
 public:
  explicit Draw(uint64_t seed) : rng_(seed) {}

  uint64_t below(uint64_t bound) { return rng_.below(bound); }
  /// Both ends included.
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(rng_.below(high - low + 1)); }
  bool chance(double probability) { return rng_.uniform() < probability; }
  double uniform() { return rng_.uniform(); }

  template <class List>
  const auto& pick(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(below(std::size(list))));
  }
  /// `count` different indices under `size`, in random order.
  std::vector<size_t> indices(size_t size, size_t count) {
    std::vector<size_t> all(size);
    std::iota(all.begin(), all.end(), size_t{0});
    for (size_t at = 0; at < count; ++at) std::swap(all[at], all[at + below(size - at)]);
    all.resize(count);
    return all;
  }
  /// `count` elements of different places of the list, in random order.
  template <class List>
  auto sample(const List& list, size_t count) {
    std::vector<std::remove_cv_t<std::remove_reference_t<decltype(*std::begin(list))>>> chosen;
    for (const size_t index : indices(std::size(list), count))
      chosen.push_back(*(std::begin(list) + static_cast<std::ptrdiff_t>(index)));
    return chosen;
  }
  template <class List>
  void shuffle(List& list) {
    for (size_t left = list.size(); left > 1; --left) std::swap(list[left - 1], list[below(left)]);
  }

 private:
  Rng rng_;
};

}  // namespace rung
