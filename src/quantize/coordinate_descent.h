// Codes of a codebook block chosen together: eight values at a time take the point of the grid and the signs that cost
// least under the moments given the present errors of all others, again and again until none moves; in between the
// block's scale is fitted. The cost never rises. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/format.h"

namespace rung {

inline constexpr size_t kDescentValues = 256;  ///< of a block

/// Whether a format's values come from a grid that this knows.
bool takes_descent(Format format);

/// Improves an encoded block under e H e, e = target - decoded. target: (256); moments: (256, 256), positive definite.
void descend_block(Format format, const float* target, const float* moments, uint8_t* block);

}  // namespace rung
