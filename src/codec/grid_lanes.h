// The exact nearest point of an iq2 or iq3 grid, with its signs, for kLanes groups at once.
//
// At a fixed step t a point g costs sum w (|x| - t g)^2, a sum over its values. So the costs of all halves of a point
// are tabled once (81 or 64 of them), and every first half then takes the cheapest of the second halves that the grid
// lets it meet. Those minima overlap, and GridHalves says how to take them in few comparisons: an exhaustive search in
// far fewer operations than there are points. Where the format's signs must hold an even number of minuses and those of
// x do not, one value takes the wrong sign, which costs 4 t w |x| g more: the cheapest of a half is tabled too, so the
// point is found jointly with the flip.
#pragma once

#include <utility>

#include "codec/grid_halves.h"
#include "codec/lanes.h"

namespace rung {

enum class GridSigns {
  kFree,  ///< eight bits
  kEven,  ///< seven bits: an even number of minus signs among eight
};

/// Magnitudes 8, 25, 43; a point is 4 + 4 values.
template <int kLaneCount>
struct Iq2Levels {
  static constexpr int kLanes = kLaneCount;
  static constexpr int kCount = 3;
  static constexpr int kHalf = 4;
  static constexpr int kSlots = 81;
  static constexpr float kLevels[kCount] = {8.0f, 25.0f, 43.0f};
  using I = typename Lanes<kLanes>::I;
  static RUNG_INLINE I without_digit(I slot) { return (slot * 171) >> 9; }  // slot / 3
  static RUNG_INLINE I level(I digit) { return (digit * 35 + 16) >> 1; }
};

/// A point is 2 + 2 values of eight magnitudes.
template <int kLaneCount>
struct Iq3Levels {
  static constexpr int kLanes = kLaneCount;
  static constexpr int kCount = 8;
  static constexpr int kHalf = 2;
  static constexpr int kSlots = 64;
  using I = typename Lanes<kLanes>::I;
  static RUNG_INLINE I without_digit(I slot) { return slot >> 3; }
};
/// 4, 12, ... 52, 62.
template <int kLaneCount>
struct Iq3XxsLevels : Iq3Levels<kLaneCount> {
  static constexpr float kLevels[8] = {4.0f, 12.0f, 20.0f, 28.0f, 36.0f, 44.0f, 52.0f, 62.0f};
  using I = typename Lanes<kLaneCount>::I;
  static RUNG_INLINE I level(I digit) { return digit * 8 + 4 + (((digit + 1) >> 3) << 1); }
};
/// 1, 3, ... 15.
template <int kLaneCount>
struct Iq3SLevels : Iq3Levels<kLaneCount> {
  static constexpr float kLevels[8] = {1.0f, 3.0f, 5.0f, 7.0f, 9.0f, 11.0f, 13.0f, 15.0f};
  using I = typename Lanes<kLaneCount>::I;
  static RUNG_INLINE I level(I digit) { return digit * 2 + 1; }
};

/// The costs of all halves, as sums of two parts: with the signs of x, and with the cheapest of them flipped.
template <class Levels, bool kFlips>
struct HalfCosts {
  static constexpr int kParts = Levels::kHalf == 2 ? Levels::kCount : Levels::kCount * Levels::kCount;
  using L = Lanes<Levels::kLanes>;
  using F = typename L::F;
  F low[kParts], high[kParts];  ///< by the slot's lower and higher digits
  F low_flips[kParts], high_flips[kParts];

  /// ax = |x|; flip_cost = 4 w |x|, or 0 where a flip is not wanted.
  RUNG_INLINE void tabulate(const F* ax, const F* w, const F* flip_cost, const F* magnitudes) {
    F costs[Levels::kHalf][Levels::kCount], flips[Levels::kHalf][Levels::kCount];
    for (int n = 0; n < Levels::kHalf; ++n) {
      for (int digit = 0; digit < Levels::kCount; ++digit) {
        const F miss = ax[n] - magnitudes[digit];
        costs[n][digit] = w[n] * miss * miss;
        if constexpr (kFlips) flips[n][digit] = flip_cost[n] * magnitudes[digit];
      }
    }
    for (int part = 0; part < kParts; ++part) {
      const int digit = part % Levels::kCount, next = part / Levels::kCount;
      if constexpr (Levels::kHalf == 2) {
        low[part] = costs[0][part];
        high[part] = costs[1][part];
        if constexpr (kFlips) low_flips[part] = flips[0][part];
        if constexpr (kFlips) high_flips[part] = flips[1][part];
      } else {
        low[part] = costs[0][digit] + costs[1][next];
        high[part] = costs[2][digit] + costs[3][next];
        if constexpr (kFlips) low_flips[part] = L::min_of_bits(flips[0][digit], flips[1][next]);
        if constexpr (kFlips) high_flips[part] = L::min_of_bits(flips[2][digit], flips[3][next]);
      }
    }
  }

  RUNG_INLINE F kept(int slot) const { return low[slot % kParts] + high[slot / kParts]; }
  RUNG_INLINE F flipped(int slot) const {
    return L::min_of_bits(low_flips[slot % kParts], high_flips[slot / kParts]) + kept(slot);
  }
};

/// What a format's points are.
template <class LevelsOfGrid, const GridHalves& kHalvesOfGrid, GridSigns kSignsOfGrid>
struct GridOf {
  using Levels = LevelsOfGrid;
  static constexpr int kLanes = Levels::kLanes;
  static constexpr const GridHalves& kHalves = kHalvesOfGrid;
  static constexpr GridSigns kSigns = kSignsOfGrid;
};

/// The slot in every lane.
template <class L>
RUNG_INLINE typename L::I slot_number(int slot) {
  return L::load(kSlotNumbers.lanes[slot]);
}

/// The cheapest point with a given first half.
template <int kLanes>
struct GridCandidate {
  typename Lanes<kLanes>::F cost;
  typename Lanes<kLanes>::F second_cost;  ///< with the second half's slot in the lowest 7 bits
};

/// A point by the slots of its halves.
template <int kLanes>
struct GridPoint {
  using L = Lanes<kLanes>;
  typename L::F cost;
  typename L::I first;
  typename L::I second;  ///< in the lowest 7 bits; what is above them is noise

  /// Of equal costs the first that was offered stays.
  RUNG_INLINE void improve(const GridCandidate<kLanes>& other, typename L::I other_first) {
    const auto better = L::less_by_bits(other.cost, cost);
    cost = L::min_of_bits(other.cost, cost);
    first = L::select(better, other_first, first);
    second = L::select(better, L::bits(other.second_cost), second);
  }
  /// The same for two first halves in a row, with fewer operands from memory.
  RUNG_INLINE void improve(const GridCandidate<kLanes>& other, const GridCandidate<kLanes>& next,
                           typename L::I other_first) {
    const auto takes_next = L::less_by_bits(next.cost, other.cost);
    improve({L::min_of_bits(next.cost, other.cost), L::select(takes_next, next.second_cost, other.second_cost)},
            other_first - takes_next);
  }
};

namespace grid_internal {

/// The least costs of the second halves that may follow each first half. Every cost has its slot written over its
/// lowest bits, so that a minimum says whose it is.
template <class Grid>
struct LeastPartners {
  static constexpr const GridHalves& kHalves = Grid::kHalves;
  static constexpr int kTagMask = 127;
  using L = Lanes<Grid::kLanes>;
  using F = typename L::F;
  F entries[GridHalves::kMaxSlots + GridHalves::kMaxSteps];

  RUNG_INLINE void set(int slot, F cost) {
    entries[slot] = L::from_bits((L::bits(cost) & ~kTagMask) | slot_number<L>(slot));
  }

  /// Takes the steps for first halves from kBegin to below kEnd; those before them have been taken.
  template <int kBegin, int kEnd>
  RUNG_INLINE void prepare() {
    constexpr int kFrom = kHalves.steps_until[kBegin];
    take<kFrom>(std::make_integer_sequence<int, kHalves.steps_until[kEnd] - kFrom>{});
  }
  RUNG_INLINE F of(int first) const { return entries[kHalves.least[first]]; }

 private:
  template <int kFrom, int... kStep>
  RUNG_INLINE void take(std::integer_sequence<int, kStep...>) {
    ((entries[GridHalves::kMaxSlots + kFrom + kStep] =
          L::min_of_bits(entries[kHalves.steps[kFrom + kStep][0]], entries[kHalves.steps[kFrom + kStep][1]])),
     ...);
  }
};

/// The search of one group of values, half by half.
template <class Grid, bool kKept, bool kFlips>
struct PointSearch {
  using Levels = typename Grid::Levels;
  using L = Lanes<Grid::kLanes>;
  using F = typename L::F;
  using Candidate = GridCandidate<Grid::kLanes>;
  using Point = GridPoint<Grid::kLanes>;
  const HalfCosts<Levels, kFlips>& first;
  Point& kept;
  Point& flipped;
  LeastPartners<Grid> kept_partners, flipped_partners;

  RUNG_INLINE PointSearch(const HalfCosts<Levels, kFlips>& first_costs, Point& kept_point, Point& flipped_point)
      : first(first_costs), kept(kept_point), flipped(flipped_point) {}

  static constexpr bool has(int slot) {
    return slot < Levels::kSlots && Grid::kHalves.least[slot] != GridHalves::kNoEntry;
  }
  RUNG_INLINE Candidate kept_with(int slot) const {
    const F least = kept_partners.of(slot);
    return {first.kept(slot) + least, least};
  }
  RUNG_INLINE Candidate flipped_with(int slot) const {
    const F least_kept = kept_partners.of(slot), least_flipped = flipped_partners.of(slot);
    const F flip_first = first.flipped(slot) + least_kept;
    const F flip_second = first.kept(slot) + least_flipped;
    return {L::min_of_bits(flip_second, flip_first),
            L::select(L::less_by_bits(flip_second, flip_first), least_flipped, least_kept)};
  }

  /// Tries the two first halves from kSlot on, where kSlot is even.
  template <int kSlot>
  RUNG_INLINE void try_pair() {
    if constexpr (kSlot % 2 == 0 && (has(kSlot) || has(kSlot + 1))) {
      constexpr int kLast = has(kSlot + 1) ? kSlot + 1 : kSlot;
      constexpr int kOne = has(kSlot) ? kSlot : kLast;
      kept_partners.template prepare<kSlot, kLast + 1>();
      if constexpr (kFlips) flipped_partners.template prepare<kSlot, kLast + 1>();
      const auto number = slot_number<L>(kOne);
      if constexpr (kOne != kLast) {
        if constexpr (kKept) kept.improve(kept_with(kOne), kept_with(kLast), number);
        if constexpr (kFlips) flipped.improve(flipped_with(kOne), flipped_with(kLast), number);
      } else {
        if constexpr (kKept) kept.improve(kept_with(kOne), number);
        if constexpr (kFlips) flipped.improve(flipped_with(kOne), number);
      }
    }
  }
};

/// The cheapest points with the signs of x (kKept), and with one of them flipped (kFlips). The costs of the second half
/// are rounded to 16 bits while searching. Unrolled over all halves.
template <class Grid, bool kKept, bool kFlips, int... kSlot>
RUNG_INLINE void find_points(const HalfCosts<typename Grid::Levels, kFlips>& first,
                             const HalfCosts<typename Grid::Levels, kFlips>& second, GridPoint<Grid::kLanes>& kept,
                             GridPoint<Grid::kLanes>& flipped, std::integer_sequence<int, kSlot...>) {
  using L = Lanes<Grid::kLanes>;
  kept.cost = flipped.cost = L::splat(__builtin_inff());
  kept.first = kept.second = flipped.first = flipped.second = L::splat_int(0);
  PointSearch<Grid, kKept, kFlips> search(first, kept, flipped);
  (search.kept_partners.set(kSlot, second.kept(kSlot)), ...);
  if constexpr (kFlips) (search.flipped_partners.set(kSlot, second.flipped(kSlot)), ...);
  (search.template try_pair<kSlot>(), ...);
}

}  // namespace grid_internal

/// Eight values with their magnitudes: one point of iq2, two of iq3.
template <class Levels>
struct GridEight {
  static constexpr int kLanes = Levels::kLanes;
  static constexpr int kPoints = 4 / Levels::kHalf;
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  I first[kPoints];  ///< slots
  I second[kPoints];
  I signs;  ///< bit n: value n is negative; set where flips are chosen jointly
  F xl;     ///< sum w x level, with signs
  F ll;     ///< sum w level^2
};

namespace grid_internal {

/// The points for the magnitudes; into out.first and out.second.
template <class Grid, bool kFlips>
RUNG_INLINE void choose_points(const typename Lanes<Grid::kLanes>::F* ax, const typename Lanes<Grid::kLanes>::F* w,
                               const typename Lanes<Grid::kLanes>::F* flip_cost, typename Lanes<Grid::kLanes>::I odd,
                               const typename Lanes<Grid::kLanes>::F* magnitudes,
                               GridEight<typename Grid::Levels>& out) {
  using Levels = typename Grid::Levels;
  using L = Lanes<Levels::kLanes>;
  constexpr int kPoints = GridEight<Levels>::kPoints;
  // With one point the flip is free where none is needed, and one search serves both.
  constexpr bool kKept = !kFlips || kPoints == 2;
  GridPoint<Levels::kLanes> kept[kPoints], flipped[kPoints];
  for (int point = 0; point < kPoints; ++point) {
    const int at = point * 2 * Levels::kHalf;
    HalfCosts<Levels, kFlips> first, second;
    first.tabulate(ax + at, w + at, flip_cost + at, magnitudes);
    second.tabulate(ax + at + Levels::kHalf, w + at + Levels::kHalf, flip_cost + at + Levels::kHalf, magnitudes);
    find_points<Grid, kKept, kFlips>(first, second, kept[point], flipped[point],
                                     std::make_integer_sequence<int, Levels::kSlots>{});
  }
  if constexpr (kFlips && kPoints == 2) {
    const auto flip_first = flipped[0].cost + kept[1].cost < kept[0].cost + flipped[1].cost;
    const typename L::I takes_flip[2] = {odd & flip_first, odd & ~flip_first};
    for (int point = 0; point < kPoints; ++point) {
      kept[point].first = L::select(takes_flip[point], flipped[point].first, kept[point].first);
      kept[point].second = L::select(takes_flip[point], flipped[point].second, kept[point].second);
    }
  }
  const GridPoint<Levels::kLanes>* chosen = kKept ? kept : flipped;
  for (int point = 0; point < kPoints; ++point) {
    out.first[point] = chosen[point].first;
    out.second[point] = chosen[point].second & LeastPartners<Grid>::kTagMask;
  }
}

}  // namespace grid_internal

/// How the flip of an odd number of minus signs comes into the choice of points; no matter where signs are free.
enum class Flips {
  kAfterwards,  ///< the cheapest for the points that are best without it
  kJointly,     ///< exact
};

/// The best points and signs for eight values at `step`.
template <class Grid, Flips kFlips>
__attribute__((noinline)) void find_eight(const typename Lanes<Grid::kLanes>::F* x,
                                          const typename Lanes<Grid::kLanes>::F* w,
                                          const typename Lanes<Grid::kLanes>::F& step,
                                          GridEight<typename Grid::Levels>& out) {
  using Levels = typename Grid::Levels;
  using L = Lanes<Levels::kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  constexpr bool kEven = Grid::kSigns == GridSigns::kEven;
  F ax[8], wx[8], flip_cost[8], magnitudes[Levels::kCount];
  I signs{}, parity{};
  for (int n = 0; n < 8; ++n) {
    ax[n] = L::abs(x[n]);
    wx[n] = w[n] * ax[n];
    const I negative = x[n] < L::splat(0.0f);
    signs |= negative & (1 << n);
    parity ^= negative;
  }
  const I odd = kEven ? parity : L::splat_int(0);
  for (int n = 0; n < 8; ++n) {
    const F cost = 4.0f * wx[n];
    flip_cost[n] = GridEight<Levels>::kPoints == 1 ? L::from_bits(L::bits(cost) & odd) : cost;
  }
  for (int digit = 0; digit < Levels::kCount; ++digit) magnitudes[digit] = step * Levels::kLevels[digit];
  grid_internal::choose_points<Grid, kFlips == Flips::kJointly && kEven>(ax, w, flip_cost, odd, magnitudes, out);

  F xl{}, ll{}, cheapest = L::splat(__builtin_inff());
  I flip{};
  for (int half = 0; half < 8 / Levels::kHalf; ++half) {
    I rest = half % 2 == 0 ? out.first[half / 2] : out.second[half / 2];
    for (int n = half * Levels::kHalf; n < (half + 1) * Levels::kHalf; ++n) {
      const I others = Levels::without_digit(rest);
      const F level = L::to_float(Levels::level(rest - others * Levels::kCount));
      rest = others;
      const F term = wx[n] * level;
      xl += term;
      ll += w[n] * level * level;
      if constexpr (kEven) {
        flip = L::select(term < cheapest, L::splat_int(1 << n), flip);
        cheapest = L::min(term, cheapest);
      }
    }
  }
  if constexpr (kFlips == Flips::kJointly) out.signs = kEven ? signs ^ (flip & odd) : signs;
  out.xl = kEven ? xl - L::from_bits(L::bits(2.0f * cheapest) & odd) : xl;
  out.ll = ll;
}

}  // namespace rung
