// One EncodeFn a format; encoder_of (encoders.h) hands them to the registry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rung {

#define RUNG_ENCODER(name) \
  void encode_##name(const float* row, size_t values, const float* importance, uint8_t* blocks);
RUNG_ENCODER(f32)
RUNG_ENCODER(f16)
RUNG_ENCODER(bf16)
RUNG_ENCODER(nf4)
RUNG_ENCODER(q8_0)
RUNG_ENCODER(q5_1)
RUNG_ENCODER(q5_0)
RUNG_ENCODER(q4_1)
RUNG_ENCODER(q4_0)
RUNG_ENCODER(iq4_nl)
RUNG_ENCODER(q6_k)
RUNG_ENCODER(q5_k)
RUNG_ENCODER(q4_k)
RUNG_ENCODER(q3_k)
RUNG_ENCODER(q2_k)
RUNG_ENCODER(iq4_xs)
RUNG_ENCODER(iq2_xxs)
#undef RUNG_ENCODER

}  // namespace rung
