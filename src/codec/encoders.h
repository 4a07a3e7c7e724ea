// The encoders behind the registry: one function a format, float weights to blocks. Each minimises
// sum w_i (x_i - decoded_i)^2 against the values the decoder really produces, after every scale is rounded to what the
// block can hold. w_i is built from importance_i where the caller has one (a column's mean squared activation), else
// from the weights alone; how depends on the format and on what the matrix is used for (see Objective in
// encode_block_lanes.h). Inputs are finite; values is a multiple of the block. Pure, deterministic, no allocation,
// thread-safe.
#pragma once

#include <cstdint>
#include <span>

#include "base/cpu.h"
#include "codec/format.h"

namespace rung {

/// Null for a format that Rung decodes but cannot write yet. The bytes do not depend on the instruction set.
EncodeFn encoder_of(Format format, Isa isa);

/// The step after all rows of a tensor are encoded. nf4_dq: each block's scale becomes what bitsandbytes' nested
/// (double) quantization would read back. Else nothing.
void finish_encoded_tensor(Format format, std::span<uint8_t> blocks);

}  // namespace rung
