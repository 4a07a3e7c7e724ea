// MXFP4 and NVFP4: 4-bit floats (E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives) under an 8-bit scale, E8M0 for
// 32 values or UE4M3 for 16. So few scales are worth trying that each is judged by its true error. An exact source is
// found because the scale that reproduces it is always among them and leaves an error of exactly zero.
#pragma once

#include "codec/blocks.h"
#include "codec/encode_block_lanes.h"
#include "codec/encode_formats.h"

namespace rung {

/// Weighing by importance alone gives the least error under it.
inline constexpr Weighting kFp4Weighting = kPlainWeighting;

/// The nearest E2M1 value of a magnitude; ties to the even code.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F nearest_fp4(typename Lanes<kLanes>::F magnitude) {
  using L = Lanes<kLanes>;
  const auto clipped = L::min(magnitude, L::splat(6.0f));
  // Values are half the power of two at or below them apart, 0.5 apart below 1: adding 1.5 * 2^23 such steps rounds.
  const auto power = L::max(L::bits(clipped) & 0x7f800000, L::splat_int(0x3f800000));
  const auto shift = L::from_bits(power + ((22 << 23) | 0x400000));
  return (clipped + shift) - shift;
}

/// The code of x / scale, given the scale's inverse. Zero has no sign.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I fp4_code(typename Lanes<kLanes>::F x, typename Lanes<kLanes>::F inverse) {
  using L = Lanes<kLanes>;
  const auto level = nearest_fp4<kLanes>(L::abs(x) * inverse);
  const auto magnitude =
      L::select(level < L::splat(1.0f), L::to_int(level + level), (L::bits(level) >> 22) - (127 * 2 - 2));
  return magnitude | ((L::bits(x) < L::splat_int(0)) & (magnitude > L::splat_int(0)) & 8);
}

/// sum w (x - scale * level)^2 with every level the nearest.
template <int kLanes, int kCount>
RUNG_INLINE typename Lanes<kLanes>::F fp4_error(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                                typename Lanes<kLanes>::F scale) {
  using L = Lanes<kLanes>;
  const auto inverse = L::safe_inverse(scale);
  typename L::F error{};
  for (int k = 0; k < kCount; ++k) {
    const auto magnitude = L::abs(x[k]);
    const auto miss = magnitude - scale * nearest_fp4<kLanes>(magnitude * inverse);
    error += w[k] * miss * miss;
  }
  return error;
}

/// Half of kCount codes in the low nibbles of kCount / 2 bytes, the other half in the high ones.
template <int kLanes, int kCount>
RUNG_INLINE typename Lanes<kLanes>::I fp4_byte(const typename Lanes<kLanes>::F* x, typename Lanes<kLanes>::F inverse,
                                               int n) {
  return fp4_code<kLanes>(x[n], inverse) | (fp4_code<kLanes>(x[n + kCount / 2], inverse) << 4);
}

// ---- MXFP4 ----

/// Beyond it the level 4 is infinite.
inline constexpr int kLargestE8M0 = 252;

/// 2^(e - 127) in the block's unit, a power of two.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F e8m0_scale(typename Lanes<kLanes>::I e, typename Lanes<kLanes>::F unit) {
  using L = Lanes<kLanes>;
  return L::from_bits((e - (L::bits(unit) >> 23) + 127) << 23);
}

/// The exponent with the least error. The first one brings the largest magnitude into [4, 8), where nothing or little
/// is clipped; `above` and `below` it, a coarser grid without clipping and finer ones with more of it.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I best_e8m0(const BlockLanes<kLanes, 32>& block, int below, int above) {
  using L = Lanes<kLanes>;
  typename L::F largest{};
  for (int k = 0; k < 32; ++k) largest = L::max(largest, L::abs(block.x[k]));
  const auto first = (L::bits(largest) >> 23) + (L::bits(block.unit) >> 23) - (127 + 2);
  const auto clipped = [](typename L::I e) { return L::min(L::max(e, L::splat_int(0)), L::splat_int(kLargestE8M0)); };
  auto best = clipped(first);
  auto best_error = fp4_error<kLanes, 32>(block.x, block.w, e8m0_scale<kLanes>(best, block.unit));
  for (int step = -below; step <= above; ++step) {
    if (step == 0) continue;
    const auto e = clipped(first + step);
    const auto error = fp4_error<kLanes, 32>(block.x, block.w, e8m0_scale<kLanes>(e, block.unit));
    const auto better = error < best_error;
    best = L::select(better, e, best);
    best_error = L::select(better, error, best_error);
  }
  return best;
}

template <int kLanes>
void encode_mxfp4(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  const int below = input.effort == Effort::kBest ? 3 : input.effort == Effort::kNormal ? 1 : 0;
  const int above = input.effort == Effort::kBest ? 2 : 1;
  for_each_block_group<kLanes, BlockMXFP4, 32>(
      input, kFp4Weighting, blocks, [below, above](const BlockLanes<kLanes, 32>& block, BlockMXFP4* const* out) {
        const auto e = best_e8m0<kLanes>(block, below, above);
        const auto inverse = L::safe_inverse(e8m0_scale<kLanes>(e, block.unit));
        const BlockBytes<kLanes> bytes(out);
        uint8_t exponents[kLanes];
        L::store_bytes(e, exponents);
        for (int lane = 0; lane < kLanes; ++lane) out[lane]->e = exponents[lane];
        store_bytes<kLanes, 16>(bytes, offsetof(BlockMXFP4, qs),
                                [&](int n) { return fp4_byte<kLanes, 32>(block.x, inverse, n); });
      });
}

// ---- NVFP4 ----

inline constexpr int kLargestUE4M3 = 126;  ///< 448; the code above is a NaN

template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F from_ue4m3(typename Lanes<kLanes>::I code) {
  using L = Lanes<kLanes>;
  return L::select(code < L::splat_int(8), L::to_float(code) * 0x1p-9f, L::from_bits((code << 20) + (120 << 23)));
}

/// The nearest code of a value >= 0, at most the largest.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I to_ue4m3(typename Lanes<kLanes>::F value) {
  using L = Lanes<kLanes>;
  const auto bits = L::bits(value);
  const auto normal = ((bits + 0x7ffff + ((bits >> 20) & 1)) >> 20) - (120 << 3);
  const auto tiny = value < L::splat(0x1p-6f);
  const auto subnormal = L::to_int(L::round(L::select(tiny, value, L::splat(0.0f)) * 0x1p9f));
  return L::min(L::select(tiny, subnormal, normal), L::splat_int(kLargestUE4M3));
}

/// The scale code with the least error for 16 values, among those from `below` to `above` the one that takes the
/// largest to 6. factor: what a scale of 1 is in the block's unit.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::I best_ue4m3(const typename Lanes<kLanes>::F* x, const typename Lanes<kLanes>::F* w,
                                                 typename Lanes<kLanes>::F factor, int below, int above) {
  using L = Lanes<kLanes>;
  typename L::F largest{}, best_error{};
  for (int k = 0; k < 16; ++k) {
    largest = L::max(largest, L::abs(x[k]));
    best_error += w[k] * x[k] * x[k];
  }
  const auto first = to_ue4m3<kLanes>(largest / (factor * 6.0f));
  typename L::I best{};
  for (int step = -below; step <= above; ++step) {
    const auto code = L::min(L::max(first + step, L::splat_int(1)), L::splat_int(kLargestUE4M3));
    const auto error = fp4_error<kLanes, 16>(x, w, from_ue4m3<kLanes>(code) * factor);
    const auto better = error < best_error;
    best = L::select(better, code, best);
    best_error = L::select(better, error, best_error);
  }
  return best;
}

template <int kLanes>
void encode_nvfp4(const EncodeInput& input, uint8_t* blocks) {
  using L = Lanes<kLanes>;
  // Two octaves above: where the fitting scale is subnormal, the only one that reproduces an exact source may be there.
  const int below = input.effort == Effort::kBest ? 12 : input.effort == Effort::kNormal ? 3 : 1;
  const int above = input.effort == Effort::kFast ? 6 : 14;
  for_each_block_group<kLanes, BlockNVFP4, 64>(
      input, kFp4Weighting, blocks, [&](const BlockLanes<kLanes, 64>& block, BlockNVFP4* const* out) {
        const auto factor = block.inverse_unit * input.tensor_scale;
        const BlockBytes<kLanes> bytes(out);
        typename L::F inverse[4];
        for (int group = 0; group < 4; ++group) {
          const int first = 16 * group;
          const auto code = best_ue4m3<kLanes>(block.x + first, block.w + first, factor, below, above);
          uint8_t scales[kLanes];
          L::store_bytes(code, scales);
          for (int lane = 0; lane < kLanes; ++lane) out[lane]->d[group] = scales[lane];
          inverse[group] = L::safe_inverse(from_ue4m3<kLanes>(code) * factor);
        }
        store_bytes<kLanes, 32>(bytes, offsetof(BlockNVFP4, qs), [&](int n) {
          return fp4_byte<kLanes, 16>(block.x + n / 8 * 16, inverse[n / 8], n % 8);
        });
      });
}

}  // namespace rung
