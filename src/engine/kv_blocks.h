// Blocks of 32 values as a KV cache writes them: rounded to nearest against a scale from the extremes, without a
// search, as inference engines do while they run. Bytes are those of llama.cpp's quantize_row_*_ref. The blocks
// themselves, and decoding, are the codec's; q6_0, which GGUF files of llama.cpp lack, is here. A block with a value
// that is not finite gets the scale NaN, so that it is seen in every result. Pure functions. Internal to the engine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

/// values is a multiple of 32; out takes values / 32 blocks.
using KvEncode = void (*)(const float* x, size_t values, uint8_t* out);

void kv_encode_q8_0(const float* x, size_t values, uint8_t* out);
void kv_encode_q6_0(const float* x, size_t values, uint8_t* out);
void kv_encode_q5_1(const float* x, size_t values, uint8_t* out);
void kv_encode_q5_0(const float* x, size_t values, uint8_t* out);
void kv_encode_q4_1(const float* x, size_t values, uint8_t* out);
void kv_encode_q4_0(const float* x, size_t values, uint8_t* out);
void kv_encode_iq4_nl(const float* x, size_t values, uint8_t* out);

/// 26 bytes, 32 values, as ik_llama.cpp's q6_0: value = d * (code - 32).
struct KvBlockQ6_0 {
  uint8_t d[2];    ///< half
  uint8_t qh[8];   ///< bits 4 and 5: of value n at bits 4 * (n / 8 % 2) + 2 * (n / 16) of byte n % 8
  uint8_t qs[16];  ///< bits 0 to 3: values 0 to 15 in the low nibbles, 16 to 31 in the high ones
};
static_assert(sizeof(KvBlockQ6_0) == 26);

void kv_decode_q6_0(const uint8_t* blocks, size_t values, float* out);

/// 12 bytes, 32 values: value = d * code + m, as KIVI stores 2 bits.
struct KvBlockQ2_1 {
  uint8_t d[2], m[2];  ///< halfs
  uint8_t qs[8];       ///< of value n at bits 2 * (n / 8) of byte n % 8
};
static_assert(sizeof(KvBlockQ2_1) == 12);

void kv_encode_q2_1(const float* x, size_t values, uint8_t* out);
void kv_decode_q2_1(const uint8_t* blocks, size_t values, float* out);

/// E4M3 of the OCP 8-bit floating point specification 1.0: nearest, ties to even; beyond 448 the largest of that sign;
/// NaN stays NaN.
uint8_t float_to_e4m3(float value);
float e4m3_to_float(uint8_t code);

}  // namespace rung
