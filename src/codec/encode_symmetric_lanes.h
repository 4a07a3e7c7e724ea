// Encoders of the formats without a minimum: q8_0, q5_0, q4_0, iq4_nl (32 values, one half) and q6_k, q3_k, iq4_xs (256
// values, integer scales times one half). Byte maps: docs/formats.md.
#pragma once

#include "codec/blocks.h"
#include "codec/direct_lanes.h"
#include "codec/encode_formats.h"
#include "codec/super_scale_lanes.h"

namespace rung {

// The errors that the project promises (against llama.cpp, the bare importance as weight, on the vectors' two inputs)
// need weights nearer to the bare importance than llama.cpp's own; these weigh the magnitude as much as that allows.
// q6_k takes the bare importance, as llama.cpp does.
inline constexpr Weighting kQ5_0Weighting{16.0f};
inline constexpr Weighting kQ4_0Weighting{8.0f};
inline constexpr Weighting kIq4NlWeighting{16.0f};
inline constexpr Weighting kIq4XsWeighting{8.0f};
inline constexpr Objectives kQ3KObjectives{{{0.0f, 7}, 0.6f}, {{0.0f, 4}, 0.6f}, {{2.0f, 5}, 0.6f}};  // docs/formats.md
inline constexpr Weighting kQ6KWeighting = kPlainWeighting;

/// Starts at each effort.
RUNG_INLINE StartShares starts_for(Effort effort, float first, float last, int count) {
  return {first, last, effort == Effort::kFast ? count / 2 : effort == Effort::kBest ? count * 2 : count};
}

template <class Grid, int kLanes, int kValues>
RUNG_INLINE void choose_codes(const typename Lanes<kLanes>::F* x, typename Lanes<kLanes>::F scale,
                              typename Lanes<kLanes>::I* codes) {
  const auto inverse = Lanes<kLanes>::safe_inverse(scale);
  for (int k = 0; k < kValues; ++k) codes[k] = Grid::code(x[k] * inverse);
}

// ---- 32 values with one half ----

/// Code n in the low nibble of byte n, code n + 16 in the high one.
template <class Block, int kLanes>
RUNG_INLINE void store_nibble_block(typename Lanes<kLanes>::I half, const typename Lanes<kLanes>::I* codes,
                                    Block* const* blocks) {
  const BlockBytes<kLanes> out(blocks);
  store_halves<kLanes>(half, out.at, offsetof(Block, d));
  store_bytes<kLanes, 16>(out, offsetof(Block, qs),
                          [&](int n) { return (codes[n] & 15) | ((codes[n + 16] & 15) << 4); });
}

template <int kLanes>
void encode_q8_0(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using Grid = IntegerGrid<kLanes, -127, 127>;  // -128 is left out: kernels may take the absolute value in 8 bits
  if (input.effort != Effort::kBest) {
    round_blocks<Grid, kLanes, BlockQ8_0>(
        input, blocks, [](F high, F low) { return L::max(high, -low) / 127.0f; },
        [](const float* x, uint16_t half, float inverse, BlockQ8_0& out) {
          for (int first = 0; first < 32; first += 16) {
            typename L::I codes[16 / kLanes];
            for (int part = 0; part < 16 / kLanes; ++part)
              codes[part] = L::to_int(Grid::nearest(L::load(x + first + part * kLanes) * inverse));
            store_sixteen<kLanes>(codes, reinterpret_cast<uint8_t*>(out.qs) + first);
          }
          out.d = half;
        });
    return;
  }
  // The largest value keeps the level 127 in all of them.
  constexpr StartShares kStarts = {0.9965f, 1.0035f, 15};
  for_each_block_group<kLanes, BlockQ8_0, 32>(
      input, kUnweighted, blocks, [&](const BlockLanes<kLanes, 32>& block, BlockQ8_0* const* blocks_out) {
        const auto half = fit_half_scale<Grid, kLanes, 32>(block, nullptr, kStarts, 3);
        const auto inverse = L::safe_inverse(block.from_half(half));
        const BlockBytes<kLanes> out(blocks_out);
        store_halves<kLanes>(half, out.at, offsetof(BlockQ8_0, d));
        store_bytes<kLanes, 32>(out, offsetof(BlockQ8_0, qs),
                                [&](int n) { return L::to_int(Grid::nearest(block.x[n] * inverse)) & 255; });
      });
}

/// Without importance and at less than kBest: rounding with the largest value at -8, as everyone does it.
template <int kLanes>
void encode_q4_0(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using Grid = IntegerGrid<kLanes, -8, 7>;
  if (input.importance == nullptr && input.effort != Effort::kBest) {
    round_blocks<Grid, kLanes, BlockQ4_0>(
        input, blocks, [](F high, F low) { return L::select(high > -low, high, low) * -0.125f; },
        [](const float* x, uint16_t half, float inverse, BlockQ4_0& out) {
          typename L::I bytes[16 / kLanes];
          for (int part = 0; part < 16 / kLanes; ++part) {
            const auto low = Grid::code(L::load(x + part * kLanes) * inverse);
            bytes[part] = low | (Grid::code(L::load(x + 16 + part * kLanes) * inverse) << 4);
          }
          store_sixteen<kLanes>(bytes, out.qs);
          out.d = half;
        });
    return;
  }
  const StartShares starts = starts_for(input.effort, 0.75f, 1.4f, 14);
  for_each_block_group<kLanes, BlockQ4_0, 32>(input, kQ4_0Weighting, blocks,
                                              [&](const BlockLanes<kLanes, 32>& block, BlockQ4_0* const* out) {
                                                const auto half = fit_half_scale<Grid, kLanes, 32>(block, starts, 3);
                                                typename L::I codes[32];
                                                choose_codes<Grid, kLanes, 32>(block.x, block.from_half(half), codes);
                                                store_nibble_block<BlockQ4_0, kLanes>(half, codes, out);
                                              });
}

template <int kLanes>
void encode_q5_0(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  using Grid = IntegerGrid<kLanes, -16, 15>;
  const bool weighed = input.importance != nullptr || input.effort == Effort::kBest;
  // Weighed, the largest value may be worth clipping to half.
  const StartShares starts = weighed ? starts_for(input.effort, 0.8f, input.effort == Effort::kFast ? 1.2f : 2.0f, 20)
                                     : starts_for(input.effort, 0.9f, 1.1f, 6);
  for_each_block_group<kLanes, BlockQ5_0, 32>(
      input, weighed ? kQ5_0Weighting : kUnweighted, blocks,
      [&](const BlockLanes<kLanes, 32>& block, BlockQ5_0* const* blocks_out) {
        const auto half = weighed ? fit_half_scale<Grid, kLanes, 32>(block, starts, 3)
                                  : fit_half_scale<Grid, kLanes, 32>(block, nullptr, starts, 2);
        typename L::I codes[32], fifth{};
        choose_codes<Grid, kLanes, 32>(block.x, block.from_half(half), codes);
        for (int n = 0; n < 32; ++n) fifth |= (codes[n] >> 4) << n;
        store_nibble_block<BlockQ5_0, kLanes>(half, codes, blocks_out);
        int32_t fifths[kLanes];
        L::store(fifth, fifths);
        const BlockBytes<kLanes> out(blocks_out);
        for (int lane = 0; lane < kLanes; ++lane) std::memcpy(out.at[lane] + offsetof(BlockQ5_0, qh), &fifths[lane], 4);
      });
}

template <int kLanes>
void encode_iq4_nl(const EncodeInput& input, uint8_t* blocks) {
  using Grid = Iq4Grid<kLanes>;
  const StartShares starts = starts_for(input.effort, 0.7f, 1.4f, 14);
  for_each_block_group<kLanes, BlockIQ4_NL, 32>(input, kIq4NlWeighting, blocks,
                                                [&](const BlockLanes<kLanes, 32>& block, BlockIQ4_NL* const* out) {
                                                  const auto half = fit_half_scale<Grid, kLanes, 32>(block, starts, 3);
                                                  typename Lanes<kLanes>::I codes[32];
                                                  choose_codes<Grid, kLanes, 32>(block.x, block.from_half(half), codes);
                                                  store_nibble_block<BlockIQ4_NL, kLanes>(half, codes, out);
                                                });
}

// ---- 256 values in blocks with integer scales ----

RUNG_INLINE SuperEffort super_effort(Effort effort, float first, float last, int count) {
  const StartShares starts = starts_for(effort, first, last, count);
  if (effort == Effort::kFast) return {starts, 1, 2, 1};
  if (effort == Effort::kBest) return {starts, 4, 6, 2};
  return {starts, 1, 4, 2};
}

/// Calls store(scales as integers, codes, bits of d, blocks) for each group.
template <class Grid, int kLanes, class Block, class Search, class Store>
RUNG_INLINE void encode_super_blocks(const EncodeInput& input, const Objective& objective, SuperEffort effort,
                                     uint8_t* blocks, Store store) {
  effort.given_back = objective.given_back;
  for_each_block_group<kLanes, Block, 256>(
      input, objective.weighting, blocks, [&](const BlockLanes<kLanes, 256>& block, Block* const* blocks_out) {
        const auto result = Search(block, effort).search();
        typename Lanes<kLanes>::I scales[Search::kCount], codes[256];
        for (int b = 0; b < Search::kCount; ++b) {
          const int first = b * Search::kBlockValues;
          scales[b] = Lanes<kLanes>::to_int(result.scale[b]);
          choose_codes<Grid, kLanes, Search::kBlockValues>(block.x + first, result.d * result.scale[b], codes + first);
        }
        const BlockBytes<kLanes> out(blocks_out);
        store_halves<kLanes>(result.half, out.at, offsetof(Block, d));
        store(scales, codes, out);
      });
}

template <int kLanes>
void encode_q6_k(const EncodeInput& input, uint8_t* blocks) {
  using I = typename Lanes<kLanes>::I;
  using Grid = IntegerGrid<kLanes, -32, 31>;
  using Search = SuperScale<Grid, kLanes, 16, -128, 127>;
  const Weighting weighting = input.importance == nullptr ? Weighting{1.0f} : kQ6KWeighting;
  encode_super_blocks<Grid, kLanes, BlockQ6_K, Search>(
      input, Objective{weighting}, super_effort(input.effort, 0.9f, 1.1f, 12), blocks,
      [](const I* scales, const I* codes, const BlockBytes<kLanes>& out) {
        store_bytes<kLanes, 16>(out, offsetof(BlockQ6_K, scales), [&](int n) { return scales[n] & 255; });
        // Per 128 values: low nibbles of values n and n + 64 share a byte, the top bits of n, n + 32, n + 64 and
        // n + 96 another.
        for (int part = 0; part < 2; ++part) {
          const I* code = codes + part * 128;
          const size_t low = offsetof(BlockQ6_K, ql) + static_cast<size_t>(part) * 64;
          const size_t high = offsetof(BlockQ6_K, qh) + static_cast<size_t>(part) * 32;
          store_bytes<kLanes, 64>(out, low, [&](int n) { return (code[n] & 15) | ((code[n + 64] & 15) << 4); });
          store_bytes<kLanes, 32>(out, high, [&](int n) {
            return (code[n] >> 4) | (code[n + 32] >> 4 << 2) | (code[n + 64] >> 4 << 4) | (code[n + 96] >> 4 << 6);
          });
        }
      });
}

template <int kLanes>
void encode_q3_k(const EncodeInput& input, uint8_t* blocks) {
  using I = typename Lanes<kLanes>::I;
  using Grid = IntegerGrid<kLanes, -4, 3>;
  using Search = SuperScale<Grid, kLanes, 16, -32, 31>;
  encode_super_blocks<Grid, kLanes, BlockQ3_K, Search>(
      input, kQ3KObjectives.of(input.use), super_effort(input.effort, 0.5f, 1.3f, 14), blocks,
      [](const I* scales, const I* codes, const BlockBytes<kLanes>& out) {
        // A 6-bit scale: low nibbles of scales n and n + 8 in byte n, the top two bits of four scales in byte 8 + n
        // % 4.
        uint8_t packed[12][kLanes];
        for (int n = 0; n < 8; ++n)
          Lanes<kLanes>::store_bytes(((scales[n] + 32) & 15) | (((scales[n + 8] + 32) & 15) << 4), packed[n]);
        for (int n = 0; n < 4; ++n) {
          I top{};
          for (int part = 0; part < 4; ++part) top |= ((scales[n + part * 4] + 32) >> 4) << (part * 2);
          Lanes<kLanes>::store_bytes(top, packed[8 + n]);
        }
        for (int lane = 0; lane < kLanes; ++lane) {
          for (int n = 0; n < 12; ++n) out.at[lane][offsetof(BlockQ3_K, scales) + n] = packed[n][lane];
        }
        // Code - 4 is the level; the mask bit set says "do not subtract 4", which is the code's own third bit.
        store_bytes<kLanes, 32>(out, offsetof(BlockQ3_K, hmask), [&](int n) {
          I mask{};
          for (int part = 0; part < 8; ++part) mask |= (codes[n + part * 32] >> 2) << part;
          return mask;
        });
        // Per 128 values 32 bytes: the low two bits of four codes a byte, 32 values apart.
        store_bytes<kLanes, 64>(out, offsetof(BlockQ3_K, qs), [&](int n) {
          const I* code = codes + n / 32 * 128 + n % 32;
          return (code[0] & 3) | ((code[32] & 3) << 2) | ((code[64] & 3) << 4) | ((code[96] & 3) << 6);
        });
      });
}

template <int kLanes>
void encode_iq4_xs(const EncodeInput& input, uint8_t* blocks) {
  using I = typename Lanes<kLanes>::I;
  using Grid = Iq4Grid<kLanes>;
  using Search = SuperScale<Grid, kLanes, 8, -32, 31>;
  encode_super_blocks<Grid, kLanes, BlockIQ4_XS, Search>(
      input, Objective{kIq4XsWeighting}, super_effort(input.effort, 0.7f, 1.2f, 14), blocks,
      [](const I* scales, const I* codes, const BlockBytes<kLanes>& out) {
        I low{}, high{};
        for (int b = 0; b < 8; ++b) {
          low |= ((scales[b] + 32) & 15) << (4 * b);
          high |= ((scales[b] + 32) >> 4) << (2 * b);
          store_bytes<kLanes, 16>(out, offsetof(BlockIQ4_XS, qs) + 16 * static_cast<size_t>(b),
                                  [&](int n) { return codes[b * 32 + n] | (codes[b * 32 + n + 16] << 4); });
        }
        store_halves<kLanes>(high, out.at, offsetof(BlockIQ4_XS, scales_h));
        int32_t lows[kLanes];
        Lanes<kLanes>::store(low, lows);
        for (int lane = 0; lane < kLanes; ++lane)
          std::memcpy(out.at[lane] + offsetof(BlockIQ4_XS, scales_l), &lows[lane], 4);
      });
}

}  // namespace rung
