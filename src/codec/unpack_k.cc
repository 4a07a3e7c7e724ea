// Formats of 256 values with integer sub-scales: Q2_K to Q6_K and IQ4_XS.
#include "base/half.h"
#include "codec/codebooks.h"
#include "codec/unpack.h"

namespace rung {
namespace {

/// The eight (scale, min) pairs of Q4_K and Q5_K. Pairs 0-3 are the low six bits of bytes 0-3 and 4-7; pairs 4-7 have
/// their low nibbles in bytes 8-11 and their top two bits in what bytes 0-7 have left.
void unpack_scales_and_mins(const uint8_t* packed, float d, float dmin, float* scale, float* min) {
  for (size_t group = 0; group < 4; ++group) {
    const unsigned a = packed[group];
    const unsigned b = packed[group + 4];
    const unsigned c = packed[group + 8];
    scale[group] = d * static_cast<float>(a & 63u);
    min[group] = dmin * static_cast<float>(b & 63u);
    scale[group + 4] = d * static_cast<float>((c & 15u) | (a >> 6) << 4);
    min[group + 4] = dmin * static_cast<float>(c >> 4 | (b >> 6) << 4);
  }
}

}  // namespace

void unpack_block(const BlockQ6_K& block, int8_t* __restrict codes, float* scale) {
  const float d = half_to_float(block.d);
  for (size_t group = 0; group < 16; ++group) scale[group] = d * static_cast<float>(block.scales[group]);
  for (size_t half = 0; half < 2; ++half) {
    const uint8_t* low = block.ql + 64 * half;
    const uint8_t* high = block.qh + 32 * half;
    int8_t* out = codes + 128 * half;
    for (size_t lane = 0; lane < 32; ++lane) {
      const unsigned top = high[lane];
      out[lane] = static_cast<int8_t>(((low[lane] & 15) | (top & 3) << 4) - 32);
      out[lane + 32] = static_cast<int8_t>(((low[lane + 32] & 15) | (top >> 2 & 3) << 4) - 32);
      out[lane + 64] = static_cast<int8_t>((low[lane] >> 4 | (top >> 4 & 3) << 4) - 32);
      out[lane + 96] = static_cast<int8_t>((low[lane + 32] >> 4 | (top >> 6) << 4) - 32);
    }
  }
}

void unpack_block(const BlockQ5_K& block, int8_t* __restrict codes, float* scale, float* min) {
  unpack_scales_and_mins(block.scales, half_to_float(block.d), half_to_float(block.dmin), scale, min);
  for (unsigned pair = 0; pair < 4; ++pair) {
    const uint8_t* qs = block.qs + 32 * pair;
    int8_t* out = codes + 64 * pair;
    for (size_t lane = 0; lane < 32; ++lane) {
      const unsigned top = static_cast<unsigned>(block.qh[lane]) >> (2 * pair);
      out[lane] = static_cast<int8_t>((qs[lane] & 15) | (top & 1) << 4);
      out[lane + 32] = static_cast<int8_t>(qs[lane] >> 4 | (top >> 1 & 1) << 4);
    }
  }
}

void unpack_block(const BlockQ4_K& block, int8_t* __restrict codes, float* scale, float* min) {
  unpack_scales_and_mins(block.scales, half_to_float(block.d), half_to_float(block.dmin), scale, min);
  for (size_t pair = 0; pair < 4; ++pair) {
    const uint8_t* qs = block.qs + 32 * pair;
    int8_t* out = codes + 64 * pair;
    for (size_t lane = 0; lane < 32; ++lane) {
      out[lane] = static_cast<int8_t>(qs[lane] & 15);
      out[lane + 32] = static_cast<int8_t>(qs[lane] >> 4);
    }
  }
}

void unpack_block(const BlockQ3_K& block, int8_t* __restrict codes, float* scale) {
  const float d = half_to_float(block.d);
  for (size_t group = 0; group < 16; ++group) {
    const unsigned low = group < 8 ? block.scales[group] & 15u : block.scales[group - 8] >> 4;
    const unsigned top = block.scales[8 + group % 4] >> (2 * (group / 4)) & 3u;
    scale[group] = d * static_cast<float>(static_cast<int>(low | top << 4) - 32);
  }
  for (unsigned run = 0; run < 8; ++run) {  // 32 values share a bit plane of hmask and a shift of qs
    const uint8_t* qs = block.qs + 32 * (run / 4);
    const unsigned shift = 2 * (run % 4);
    int8_t* out = codes + 32 * run;
    for (size_t lane = 0; lane < 32; ++lane) {
      const unsigned low = static_cast<unsigned>(qs[lane]) >> shift & 3u;
      const unsigned top = static_cast<unsigned>(block.hmask[lane]) >> run & 1u;
      out[lane] = static_cast<int8_t>((low | top << 2) - 4);
    }
  }
}

void unpack_block(const BlockQ2_K& block, int8_t* __restrict codes, float* scale, float* min) {
  const float d = half_to_float(block.d);
  const float dmin = half_to_float(block.dmin);
  for (size_t group = 0; group < 16; ++group) {
    scale[group] = d * static_cast<float>(block.scales[group] & 15);
    min[group] = dmin * static_cast<float>(block.scales[group] >> 4);
  }
  for (unsigned run = 0; run < 8; ++run) {
    const uint8_t* qs = block.qs + 32 * (run / 4);
    const unsigned shift = 2 * (run % 4);
    int8_t* out = codes + 32 * run;
    for (size_t lane = 0; lane < 32; ++lane) {
      out[lane] = static_cast<int8_t>(static_cast<unsigned>(qs[lane]) >> shift & 3u);
    }
  }
}

void unpack_block(const BlockIQ4_XS& block, int8_t* __restrict codes, float* scale) {
  const float d = half_to_float(block.d);
  for (unsigned group = 0; group < 8; ++group) {
    const unsigned low = block.scales_l[group / 2] >> (4 * (group % 2)) & 15u;
    const unsigned top = static_cast<unsigned>(block.scales_h) >> (2 * group) & 3u;
    scale[group] = d * static_cast<float>(static_cast<int>(low | top << 4) - 32);
    const uint8_t* qs = block.qs + 16 * group;
    int8_t* out = codes + 32 * group;
    for (size_t lane = 0; lane < 16; ++lane) {
      out[lane] = kIq4Levels[qs[lane] & 15];
      out[lane + 16] = kIq4Levels[qs[lane] >> 4];
    }
  }
}

}  // namespace rung
