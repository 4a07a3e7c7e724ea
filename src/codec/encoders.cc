#include "codec/encoders.h"

#include "codec/encode_formats.h"
#include "codec/encode_nf4.h"

namespace rung {
namespace {

using EncodeRowFn = void (*)(const float* row, size_t values, const float* importance, uint8_t* blocks);

template <Format kFormat, EncodeRowFn kEncodeRow>
void row_by_row(const EncodeInput& input, uint8_t* blocks) {
  const size_t stride = row_bytes(kFormat, input.columns);
  for (size_t row = 0; row < input.rows; ++row)
    kEncodeRow(input.values + row * input.columns, input.columns, input.importance, blocks + row * stride);
}

EncodeFn pick(Isa isa, EncodeFn portable, EncodeFn avx2, EncodeFn avx512) {
  if (isa == Isa::kScalar) return portable;
  return isa == Isa::kAvx2 ? avx2 : avx512;
}

}  // namespace

EncodeFn encoder_of(Format format, Isa isa) {
#define RUNG_LANES(id, name) \
  case Format::id:           \
    return pick(isa, encode_##name<4>, encode_##name<8>, encode_##name<16>);
#define RUNG_ROWS(id, name) \
  case Format::id:          \
    return row_by_row<Format::id, encode_##name>;
  switch (format) {
    RUNG_ROWS(F32, f32)
    RUNG_ROWS(F16, f16)
    RUNG_ROWS(BF16, bf16)
    RUNG_LANES(NF4, nf4)
    RUNG_LANES(NF4_DQ, nf4)
    RUNG_LANES(Q8_0, q8_0)
    RUNG_LANES(Q6_K, q6_k)
    RUNG_LANES(Q5_K, q5_k)
    RUNG_LANES(Q5_1, q5_1)
    RUNG_LANES(Q5_0, q5_0)
    RUNG_LANES(Q4_K, q4_k)
    RUNG_LANES(Q4_1, q4_1)
    RUNG_LANES(Q4_0, q4_0)
    RUNG_LANES(IQ4_NL, iq4_nl)
    RUNG_LANES(IQ4_XS, iq4_xs)
    RUNG_LANES(Q3_K, q3_k)
    RUNG_LANES(Q2_K, q2_k)
    RUNG_LANES(IQ3_S, iq3_s)
    RUNG_LANES(IQ3_XXS, iq3_xxs)
    RUNG_LANES(IQ2_S, iq2_s)
    RUNG_LANES(IQ2_XS, iq2_xs)
    RUNG_LANES(IQ2_XXS, iq2_xxs)
    RUNG_LANES(IQ1_M, iq1_m)
    RUNG_LANES(IQ1_S, iq1_s)
    RUNG_LANES(NVFP4, nvfp4)
    RUNG_LANES(MXFP4, mxfp4)
    RUNG_LANES(Q2_0, q2_0)
    RUNG_LANES(TQ2_0, tq2_0)
    RUNG_LANES(TQ1_0, tq1_0)
    RUNG_LANES(Q1_0, q1_0)
    default:
      return nullptr;
  }
#undef RUNG_ROWS
#undef RUNG_LANES
}

void finish_encoded_tensor(Format format, std::span<uint8_t> blocks) {
  if (format == Format::NF4_DQ) double_quantize_absmax(blocks);
}

}  // namespace rung
