// SIMD forms of FormatInfo::unpack for the formats that models use most, equal to it byte for byte (signalling NaN
// scales aside: the CPU makes them quiet). Plain declarations only, because the leaf file includes them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

void unpack_q8_0_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q4_0_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q6_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q5_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q4_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q3_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);
void unpack_q2_k_avx2(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min);

/// levels: the 16 values a nibble stands for (kIq4Levels or kFp4Doubled).
void unpack_iq4_nl_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                        float* min);
void unpack_iq4_xs_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                        float* min);
void unpack_mxfp4_avx2(const int8_t* levels, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                       float* min);
/// grid: iq2_xxs_grid(), eight magnitudes a row.
void unpack_iq2_xxs_avx2(const int8_t* grid, const uint8_t* blocks, size_t values, int8_t* codes, float* scale,
                         float* min);

}  // namespace rung
