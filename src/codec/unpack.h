// The scalar specification of every integer format: one overload of unpack_block a block type. It writes the block's
// signed codes in the order of the weights and, per group of FormatInfo::group_values weights, the scale and min such
// that weight = scale * code - min in float is what llama.cpp's dequantization gives, bit for bit. Formats without a
// min have no such parameter. Internal to the codec: others go through format.h. Byte maps: docs/formats.md.
#pragma once

#include "codec/blocks.h"

namespace rung {

void unpack_block(const BlockQ8_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ5_1& block, int8_t* codes, float* scale, float* min);
void unpack_block(const BlockQ5_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ4_1& block, int8_t* codes, float* scale, float* min);
void unpack_block(const BlockQ4_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ4_NL& block, int8_t* codes, float* scale);
void unpack_block(const BlockMXFP4& block, int8_t* codes, float* scale);
void unpack_block(const BlockNVFP4& block, int8_t* codes, float* scale);

void unpack_block(const BlockQ6_K& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ5_K& block, int8_t* codes, float* scale, float* min);
void unpack_block(const BlockQ4_K& block, int8_t* codes, float* scale, float* min);
void unpack_block(const BlockQ3_K& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ2_K& block, int8_t* codes, float* scale, float* min);
void unpack_block(const BlockIQ4_XS& block, int8_t* codes, float* scale);

void unpack_block(const BlockIQ3_S& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ3_XXS& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ2_S& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ2_XS& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ2_XXS& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ1_M& block, int8_t* codes, float* scale);
void unpack_block(const BlockIQ1_S& block, int8_t* codes, float* scale);

void unpack_block(const BlockTQ2_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockTQ1_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ2_0& block, int8_t* codes, float* scale);
void unpack_block(const BlockQ1_0& block, int8_t* codes, float* scale);

}  // namespace rung
