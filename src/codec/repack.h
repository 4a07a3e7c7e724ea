// The way back from codes to blocks, for those who choose codes themselves (error feedback). The blocks' scales stay as
// an encoder stored them. Scalar formats only: each code on its own is one of code_levels(). All pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/format.h"

namespace rung {

/// The codes that a weight of a scalar format may have, rising; empty for codebook and plain float formats. weight =
/// scale * level - min with scale and min as scales_of_row gives them.
std::span<const float> code_levels(Format format);

/// As unpack_row without the codes, also for nf4, whose scale is the block's absmax. Groups of scale_group() values.
/// Requires code_levels.
void scales_of_row(Format format, const uint8_t* blocks, size_t values, float* scale, float* min);
size_t scale_group(Format format);

/// Replaces the codes of a row's blocks; codes: places in code_levels. Requires code_levels.
void set_codes(Format format, const uint8_t* level, size_t values, uint8_t* blocks);

}  // namespace rung
