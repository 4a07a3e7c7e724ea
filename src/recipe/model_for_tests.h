// For tests: GGUF files in memory, metadata and a tensor directory over zeros, and the types that a plan gives.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "io/gguf_writer.h"
#include "recipe/recipe.h"

namespace rung::test {

struct ModelInMemory {
  std::vector<uint8_t> bytes;  ///< what `file` reads; a move keeps its place
  GgufFile file;
};

inline ModelInMemory model_in_memory(const std::vector<GgufEntry>& metadata, std::vector<GgufTensorPlan> tensors) {
  for (GgufTensorPlan& tensor : tensors) {
    uint64_t values = 1;
    for (const uint64_t size : tensor.shape) values *= size;
    const auto format = format_from_ggml(tensor.ggml_type);
    tensor.bytes = format ? row_bytes(*format, values) : values * sizeof(int32_t);
  }
  const GgufOutline outline = gguf_outline("model", metadata, tensors).value();
  std::vector<uint8_t> bytes = outline.header;
  bytes.resize(outline.bytes);
  auto file = GgufFile::parse(bytes, "model");
  EXPECT_TRUE(file) << file.error().message;
  return {std::move(bytes), std::move(*file)};
}

/// Of every tensor by name; of one that is kept, "keep".
inline std::map<std::string, std::string> types_of(const QuantizationPlan& plan) {
  std::map<std::string, std::string> types;
  for (const TensorPlan& tensor : plan.tensors)
    types[tensor.source->name] = tensor.format ? format_name(*tensor.format) : "keep";
  return types;
}

}  // namespace rung::test
