// Re-encodes one tensor, a band of rows at a time, spread over a pool. The result does not depend on the band or the
// pool.
#pragma once

#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "recipe/recipe.h"

namespace rung {

/// Rows [first, first + count) of the planned tensor into out, row after row. importance: (matrices, columns) or empty.
/// A weight that is NaN or infinite is an error that names tensor, row and column.
Status encode_rows(const TensorPlan& tensor, std::span<const float> importance, size_t first, size_t count,
                   ThreadPool& pool, uint8_t* out);

/// Rows that make a band of about 4 million weights: enough to share out, small enough to hold.
size_t band_rows(const GgufTensor& tensor);

}  // namespace rung
