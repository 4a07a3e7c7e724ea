#pragma once

#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/symmetric_lanes.h"

namespace rung {

/// Value n in the low nibble of byte n, value n + 16 in the high nibble, written to one block a lane.
template <class Grid, int kLanes, class Block>
RUNG_INLINE void store_nibbles(const BlockLanes<kLanes, 32>& block, typename Lanes<kLanes>::I half, Block* const* out) {
  using L = Lanes<kLanes>;
  const auto inverse = L::safe_inverse(block.from_half(half));
  uint8_t bytes[16][kLanes];
  for (int n = 0; n < 16; ++n) {
    const auto low = Grid::code(Grid::nearest(block.x[n] * inverse));
    const auto high = Grid::code(Grid::nearest(block.x[n + 16] * inverse));
    L::store_bytes(low | (high << 4), bytes[n]);
  }
  int32_t halves[kLanes];
  L::store(half, halves);
  for (int lane = 0; lane < kLanes; ++lane) {
    out[lane]->d = static_cast<uint16_t>(halves[lane]);
    for (int n = 0; n < 16; ++n) out[lane]->qs[n] = bytes[n][lane];
  }
}

template <int kLanes>
void encode_q4_0(const EncodeInput& input, uint8_t* blocks) {
  constexpr StartShares kStarts = {0.75f, 1.25f, 16};
  using Grid = IntegerGrid<kLanes, -8, 7>;
  for_each_block_group<kLanes, BlockQ4_0, 32>(
      input, Emphasis::kLarge, blocks, [kStarts](const BlockLanes<kLanes, 32>& block, BlockQ4_0* const* out) {
        store_nibbles<Grid, kLanes>(block, fit_half_scale<Grid, kLanes, 32>(block, kStarts, 3), out);
      });
}

}  // namespace rung
