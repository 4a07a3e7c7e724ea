// What a model's header tells of its identity: enough to find its results without reading its weights.
#pragma once

#include <string>

#include "io/gguf.h"

namespace rung {

/// general.name, else empty.
std::string model_name(const GgufFile& file);
/// A hash of the name and of every tensor's name and shape, whatever its type: the same for a model and its quantized
/// copies.
std::string model_shape_hash(const GgufFile& file);

}  // namespace rung
