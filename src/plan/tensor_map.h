// tensors.TYPE.map files, as of Thireus' GGUF Tool Suite: one tensor a line,
//   FILE:SHA256:NAME:shape=(COLUMNS, ROWS[, EXPERTS]):dtype=TYPE:elements=N:bytes=N[:KEY=VALUE ...]
// Bytes are computed from shape and type; the field of that name is not read, elements must agree with the shape.
#pragma once

#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace rung {

/// Errors name `file` and the line.
Result<std::vector<GgufTensor>> parse_tensor_map(std::string_view text, std::string_view file);

}  // namespace rung
