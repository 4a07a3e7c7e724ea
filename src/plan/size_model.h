// A model of which only the size is known ("70B", "8x7B", "30B-A3B"), as one of the usual shape with so many weights: a
// Llama with heads of 128, eight of them for keys and values, and feed-forward layers 3.5 times its width. What is
// counted on it is a rule of thumb, within some per cent for weights and a factor of two or three for the cache.
#pragma once

#include <string>

#include "io/gguf.h"
#include "plan/quantity.h"

namespace rung {

Result<GgufFile> usual_model(const ModelSize& size, const std::string& name);

}  // namespace rung
