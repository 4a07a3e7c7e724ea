// q4_1, q5_1 and q2_k, q4_k, q5_k over lanes: what is searched for how long, and how the codes are stored.
#pragma once

#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/super_line_lanes.h"
#include "codec/transpose_lanes.h"

namespace rung {

/// What weighs a value beside its importance (the reference's choice for each of these formats). q4_1 and q5_1
/// without importance weigh all values the same.
inline constexpr Weighting kLineWeighting{1.0f};
inline constexpr Objectives kQ2KObjectives{{{8.0f}, 1.0f}, {{8.0f, 4}, 0.5f}};  // docs/formats.md
inline constexpr Weighting kQ4KWeighting{2.0f};
inline constexpr Weighting kQ5KWeighting{2.0f};

/// Codes of kLanes blocks, as they are packed: four bytes a lane at a time.
template <int kLanes, int kWords>
struct PackedLanes {
  using L = Lanes<kLanes>;
  typename L::I words[kWords] = {};

  /// Adds a code's bits to one byte.
  RUNG_INLINE void put(int byte, int shift, typename L::I code) { words[byte / 4] |= code << (byte % 4 * 8 + shift); }
  /// To byte `offset` of each block.
  template <class Block>
  RUNG_INLINE void store(Block* const* out, size_t offset) const {
    uint8_t* const* to = reinterpret_cast<uint8_t* const*>(out);
    constexpr int kQuads = kWords / 4;
    for (int quad = 0; quad < kQuads; ++quad) store_words<kLanes>(words + 4 * quad, to, offset + 16 * quad);
    for (int word = 4 * kQuads; word < kWords; ++word) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const int32_t bits = words[word][lane];
        std::memcpy(to[lane] + offset + 4 * word, &bits, 4);
      }
    }
  }
};

/// How much to search for one block.
struct LineSearch {
  StartCount starts;
  int rounds;  ///< of rounding to halves; the first one is not judged where it is the only one
};

/// The line for half-precision scale and minimum: least squares and rounding alternate while the error falls.
template <int kTop, bool kWeighted, int kLanes>
RUNG_INLINE LineLanes<kLanes> fit_stored_line(const BlockLanes<kLanes, 32>& block, const ValueLanes<kLanes>& values,
                                              const LineSearch& how) {
  using L = Lanes<kLanes>;
  LineFitLanes<kLanes> free;
  FreeLines<kTop, true, kWeighted, 1, kLanes, 32>(block.x, block.w, values).search(how.starts, &free);
  LineLanes<kLanes> wanted = free.line;
  LineLanes<kLanes> best;
  auto least = L::splat(__builtin_inff());
  auto going = L::splat_int(-1);  // a lane that stops gaining is done, whatever its neighbours do
  for (int round = 0; round < how.rounds; ++round) {
    const LineLanes<kLanes> stored = {block.through_half(wanted.scale), block.through_half(wanted.min)};
    if (how.rounds == 1) return stored;
    const auto codes = sum_codes<kTop, kWeighted, kLanes, 32>(block.x, block.w, stored);
    const auto error = values.error(codes, stored);
    going &= error < least;
    if (!L::any(going)) break;
    least = L::select(going, error, least);
    best.scale = L::select(going, stored.scale, best.scale);
    best.min = L::select(going, stored.min, best.min);
    wanted = solve_line<true>(codes, values);
  }
  return best;
}

/// Replaces the lines of those lanes whose values lie on a grid.
template <int kTop, int kLanes>
__attribute__((noinline)) void take_exact_lines(const BlockLanes<kLanes, 32>& block, typename Lanes<kLanes>::I maybe,
                                                LineLanes<kLanes>& line) {
  for (int lane = 0; lane < kLanes; ++lane) {
    if (maybe[lane] == 0) continue;
    float values[32];
    for (int k = 0; k < 32; ++k) values[k] = block.x[k][lane];
    ExactLine exact;
    if (!find_exact_line(values, 32, kTop, block.unit[lane], &exact)) continue;
    line.scale[lane] = exact.scale;
    line.min[lane] = exact.min;
  }
}

/// Low four bits in pairs, 16 values apart; the fifth ones of q5_1 as bits of a word.
template <int kTop, int kLanes, class Block>
RUNG_INLINE void store_line_block(const BlockLanes<kLanes, 32>& block, const LineLanes<kLanes>& line,
                                  Block* const* out) {
  const CodeRule<kLanes, kTop> rule(line);
  PackedLanes<kLanes, 4> low;
  PackedLanes<kLanes, 1> high;
  for (int n = 0; n < 32; ++n) {
    const auto code = rule.whole_code(block.x[n]);
    low.put(n % 16, n / 16 * 4, code & 15);
    high.words[0] |= (code >> 4) << n;
  }
  PackedLanes<kLanes, 1> halves;
  halves.words[0] = block.to_half(line.scale) | (block.to_half(-line.min) << 16);
  halves.store(out, offsetof(Block, d));
  low.store(out, offsetof(Block, qs));
  if constexpr (kTop == 31) high.store(out, offsetof(Block, qh));
}

template <int kTop, bool kWeighted, int kLanes, class Block>
RUNG_INLINE void encode_lines(const EncodeInput& input, const LineSearch& how, uint8_t* blocks) {
  for_each_block_group<kLanes, Block, 32>(input, kWeighted ? kLineWeighting : kPlainWeighting, blocks,
                                          [&](const BlockLanes<kLanes, 32>& block, Block* const* out) {
                                            const auto values = sum_values<kWeighted, kLanes, 32>(block.x, block.w);
                                            LineLanes<kLanes> line =
                                                fit_stored_line<kTop, kWeighted>(block, values, how);
                                            const auto maybe = maybe_on_line<kTop, 3, kLanes>(block.x, values);
                                            if (Lanes<kLanes>::any(maybe)) take_exact_lines<kTop>(block, maybe, line);
                                            store_line_block<kTop>(block, line, out);
                                          });
}

/// Without importance the reference only takes the smallest and the largest value, at the speed of memory: so a few
/// starts must do there, and all values weigh the same.
inline constexpr LineSearch kLineSearch[] = {{{8, 1}, 2}, {{20, 2}, 3}, {{32, 4}, 4}};
inline constexpr LineSearch kPlainLineSearch[] = {{{1, 0}, 1}, {{2, 0}, 1}, {{32, 4}, 4}};

template <int kTop, int kLanes, class Block>
RUNG_INLINE void encode_any_lines(const EncodeInput& input, uint8_t* blocks) {
  const int effort = static_cast<int>(input.effort);
  if (input.importance == nullptr)
    return encode_lines<kTop, false, kLanes, Block>(input, kPlainLineSearch[effort], blocks);
  encode_lines<kTop, true, kLanes, Block>(input, kLineSearch[effort], blocks);
}

template <int kLanes>
void encode_q4_1(const EncodeInput& input, uint8_t* blocks) {
  encode_any_lines<15, kLanes, BlockQ4_1>(input, blocks);
}

template <int kLanes>
void encode_q5_1(const EncodeInput& input, uint8_t* blocks) {
  encode_any_lines<31, kLanes, BlockQ5_1>(input, blocks);
}

/// q4_k, q5_k: eight 6-bit scales and mins. Four of each in the low six bits of bytes 0-3 and 4-7; of the other four
/// the low nibbles share bytes 8-11 and the top two bits sit above the first eight.
template <int kLanes>
RUNG_INLINE PackedLanes<kLanes, 3> pack_scales_and_mins(const typename Lanes<kLanes>::F* scale,
                                                        const typename Lanes<kLanes>::F* min) {
  using L = Lanes<kLanes>;
  PackedLanes<kLanes, 3> packed;
  for (int b = 0; b < 4; ++b) {
    const auto late_scale = L::to_int(scale[b + 4]), late_min = L::to_int(min[b + 4]);
    packed.put(b, 0, L::to_int(scale[b]) | ((late_scale >> 4) << 6));
    packed.put(b + 4, 0, L::to_int(min[b]) | ((late_min >> 4) << 6));
    packed.put(b + 8, 0, (late_scale & 15) | ((late_min & 15) << 4));
  }
  return packed;
}

template <int kLanes, class Block, class Result>
RUNG_INLINE void store_halves(const BlockLanes<kLanes, 256>& block, const Result& found, Block* const* out) {
  PackedLanes<kLanes, 1> halves;
  halves.words[0] = block.to_half(found.d) | (block.to_half(found.dmin) << 16);
  halves.store(out, offsetof(Block, d));
}

/// q4_k, q5_k: 32 values in the low nibbles of 32 bytes, the next 32 in the high ones; a bit plane for the fifth bits.
template <int kTop, int kLanes, class Block, class Result>
RUNG_INLINE void store_fine_block(const BlockLanes<kLanes, 256>& block, const Result& found, Block* const* out) {
  PackedLanes<kLanes, 32> low;
  PackedLanes<kLanes, 8> high;
  for (int b = 0; b < 8; ++b) {
    const CodeRule<kLanes, kTop> rule(found.line(b));
    for (int n = 0; n < 32; ++n) {
      const auto code = rule.whole_code(block.x[b * 32 + n]);
      low.put(b / 2 * 32 + n, b % 2 * 4, code & 15);
      if constexpr (kTop == 31) high.put(n, b, code >> 4);
    }
  }
  store_halves(block, found, out);
  pack_scales_and_mins<kLanes>(found.scale, found.min).store(out, offsetof(Block, scales));
  low.store(out, offsetof(Block, qs));
  if constexpr (kTop == 31) high.store(out, offsetof(Block, qh));
}

template <int kTop, int kLanes, class Block>
RUNG_INLINE void encode_fine_blocks(const EncodeInput& input, const SuperLineSearch& how, uint8_t* blocks) {
  constexpr Weighting kWeighting = kTop == 31 ? kQ5KWeighting : kQ4KWeighting;
  for_each_block_group<kLanes, Block, 256>(
      input, kWeighting, blocks, [&](const BlockLanes<kLanes, 256>& block, Block* const* out) {
        store_fine_block<kTop>(block, SuperLineLanes<kTop, 8, 63, kLanes>(block, how).search(), out);
      });
}

template <int kLanes>
void encode_q4_k(const EncodeInput& input, uint8_t* blocks) {
  constexpr SuperLineSearch kSearch[] = {{10, 12, 2, 12, 1, 1}, {24, 24, 3, 24, 1, 2}, {32, 32, 8, 32, 4, 5}};
  encode_fine_blocks<15, kLanes, BlockQ4_K>(input, kSearch[static_cast<int>(input.effort)], blocks);
}

template <int kLanes>
void encode_q5_k(const EncodeInput& input, uint8_t* blocks) {
  constexpr SuperLineSearch kSearch[] = {{12, 12, 2, 12, 1, 1}, {24, 24, 3, 24, 1, 2}, {32, 32, 8, 32, 4, 5}};
  encode_fine_blocks<31, kLanes, BlockQ5_K>(input, kSearch[static_cast<int>(input.effort)], blocks);
}

/// q2_k: two bits a code, 32 values apart in a byte.
template <int kLanes, class Result>
RUNG_INLINE void store_coarse_block(const BlockLanes<kLanes, 256>& block, const Result& found, BlockQ2_K* const* out) {
  using L = Lanes<kLanes>;
  PackedLanes<kLanes, 16> codes;
  PackedLanes<kLanes, 4> scales;
  for (int b = 0; b < 16; ++b) {
    scales.put(b, 0, L::to_int(found.scale[b]) | (L::to_int(found.min[b]) << 4));
    const CodeRule<kLanes, 3> rule(found.line(b));
    for (int n = b * 16; n < b * 16 + 16; ++n)
      codes.put(n / 128 * 32 + n % 32, n % 128 / 32 * 2, rule.whole_code(block.x[n]));
  }
  store_halves(block, found, out);
  scales.store(out, offsetof(BlockQ2_K, scales));
  codes.store(out, offsetof(BlockQ2_K, qs));
}

template <int kLanes>
RUNG_INLINE void encode_coarse_blocks(const EncodeInput& input, SuperLineSearch how, uint8_t* blocks) {
  const Objective& objective = kQ2KObjectives.of(input.use);
  how.given_back = objective.given_back;
  for_each_block_group<kLanes, BlockQ2_K, 256>(
      input, objective.weighting, blocks, [&](const BlockLanes<kLanes, 256>& block, BlockQ2_K* const* out) {
        store_coarse_block<kLanes>(block, SuperLineLanes<3, 16, 15, kLanes>(block, how).search(), out);
      });
}

template <int kLanes>
void encode_q2_k(const EncodeInput& input, uint8_t* blocks) {
  constexpr SuperLineSearch kSearch[] = {{8, 8, 2, 8, 1, 1}, {24, 12, 3, 12, 1, 2}, {24, 32, 8, 32, 4, 5}};
  encode_coarse_blocks<kLanes>(input, kSearch[static_cast<int>(input.effort)], blocks);
}

}  // namespace rung
