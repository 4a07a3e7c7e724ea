// For tests: a small model file with random weights: dense and expert tensors of several types and a few layers.
#pragma once

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/temp_folder_for_tests.h"
#include "io/gguf_writer.h"

namespace rung::test {

inline std::vector<GgufTensorPlan> small_model_tensors() {
  const auto f32 = [](std::string name, uint64_t columns) {
    return GgufTensorPlan{std::move(name), {columns}, 0, columns * sizeof(float)};
  };
  const auto bf16 = [](std::string name, std::vector<uint64_t> shape) {
    uint64_t bytes = 2;
    for (const uint64_t length : shape) bytes *= length;
    return GgufTensorPlan{std::move(name), std::move(shape), 30, bytes};
  };
  std::vector<GgufTensorPlan> tensors = {bf16("token_embd.weight", {256, 80})};
  for (int layer = 0; layer < 5; ++layer) {
    const std::string block = "blk." + std::to_string(layer) + ".";
    tensors.push_back(f32(block + "attn_norm.weight", 256));
    tensors.push_back(bf16(block + "attn_q.weight", {256, 256}));
    tensors.push_back(bf16(block + "ffn_down_exps.weight", {512, 256, 4}));  // two bands a matrix and more
  }
  tensors.push_back(f32("output_norm.weight", 256));
  tensors.push_back(bf16("output.weight", {256, 2100}));  // more than two bands
  return tensors;
}

/// Weights between -1 and 1, not all of one size.
inline Status write_small_model(const std::filesystem::path& path, uint64_t seed = 1) {
  Rng rng(seed);
  const std::vector<GgufTensorPlan> tensors = small_model_tensors();
  const std::vector<GgufEntry> metadata = {{"general.architecture", GgufValue::string("llama")},
                                           {"general.name", GgufValue::string("small")}};
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, metadata, tensors));
  for (const GgufTensorPlan& tensor : tensors) {
    const size_t width = tensor.ggml_type == 0 ? 4 : 2;
    std::vector<uint8_t> bytes(tensor.bytes);
    for (size_t at = 0; at < bytes.size(); at += width) {
      const double spread = rng.uniform();
      const auto value = static_cast<float>((rng.uniform() - 0.5) * 2 * spread * spread);
      uint8_t raw[sizeof(float)];
      std::memcpy(raw, &value, sizeof(value));
      std::memcpy(&bytes[at], raw + sizeof(float) - width, width);  // BF16 is the upper half
    }
    RUNG_CHECK(writer.write(bytes));
  }
  return writer.commit();
}

}  // namespace rung::test
