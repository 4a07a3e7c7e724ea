// Fixed tables of the codec: the IQ grids, the sign rule they share, the IQ4, FP4 and NF4 levels, and the two 8-bit
// scale formats of NVFP4 and MXFP4. All constant and thread-safe. Meaning and use of each: docs/formats.md.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace rung {

template <size_t kPoints, size_t kValues>
using Grid = std::array<std::array<int8_t, kValues>, kPoints>;

/// Magnitudes 8, 25, 43 (of iq2_xxs: the index is the byte stored per 8 values).
const Grid<256, 8>& iq2_xxs_grid();
const Grid<512, 8>& iq2_xs_grid();
const Grid<1024, 8>& iq2_s_grid();
/// Magnitudes 4, 12, 20, 28, 36, 44, 52, 62.
const Grid<256, 4>& iq3_xxs_grid();
/// Magnitudes 1, 3, ... 15.
const Grid<512, 4>& iq3_s_grid();
/// Signed -1, 0, 1; iq1_m uses it too.
const Grid<2048, 8>& iq1_s_grid();

/// Eight signs (bit n set: value n is negative) from a 7-bit index: the eighth makes the number of minus signs even.
constexpr uint8_t iq_signs(uint8_t index) {
  const unsigned low = index & 127u;
  return static_cast<uint8_t>(low | (static_cast<unsigned>(std::popcount(low)) & 1u) << 7);
}

/// IQ4_NL and IQ4_XS.
inline constexpr std::array<int8_t, 16> kIq4Levels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                      1,    13,   25,  38,  53,  69,  89,  113};

/// Twice the E2M1 values (OCP MX: 0, 0.5, 1, 1.5, 2, 3, 4, 6 and their negatives), so that they are integers.
inline constexpr std::array<int8_t, 16> kFp4Doubled = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// bitsandbytes' NormalFloat levels, relative to the block's absmax.
inline constexpr std::array<float, 16> kNf4Levels = {-1.0f,
                                                     -0.6961928009986877f,
                                                     -0.5250730514526367f,
                                                     -0.39491748809814453f,
                                                     -0.28444138169288635f,
                                                     -0.18477343022823334f,
                                                     -0.09105003625154495f,
                                                     0.0f,
                                                     0.07958029955625534f,
                                                     0.16093020141124725f,
                                                     0.24611230194568634f,
                                                     0.33791524171829224f,
                                                     0.44070982933044434f,
                                                     0.5626170039176941f,
                                                     0.7229568362236023f,
                                                     1.0f};

/// Half of the E8M0 scale, 2^(e-128), because it multiplies kFp4Doubled. e = 0 and 1 are subnormal floats.
inline float e8m0_half(uint8_t e) {
  return std::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<uint32_t>(e - 1) << 23);
}

/// Half of the UE4M3 scale (4 exponent bits of bias 7, 3 fraction bits; bit 7 is ignored), for the same reason.
/// 0x7f, the NaN of E4M3, counts as zero; 0xff does not. Both as llama.cpp reads them.
inline float ue4m3_half(uint8_t u) {
  const unsigned exponent = (u >> 3) & 15u;
  const unsigned fraction = u & 7u;
  if (u == 0x7f) return 0.0f;
  if (exponent == 0) return static_cast<float>(fraction) * 0x1p-10f;
  return std::bit_cast<float>((exponent + 119) << 23 | fraction << 20);
}

}  // namespace rung
