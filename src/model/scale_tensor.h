// NAME.scale beside NAME.weight: one float a matrix that multiplies its product. NVFP4 needs it, because its block
// scales span no more than 2^-9 to 448. Readers that do not know the factor of a tensor refuse the file or, worse,
// leave the factor out, so it is written only where llama.cpp (August 2026) both loads it and applies it.
#pragma once

#include <optional>
#include <string>

#include "io/gguf.h"

namespace rung {

/// The name of the factors (F32, one a matrix) that may be written beside this tensor of this file; empty where readers
/// would not apply them, or where the file has them already.
std::optional<std::string> writable_scale_name(const GgufFile& file, const GgufTensor& tensor);

}  // namespace rung
