// NF4 as bitsandbytes makes it (QLoRA, arXiv 2305.14314): 64 values relative to their largest magnitude, each at the
// nearest of 16 fixed levels. "Double quantization" then keeps the magnitudes in 8 bits: per 256 blocks one float, each
// magnitude's distance from the tensor's mean on a signed dynamic map.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace rung {

/// The 256 values of bitsandbytes' signed 8-bit dynamic map, rising from -0.99297 to 1.
std::array<float, 256> make_dynamic_map();

/// Replaces each block's absmax by what its double-quantized form reads back as. blocks: all BlockNF4 of one tensor.
void double_quantize_absmax(std::span<uint8_t> blocks);

}  // namespace rung
