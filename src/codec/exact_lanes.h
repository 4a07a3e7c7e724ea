// Values that already lie on a format's grid (decoded blocks, integer checkpoints) are found and stored without loss.
// Finding the scale means trying many, so a test that almost every other block fails at once stands before it: on an
// integer grid all values of a block are whole multiples, none of a large factor, of one step.
#pragma once

#include "codec/encode_block_lanes.h"

namespace rung {

/// Lanes whose values may all be whole multiples, by at most `reach`, of some step: Euclid's common divisor as long as
/// it stays above largest / reach. True for zeros.
template <int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I maybe_on_grid(const typename Lanes<kLanes>::F* x, float reach) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::max(largest, L::abs(x[k]));
  const F least = largest * (1.0f / (reach + 0.5f));
  const F nothing = largest * 0x1p-18f;  // what rounding may leave of an exact division
  auto alive = largest >= L::splat(0.0f);
  F step = largest;
  for (int k = 0; k < kValues && L::any(alive); ++k) {
    F rest = L::abs(x[k]);
    auto going = alive & (rest > nothing);
    while (L::any(going)) {
      const F times = L::round(step / L::select(going, rest, L::splat(1.0f)));
      const F left = L::abs(step - times * rest);
      step = L::select(going, rest, step);
      rest = L::select(going, left, rest);
      alive &= (rest <= nothing) | (rest > least);
      going &= alive & (rest > nothing);
    }
  }
  return alive;
}

/// Lanes where scale times some level is exactly every value.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I is_exact(const typename Lanes<kLanes>::F* x, typename Lanes<kLanes>::F scale,
                                               typename Lanes<kLanes>::I among) {
  using L = Lanes<kLanes>;
  const auto inverse = L::safe_inverse(scale);
  for (int k = 0; k < kValues && L::any(among); ++k) among &= scale * Grid::nearest(x[k] * inverse) == x[k];
  return among;
}

/// The value of largest magnitude of each block, with its sign.
template <int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::F largest_value(const typename Lanes<kLanes>::F* x) {
  using L = Lanes<kLanes>;
  typename L::F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::select(L::abs(x[k]) > L::abs(largest), x[k], largest);
  return largest;
}

/// A float with one of these bits has too many significant ones to be the product of a half (11 bits) and a level of
/// up to seven.
inline constexpr int kLowBits = 0x3f;

/// Lanes where no value has them.
template <int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I has_few_bits(const typename Lanes<kLanes>::F* x) {
  using L = Lanes<kLanes>;
  typename L::I used{};
  for (int k = 0; k < kValues; ++k) used |= L::bits(x[k]);
  return (used & kLowBits) == L::splat_int(0);
}

/// Replaces the scale of the lanes that one half can store exactly.
template <class Grid, int kLanes, int kValues>
RUNG_INLINE void prefer_exact_half(const BlockLanes<kLanes, kValues>& block, typename Lanes<kLanes>::I& half) {
  using L = Lanes<kLanes>;
  if (!L::any(has_few_bits<kLanes, kValues>(block.x))) return;
  const auto largest = largest_value<kLanes, kValues>(block.x);
  auto open = maybe_on_grid<kLanes, kValues>(block.x, Grid::kReach) & (largest != L::splat(0.0f));
  for (int code = 0; code < Grid::kLevels && L::any(open); ++code) {
    if (Grid::level(code) == 0.0f) continue;
    const auto candidate = block.to_half(largest / Grid::level(code));
    const auto exact = is_exact<Grid, kLanes, kValues>(block.x, block.from_half(candidate), open);
    half = L::select(exact, candidate, half);
    open &= ~exact;
  }
}

}  // namespace rung
