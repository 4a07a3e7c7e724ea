#include "codec/encoders.h"

#include "codec/encode_formats.h"
#include "codec/encode_nf4.h"

namespace rung {

EncodeFn encoder_of(Format format) {
  switch (format) {
    case Format::F32:
      return encode_f32;
    case Format::F16:
      return encode_f16;
    case Format::BF16:
      return encode_bf16;
    case Format::Q8_0:
      return encode_q8_0;
    case Format::Q6_K:
      return encode_q6_k;
    case Format::Q5_K:
      return encode_q5_k;
    case Format::Q5_1:
      return encode_q5_1;
    case Format::Q5_0:
      return encode_q5_0;
    case Format::Q4_K:
      return encode_q4_k;
    case Format::Q4_1:
      return encode_q4_1;
    case Format::Q4_0:
      return encode_q4_0;
    case Format::IQ4_NL:
      return encode_iq4_nl;
    case Format::IQ4_XS:
      return encode_iq4_xs;
    case Format::NF4:
    case Format::NF4_DQ:
      return encode_nf4;
    case Format::Q3_K:
      return encode_q3_k;
    case Format::Q2_K:
      return encode_q2_k;
    case Format::IQ2_XXS:
      return encode_iq2_xxs;
    default:
      return nullptr;
  }
}

void finish_encoded_tensor(Format format, std::span<uint8_t> blocks) {
  if (format == Format::NF4_DQ) double_quantize_absmax(blocks);
}

}  // namespace rung
