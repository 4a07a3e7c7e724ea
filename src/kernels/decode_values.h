// decode_row of codec/format.h with the active instruction set: the same bits, faster for integer formats.
#pragma once

#include "codec/format.h"

namespace rung {

/// values is a multiple of the format's block; an integer format.
void decode_values(Format format, const uint8_t* blocks, size_t values, float* out);

}  // namespace rung
