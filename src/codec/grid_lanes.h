// The exact nearest point of an iq2 or iq3 grid, with its signs, for kLanes groups at once.
//
// At a fixed step t a point g costs sum w (|x| - t g)^2, a sum over its values. So the costs of all halves of a point
// are tabled once (81 or 64 of them), and every point then costs one addition of two table entries and a comparison:
// an exhaustive search in about as many operations as there are points. Where the format's signs must hold an even
// number of minuses and those of x do not, one value takes the wrong sign, which costs 4 t w |x| g more: the cheapest
// of a half is tabled too, so the point is found jointly with the flip.
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

/// The costs of all halves by slot: with the signs of x, and with the cheapest of them flipped.
template <class Levels, bool kFlips>
struct HalfCosts {
  static constexpr int kLanes = Levels::kLanes;
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F kept[Levels::kSlots];
  F flipped[kFlips ? Levels::kSlots : 1];

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
    constexpr int kPairs = Levels::kCount * Levels::kCount;
    if constexpr (Levels::kHalf == 2) {
      join<Levels::kCount>(costs[0], costs[1], flips[0], flips[1], kept, flipped);
    } else {
      F low[kPairs], high[kPairs], low_flips[kPairs], high_flips[kPairs];
      join<Levels::kCount>(costs[0], costs[1], flips[0], flips[1], low, low_flips);
      join<Levels::kCount>(costs[2], costs[3], flips[2], flips[3], high, high_flips);
      join<kPairs>(low, high, low_flips, high_flips, kept, flipped);
    }
    if constexpr (kFlips) {
      for (int slot = 0; slot < Levels::kSlots; ++slot) flipped[slot] += kept[slot];
    }
  }

  /// Writes each entry's slot over its lowest bits, so that a minimum says whose it is.
  RUNG_INLINE void tag() {
    for (int slot = 0; slot < Levels::kSlots; ++slot) {
      kept[slot] = tagged(kept[slot], slot);
      if constexpr (kFlips) flipped[slot] = tagged(flipped[slot], slot);
    }
  }
  static constexpr int kTagMask = 127;

 private:
  static RUNG_INLINE F tagged(F cost, int slot) { return L::from_bits((L::bits(cost) & ~kTagMask) | slot); }

  /// All sums of an entry of `low` and one of `high`; flips: the cheaper of the two.
  template <int kEach>
  static RUNG_INLINE void join(const F* low, const F* high, const F* low_flips, const F* high_flips, F* sums,
                               F* flip_minima) {
    for (int second = 0; second < kEach; ++second) {
      for (int first = 0; first < kEach; ++first) {
        sums[second * kEach + first] = low[first] + high[second];
        if constexpr (kFlips) flip_minima[second * kEach + first] = L::min(low_flips[first], high_flips[second]);
      }
    }
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

/// A point by the slots of its halves.
template <int kLanes>
struct GridPoint {
  typename Lanes<kLanes>::F cost;
  typename Lanes<kLanes>::I first;
  typename Lanes<kLanes>::I second;  ///< in the lowest 7 bits; what is above them is noise

  RUNG_INLINE void improve(typename Lanes<kLanes>::F other, typename Lanes<kLanes>::F second_cost, int other_first) {
    using L = Lanes<kLanes>;
    const auto better = other < cost;
    cost = L::min(other, cost);
    first = L::select(better, L::splat_int(other_first), first);
    second = L::select(better, L::bits(second_cost), second);
  }
};

namespace grid_internal {

/// The least of the entries of one first half's partners.
template <const GridHalves& kHalves, int kFirst, class L, int... kPartner>
RUNG_INLINE typename L::F least_of(const typename L::F* table, std::integer_sequence<int, kPartner...>) {
  constexpr int kBegin = kHalves.begin[kFirst];
  typename L::F least = table[kHalves.partners[kBegin]];
  ((least = L::min(least, table[kHalves.partners[kBegin + kPartner]])), ...);
  return least;
}

template <class Grid, bool kKept, bool kFlips, int kFirst>
RUNG_INLINE void try_first(const HalfCosts<typename Grid::Levels, kFlips>& first,
                           const HalfCosts<typename Grid::Levels, kFlips>& second, GridPoint<Grid::kLanes>& kept,
                           GridPoint<Grid::kLanes>& flipped) {
  using L = Lanes<Grid::kLanes>;
  using F = typename L::F;
  constexpr int kPartners = Grid::kHalves.begin[kFirst + 1] - Grid::kHalves.begin[kFirst];
  if constexpr (kPartners > 0) {
    constexpr std::make_integer_sequence<int, kPartners> kEach{};
    const F least_kept = least_of<Grid::kHalves, kFirst, L>(second.kept, kEach);
    if constexpr (kKept) kept.improve(first.kept[kFirst] + least_kept, least_kept, kFirst);
    if constexpr (kFlips) {
      const F least_flipped = least_of<Grid::kHalves, kFirst, L>(second.flipped, kEach);
      const F flip_first = first.flipped[kFirst] + least_kept;
      const F flip_second = first.kept[kFirst] + least_flipped;
      flipped.improve(L::min(flip_second, flip_first), L::select(flip_second < flip_first, least_flipped, least_kept),
                      kFirst);
    }
  }
}

/// The cheapest points with the signs of x (kKept), and with one of them flipped (kFlips). The costs of the second half
/// are rounded to 16 bits while searching. Unrolled over all points: each costs one instruction or two.
template <class Grid, bool kKept, bool kFlips, int... kFirst>
RUNG_INLINE void find_points(const HalfCosts<typename Grid::Levels, kFlips>& first,
                             const HalfCosts<typename Grid::Levels, kFlips>& second, GridPoint<Grid::kLanes>& kept,
                             GridPoint<Grid::kLanes>& flipped, std::integer_sequence<int, kFirst...>) {
  using L = Lanes<Grid::kLanes>;
  kept.cost = flipped.cost = L::splat(__builtin_inff());
  kept.first = kept.second = flipped.first = flipped.second = L::splat_int(0);
  (try_first<Grid, kKept, kFlips, kFirst>(first, second, kept, flipped), ...);
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
  I signs;  ///< bit n: value n is negative
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
    second.tag();
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
    out.second[point] = chosen[point].second & HalfCosts<Levels, kFlips>::kTagMask;
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
  F ax[8], wx[8], flip_cost[8], magnitudes[Levels::kCount];
  I signs{}, parity{};
  for (int n = 0; n < 8; ++n) {
    ax[n] = L::abs(x[n]);
    wx[n] = w[n] * ax[n];
    const I negative = x[n] < L::splat(0.0f);
    signs |= negative & (1 << n);
    parity ^= negative;
  }
  const I odd = Grid::kSigns == GridSigns::kEven ? parity : L::splat_int(0);
  for (int n = 0; n < 8; ++n) {
    const F cost = 4.0f * wx[n];
    flip_cost[n] = GridEight<Levels>::kPoints == 1 ? L::from_bits(L::bits(cost) & odd) : cost;
  }
  for (int digit = 0; digit < Levels::kCount; ++digit) magnitudes[digit] = step * Levels::kLevels[digit];
  grid_internal::choose_points<Grid, kFlips == Flips::kJointly && Grid::kSigns == GridSigns::kEven>(
      ax, w, flip_cost, odd, magnitudes, out);

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
      flip = L::select(term < cheapest, L::splat_int(1 << n), flip);
      cheapest = L::min(term, cheapest);
    }
  }
  out.signs = signs ^ (flip & odd);
  out.xl = xl - L::from_bits(L::bits(2.0f * cheapest) & odd);
  out.ll = ll;
}

}  // namespace rung
