// NF4 (codec/encode_nf4.h) over lanes: no search, because bitsandbytes' own choice is the format's meaning.
#pragma once

#include "codec/blocks.h"
#include "codec/codebooks.h"
#include "codec/encode_block_lanes.h"
#include "codec/encode_formats.h"

namespace rung {

struct Nf4Levels {
  float level[16];
};
constexpr Nf4Levels nf4_levels() {
  Nf4Levels levels{};
  for (int n = 0; n < 16; ++n) levels.level[n] = kNf4Levels[static_cast<size_t>(n)];
  return levels;
}

/// The index of the level nearest to a value between -1 and 1; in the middle the lower one.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I nf4_code(typename Lanes<kLanes>::F value) {
  constexpr Nf4Levels kLevels = nf4_levels();
  typename Lanes<kLanes>::I code{};
  for (int n = 1; n < 16; ++n) code -= value - kLevels.level[n - 1] > kLevels.level[n] - value;
  return code;
}

template <int kLanes>
void encode_nf4(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  EncodeInput alone = input;
  alone.importance = nullptr;
  for_each_block_group<kLanes, BlockNF4, 64>(
      alone, kPlainWeighting, blocks, [](const BlockLanes<kLanes, 64>& block, BlockNF4* const* out) {
        typename L::F largest{};
        for (int k = 0; k < 64; ++k) largest = L::max(largest, L::abs(block.x[k]));
        const auto divisor = L::select(largest > L::splat(0.0f), largest, L::splat(1.0f));
        float absmax[kLanes];
        L::store(largest * block.unit, absmax);
        for (int lane = 0; lane < kLanes; ++lane) out[lane]->absmax = absmax[lane];
        store_bytes<kLanes, 32>(BlockBytes<kLanes>(out), offsetof(BlockNF4, qs), [&](int n) {
          return (nf4_code<kLanes>(block.x[2 * n] / divisor) << 4) | nf4_code<kLanes>(block.x[2 * n + 1] / divisor);
        });
      });
}

}  // namespace rung
