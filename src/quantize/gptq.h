// Rounding with error feedback for every scalar format, and block by block for codebook formats but iq1. The scales of
// a block come from the format's own weighted encoder, which sees the weights as the errors of earlier blocks have
// moved them; then the block's columns are rounded one after the other with those scales, each from where the errors
// before it have moved it (error_feedback.h). A codebook block is encoded from where earlier blocks have moved it and
// then improved by coordinate descent. Rows are independent of each other. Pure, thread-safe.
#pragma once

#include "codec/format.h"
#include "quantize/error_feedback.h"

namespace rung {

/// Whether a format has codes that can be chosen one by one, or points eight by eight.
bool takes_feedback(Format format);

/// Memory that encoding takes for itself while it is at rows of so many columns.
size_t feedback_working_bytes(size_t columns);

/// As encode_matrix_rows. feedback: made for the format's block_values; its parts cover input.columns.
void encode_with_feedback(Format format, const EncodeInput& input, const ErrorFeedback& feedback, uint8_t* blocks);

}  // namespace rung
