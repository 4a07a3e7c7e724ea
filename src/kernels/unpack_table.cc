#include "base/cpu.h"
#include "codec/codebooks.h"
#include "codec/format.h"
#include "kernels/dispatch.h"
#include "kernels/unpack_avx2.h"

namespace rung {

#if defined(__x86_64__)
namespace {

void unpack_iq4_nl(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  unpack_iq4_nl_avx2(kIq4Levels.data(), blocks, values, codes, scale, min);
}

void unpack_iq4_xs(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  unpack_iq4_xs_avx2(kIq4Levels.data(), blocks, values, codes, scale, min);
}

void unpack_mxfp4(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  unpack_mxfp4_avx2(kFp4Doubled.data(), blocks, values, codes, scale, min);
}

void unpack_iq2_xxs(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  unpack_iq2_xxs_avx2(iq2_xxs_grid()[0].data(), blocks, values, codes, scale, min);
}

/// Null where the format has no SIMD form.
UnpackFn avx2_unpack(Format format) {
  switch (format) {
    case Format::Q8_0:
      return unpack_q8_0_avx2;
    case Format::Q6_K:
      return unpack_q6_k_avx2;
    case Format::Q5_K:
      return unpack_q5_k_avx2;
    case Format::Q4_K:
      return unpack_q4_k_avx2;
    case Format::Q4_0:
      return unpack_q4_0_avx2;
    case Format::IQ4_NL:
      return unpack_iq4_nl;
    case Format::IQ4_XS:
      return unpack_iq4_xs;
    case Format::MXFP4:
      return unpack_mxfp4;
    case Format::Q3_K:
      return unpack_q3_k_avx2;
    case Format::Q2_K:
      return unpack_q2_k_avx2;
    case Format::IQ2_XXS:
      return unpack_iq2_xxs;
    default:
      return nullptr;
  }
}

}  // namespace
#endif

UnpackFn unpack_for(Isa isa, Format format) {
#if defined(__x86_64__)
  if (isa != Isa::kScalar) {
    if (const UnpackFn simd = avx2_unpack(format)) return simd;
  }
#endif
  static_cast<void>(isa);
  return format_info(format).unpack;
}

}  // namespace rung
