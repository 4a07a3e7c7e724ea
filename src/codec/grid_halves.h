// The grids of the iq2 and iq3 formats at compile time, arranged for a search by halves: a point is a pair of halves
// (4 + 4 values of iq2, 2 + 2 of iq3), and which halves may meet is all that the grid says. The search wants for every
// first half the least cost among the second halves that it may meet, its partners.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rung {

/// A half's slot is its digits (0: the lowest level) to the base of the number of levels, the first value lowest.
struct GridHalves {
  static constexpr int kMaxSlots = 81;
  static constexpr int kMaxSteps = 288;
  static constexpr uint16_t kNoEntry = 0xffff;
  /// Entries below kMaxSlots are second halves; step n makes entry kMaxSlots + n the lesser of two. First halves have
  /// many partners in common, and what several of them need is compared once: for iq2_s 188 steps do for 1024 points.
  /// (As in iq1_plan.h; but this search is unrolled, so the steps must be known at compile time.)
  uint16_t steps[kMaxSteps][2];
  uint16_t least[kMaxSlots];             ///< by first half: the entry for all its partners; kNoEntry if it has none
  uint16_t steps_until[kMaxSlots + 1];   ///< by first half: how many steps those before it need
  uint16_t point[kMaxSlots][kMaxSlots];  ///< index in the grid by slots, where there is such a point
};

/// Every slot as often as the widest vectors have lanes. Defined out of the compiler's sight: operations then take the
/// numbers as operands from memory, where it would build each constant in a vector register first.
struct SlotNumbers {
  alignas(64) int32_t lanes[GridHalves::kMaxSlots][16];
};
extern const SlotNumbers kSlotNumbers;

namespace grid_internal {

#include "codec/codebooks_data.inc"

constexpr uint16_t kNoEntry = GridHalves::kNoEntry;
template <size_t kSteps>
struct GridMinima {
  uint16_t steps[kSteps][2];
  uint16_t least[GridHalves::kMaxSlots];
};
#include "codec/grid_minima_data.inc"

/// The slot of the digits in the lowest bits of a packed half.
constexpr int slot_of(unsigned packed, int values, int bits, int levels) {
  int slot = 0;
  for (int n = values - 1; n >= 0; --n)
    slot = slot * levels + static_cast<int>((packed >> (n * bits)) & ((1u << bits) - 1u));
  return slot;
}

template <size_t kPoints, size_t kSteps>
constexpr GridHalves halves_of(const std::array<uint16_t, kPoints>& packed, const GridMinima<kSteps>& minima,
                               int half_values, int levels) {
  static_assert(kSteps <= GridHalves::kMaxSteps);
  const int bits = levels > 4 ? 3 : 2;
  GridHalves halves{};
  for (size_t index = 0; index < kPoints; ++index) {
    const int first = slot_of(packed[index], half_values, bits, levels);
    const int second = slot_of(static_cast<unsigned>(packed[index]) >> (half_values * bits), half_values, bits, levels);
    halves.point[first][second] = static_cast<uint16_t>(index);
  }
  for (size_t step = 0; step < kSteps; ++step) {
    for (int side = 0; side < 2; ++side) halves.steps[step][side] = minima.steps[step][side];
  }
  for (int slot = 0; slot < GridHalves::kMaxSlots; ++slot) {
    const int least = minima.least[slot];
    const int until = least == kNoEntry ? 0 : least - GridHalves::kMaxSlots + 1;
    const int before = halves.steps_until[slot];
    halves.least[slot] = minima.least[slot];
    halves.steps_until[slot + 1] = static_cast<uint16_t>(until > before ? until : before);
  }
  return halves;
}

}  // namespace grid_internal

inline constexpr GridHalves kIq2XxsHalves =
    grid_internal::halves_of(grid_internal::kIq2XxsPacked, grid_internal::kIq2XxsMinima, 4, 3);
inline constexpr GridHalves kIq2XsHalves =
    grid_internal::halves_of(grid_internal::kIq2XsPacked, grid_internal::kIq2XsMinima, 4, 3);
inline constexpr GridHalves kIq2SHalves =
    grid_internal::halves_of(grid_internal::kIq2SPacked, grid_internal::kIq2SMinima, 4, 3);
inline constexpr GridHalves kIq3XxsHalves =
    grid_internal::halves_of(grid_internal::kIq3XxsPacked, grid_internal::kIq3XxsMinima, 2, 8);
inline constexpr GridHalves kIq3SHalves =
    grid_internal::halves_of(grid_internal::kIq3SPacked, grid_internal::kIq3SMinima, 2, 8);

}  // namespace rung
