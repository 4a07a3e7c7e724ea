// The grids of the iq2 and iq3 formats at compile time, arranged for a search by halves: a point is a pair of halves
// (4 + 4 values of iq2, 2 + 2 of iq3), and which halves may meet is all that the grid says.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rung {

/// A half's slot is its digits (0: the lowest level) to the base of the number of levels, the first value lowest.
struct GridHalves {
  static constexpr int kMaxSlots = 81;
  /// Partners of the first half in slot n: partners[begin[n]] up to partners[begin[n + 1]].
  uint16_t begin[kMaxSlots + 1];
  uint8_t partners[1024];
  uint16_t point[kMaxSlots][kMaxSlots];  ///< index in the grid by slots, where there is such a point
};

namespace grid_internal {

#include "codec/codebooks_data.inc"

/// The slot of the digits in the lowest bits of a packed half.
constexpr int slot_of(unsigned packed, int values, int bits, int levels) {
  int slot = 0;
  for (int n = values - 1; n >= 0; --n)
    slot = slot * levels + static_cast<int>((packed >> (n * bits)) & ((1u << bits) - 1u));
  return slot;
}

template <size_t kPoints>
constexpr GridHalves halves_of(const std::array<uint16_t, kPoints>& packed, int half_values, int levels) {
  const int bits = levels > 4 ? 3 : 2;
  GridHalves halves{};
  int first[kPoints]{}, second[kPoints]{}, counts[GridHalves::kMaxSlots]{};
  for (size_t index = 0; index < kPoints; ++index) {
    first[index] = slot_of(packed[index], half_values, bits, levels);
    second[index] = slot_of(static_cast<unsigned>(packed[index]) >> (half_values * bits), half_values, bits, levels);
    halves.point[first[index]][second[index]] = static_cast<uint16_t>(index);
    ++counts[first[index]];
  }
  for (int slot = 0; slot < GridHalves::kMaxSlots; ++slot) {
    halves.begin[slot + 1] = static_cast<uint16_t>(halves.begin[slot] + counts[slot]);
  }
  for (size_t index = 0; index < kPoints; ++index) {
    const int from_end = counts[first[index]]--;
    halves.partners[halves.begin[first[index] + 1] - from_end] = static_cast<uint8_t>(second[index]);
  }
  return halves;
}

}  // namespace grid_internal

inline constexpr GridHalves kIq2XxsHalves = grid_internal::halves_of(grid_internal::kIq2XxsPacked, 4, 3);
inline constexpr GridHalves kIq2XsHalves = grid_internal::halves_of(grid_internal::kIq2XsPacked, 4, 3);
inline constexpr GridHalves kIq2SHalves = grid_internal::halves_of(grid_internal::kIq2SPacked, 4, 3);
inline constexpr GridHalves kIq3XxsHalves = grid_internal::halves_of(grid_internal::kIq3XxsPacked, 2, 8);
inline constexpr GridHalves kIq3SHalves = grid_internal::halves_of(grid_internal::kIq3SPacked, 2, 8);

}  // namespace rung
