// The factor of a whole matrix for nvfp4: what NAME.scale holds beside NAME.weight, and EncodeInput::tensor_scale for
// its encoder. Without it the block scales of usual weights are subnormal and coarse.
#pragma once

#include "codec/format.h"

namespace rung {

/// The factor for a matrix whose largest magnitude is `largest`: the one that gives `sample` (some of its rows; tens of
/// thousands of values suffice) the least error among three: 1; a power of two, which keeps all block scales normal;
/// and largest / (6 * 448), which finds the blocks of a checkpoint that was made with NVIDIA's rule. Positive.
float nvfp4_tensor_scale(float largest, const EncodeInput& sample);

}  // namespace rung
