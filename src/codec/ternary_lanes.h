// One half-precision scale over very few levels: TQ1_0 and TQ2_0 (-1, 0, 1), Q2_0 (-1, 0, 1, 2) and Q1_0 (-1, 1).
// A ternary choice is a threshold: the values beyond it go to +-1, and the best scale is their weighted mean magnitude
// (Li et al., Ternary Weight Networks, arXiv 1605.04711). Sources that are ternary already stay exact.
#pragma once

#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/symmetric_lanes.h"

namespace rung {

/// Weighing by importance alone gives the least error under it.
inline constexpr Weighting kTernaryWeighting = kPlainWeighting;

/// Sums over the values whose magnitude exceeds a threshold.
template <int kLanes>
struct BeyondLanes {
  using F = typename Lanes<kLanes>::F;
  F wx{};  ///< sum w |x|
  F w{};   ///< sum w
};

/// kCount thresholds side by side: a single one would wait for its own additions.
template <int kLanes, int kValues, int kCount>
RUNG_INLINE void sum_beyond(const BlockLanes<kLanes, kValues>& block, const typename Lanes<kLanes>::F* thresholds,
                            BeyondLanes<kLanes>* sums) {
  using L = Lanes<kLanes>;
  for (int n = 0; n < kCount; ++n) sums[n] = {};
  for (int k = 0; k < kValues; ++k) {
    const auto magnitude = L::abs(block.x[k]);
    const auto weighted = block.w[k] * magnitude;
    for (int n = 0; n < kCount; ++n) {
      const auto beyond = magnitude > thresholds[n];
      sums[n].wx += L::from_bits(L::bits(weighted) & beyond);
      sums[n].w += L::from_bits(L::bits(block.w[k]) & beyond);
    }
  }
}

/// The best free scale among the thresholds of kCount starts, each `times` the mean magnitude or the largest one.
template <int kLanes, int kValues, int kCount>
RUNG_INLINE void improve_ternary(const BlockLanes<kLanes, kValues>& block, typename Lanes<kLanes>::F base,
                                 const float* times, BeyondLanes<kLanes>& best) {
  using L = Lanes<kLanes>;
  typename L::F thresholds[kCount];
  BeyondLanes<kLanes> sums[kCount];
  for (int n = 0; n < kCount; ++n) thresholds[n] = base * times[n];
  sum_beyond<kLanes, kValues, kCount>(block, thresholds, sums);
  for (int n = 0; n < kCount; ++n) {
    // The error falls by wx^2 / w.
    const auto better = sums[n].wx * sums[n].wx * best.w > best.wx * best.wx * sums[n].w;
    best.wx = L::select(better, sums[n].wx, best.wx);
    best.w = L::select(better, sums[n].w, best.w);
  }
}

inline constexpr float kTimesMean[12] = {0.55f, 0.7f, 0.85f, 1.05f, 0.4f, 1.3f, 1.7f, 2.5f, 0.25f, 0.62f, 0.77f, 0.95f};
inline constexpr float kTimesLargest[4] = {0.15f, 0.3f, 0.5f, 0.75f};

/// The bits of the half that scales -1, 0 and 1 best.
template <int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::I fit_ternary(const BlockLanes<kLanes, kValues>& block, Effort effort) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  F largest{};
  BeyondLanes<kLanes> best;
  for (int k = 0; k < kValues; ++k) {
    const F magnitude = L::abs(block.x[k]);
    largest = L::max(largest, magnitude);
    best.wx += block.w[k] * magnitude;
    best.w += block.w[k];
  }
  const F mean = best.wx / best.w;
  improve_ternary<kLanes, kValues, 4>(block, mean, kTimesMean, best);
  improve_ternary<kLanes, kValues, 4>(block, largest, kTimesLargest, best);
  if (effort != Effort::kFast) improve_ternary<kLanes, kValues, 4>(block, mean, kTimesMean + 4, best);
  if (effort == Effort::kBest) improve_ternary<kLanes, kValues, 4>(block, mean, kTimesMean + 8, best);
  const int rounds = effort == Effort::kBest ? 6 : 2;
  typename L::I half{};
  F best_error{};  // of scale 0
  for (int round = 0; round < rounds; ++round) {
    const auto candidate = block.to_half(best.wx / best.w);
    const F scale = block.from_half(candidate);
    const F threshold = scale * 0.5f;
    BeyondLanes<kLanes> sums;
    sum_beyond<kLanes, kValues, 1>(block, &threshold, &sums);
    const F error = scale * (scale * sums.w - 2.0f * sums.wx);
    const auto better = error < best_error;
    if (!L::any(better)) break;
    half = L::select(better, candidate, half);
    best_error = L::select(better, error, best_error);
    const auto usable = sums.w > L::splat(0.0f);
    best.wx = L::select(usable, sums.wx, best.wx);
    best.w = L::select(usable, sums.w, best.w);
  }
  return half;
}

/// 0, 1 or 2 for the level -1, 0 or 1.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I ternary_code(typename Lanes<kLanes>::F x, typename Lanes<kLanes>::F threshold) {
  return 1 - (x > threshold) + (x < -threshold);
}

template <int kLanes>
void encode_tq2_0(const EncodeInput& input, uint8_t* blocks) {
  for_each_block_group<kLanes, BlockTQ2_0, 256>(
      input, kTernaryWeighting, blocks, [&input](const BlockLanes<kLanes, 256>& block, BlockTQ2_0* const* out) {
        const auto half = fit_ternary<kLanes, 256>(block, input.effort);
        const auto threshold = block.from_half(half) * 0.5f;
        const BlockBytes<kLanes> bytes(out);
        store_halves<kLanes>(half, bytes.at, offsetof(BlockTQ2_0, d));
        store_bytes<kLanes, 64>(bytes, offsetof(BlockTQ2_0, qs), [&](int byte) {
          const auto* x = block.x + byte / 32 * 128 + byte % 32;
          typename Lanes<kLanes>::I four{};
          for (int n = 0; n < 4; ++n) four |= ternary_code<kLanes>(x[32 * n], threshold) << (2 * n);
          return four;
        });
      });
}

/// kTrits values, `stride` apart, as one byte: ceil(256 v / 243), v in base 3 with five digits, the first leading.
template <int kLanes, int kTrits>
RUNG_INLINE typename Lanes<kLanes>::I pack_trits(const typename Lanes<kLanes>::F* x, int stride,
                                                 typename Lanes<kLanes>::F threshold) {
  typename Lanes<kLanes>::I number{};
  for (int n = 0; n < 5; ++n) {
    number *= 3;
    if (n < kTrits) number += ternary_code<kLanes>(x[stride * n], threshold);
  }
  return ((number * 256 + 242) * 8631) >> 21;  // the division by 243, exact for all 243 numbers
}

template <int kLanes>
void encode_tq1_0(const EncodeInput& input, uint8_t* blocks) {
  for_each_block_group<kLanes, BlockTQ1_0, 256>(
      input, kTernaryWeighting, blocks, [&input](const BlockLanes<kLanes, 256>& block, BlockTQ1_0* const* out) {
        const auto half = fit_ternary<kLanes, 256>(block, input.effort);
        const auto threshold = block.from_half(half) * 0.5f;
        const BlockBytes<kLanes> bytes(out);
        const auto* x = block.x;
        store_halves<kLanes>(half, bytes.at, offsetof(BlockTQ1_0, d));
        store_bytes<kLanes, 48>(bytes, offsetof(BlockTQ1_0, qs), [&](int n) {
          return n < 32 ? pack_trits<kLanes, 5>(x + n, 32, threshold)
                        : pack_trits<kLanes, 5>(x + 160 + n - 32, 16, threshold);
        });
        for (int n = 0; n < 4; ++n) {
          uint8_t byte[kLanes];
          Lanes<kLanes>::store_bytes(pack_trits<kLanes, 4>(x + 240 + n, 4, threshold), byte);
          for (int lane = 0; lane < kLanes; ++lane) out[lane]->qh[n] = byte[lane];
        }
      });
}

template <int kLanes>
void encode_q2_0(const EncodeInput& input, uint8_t* blocks) {
  using Grid = IntegerGrid<kLanes, -1, 2>;
  // The largest value goes from beyond the level 2 down to 0.9, where ternary sources are found.
  const int count = input.effort == Effort::kBest ? 24 : input.effort == Effort::kNormal ? 6 : 4;
  for_each_block_group<kLanes, BlockQ2_0, 64>(
      input, kTernaryWeighting, blocks, [count](const BlockLanes<kLanes, 64>& block, BlockQ2_0* const* out) {
        const auto half = fit_half_scale<Grid, kLanes, 64>(block, {0.45f, 1.5f, count}, 3);
        const auto inverse = Lanes<kLanes>::safe_inverse(block.from_half(half));
        const BlockBytes<kLanes> bytes(out);
        store_halves<kLanes>(half, bytes.at, offsetof(BlockQ2_0, d));
        store_bytes<kLanes, 16>(bytes, offsetof(BlockQ2_0, qs), [&](int byte) {
          typename Lanes<kLanes>::I four{};
          for (int n = 0; n < 4; ++n) four |= Grid::code(block.x[4 * byte + n] * inverse) << (2 * n);
          return four;
        });
      });
}

/// Signs, and the weighted mean magnitude: the least error there is.
template <int kLanes>
void encode_q1_0(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  for_each_block_group<kLanes, BlockQ1_0, 128>(
      input, kTernaryWeighting, blocks, [](const BlockLanes<kLanes, 128>& block, BlockQ1_0* const* out) {
        typename L::F wx{}, w{};
        for (int k = 0; k < 128; ++k) {
          wx += block.w[k] * L::abs(block.x[k]);
          w += block.w[k];
        }
        const BlockBytes<kLanes> bytes(out);
        store_halves<kLanes>(block.to_half(wx / w), bytes.at, offsetof(BlockQ1_0, d));
        store_bytes<kLanes, 16>(bytes, offsetof(BlockQ1_0, qs), [&](int byte) {
          typename L::I eight{};
          for (int n = 0; n < 8; ++n) eight |= (block.x[8 * byte + n] >= L::splat(0.0f)) & (1 << n);
          return eight;
        });
      });
}

}  // namespace rung
