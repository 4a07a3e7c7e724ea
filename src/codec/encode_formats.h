// The encoders, to be handed to the registry by encoders.cc. Those over lanes exist for 4 lanes (portable), 8 (AVX2)
// and 16 (AVX-512), instantiated in the leaf files encode_*_portable.cc, *_avx2.cc and *_avx512.cc; all give the same
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/format.h"

namespace rung {

#define RUNG_LANE_ENCODER(name) \
  template <int kLanes>         \
  void encode_##name(const EncodeInput& input, uint8_t* blocks);
RUNG_LANE_ENCODER(q5_1)
RUNG_LANE_ENCODER(q4_1)
RUNG_LANE_ENCODER(q5_k)
RUNG_LANE_ENCODER(q4_k)
RUNG_LANE_ENCODER(q2_k)
RUNG_LANE_ENCODER(q8_0)
RUNG_LANE_ENCODER(q6_k)
RUNG_LANE_ENCODER(q5_0)
RUNG_LANE_ENCODER(q4_0)
RUNG_LANE_ENCODER(q3_k)
RUNG_LANE_ENCODER(iq4_xs)
RUNG_LANE_ENCODER(iq4_nl)
RUNG_LANE_ENCODER(nvfp4)
RUNG_LANE_ENCODER(nf4)
RUNG_LANE_ENCODER(mxfp4)
RUNG_LANE_ENCODER(q2_0)
RUNG_LANE_ENCODER(tq2_0)
RUNG_LANE_ENCODER(tq1_0)
RUNG_LANE_ENCODER(q1_0)
RUNG_LANE_ENCODER(iq3_s)
RUNG_LANE_ENCODER(iq3_xxs)
RUNG_LANE_ENCODER(iq2_s)
RUNG_LANE_ENCODER(iq2_xs)
RUNG_LANE_ENCODER(iq2_xxs)
RUNG_LANE_ENCODER(iq1_m)
RUNG_LANE_ENCODER(iq1_s)
#undef RUNG_LANE_ENCODER

#define RUNG_ROW_ENCODER(name) \
  void encode_##name(const float* row, size_t values, const float* importance, uint8_t* blocks);
RUNG_ROW_ENCODER(f32)
RUNG_ROW_ENCODER(f16)
RUNG_ROW_ENCODER(bf16)
#undef RUNG_ROW_ENCODER

}  // namespace rung
