// testdata/gguf-vectors: what llama.cpp writes and reads for each type. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codec/format.h"

namespace rung {

inline constexpr size_t kVectorRows = 4;
inline constexpr size_t kVectorCols = 1024;

struct GgufVector {
  Format format;
  std::string input;  ///< gauss, heavy or edge: read_vector_floats(input + ".f32")
  bool imatrix;       ///< made with imatrix.f32
  std::string file;   ///< the stored bytes, kVectorRows rows
  double rel_error;   ///< sum w (x - y)^2 / sum w x^2 of llama.cpp's encoder
  std::string decoded_hash;
};

inline std::vector<uint8_t> read_vector_bytes(const std::string& name) {
  std::ifstream file(std::string(RUNG_SOURCE_DIR "/testdata/gguf-vectors/") + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::vector<float> read_vector_floats(const std::string& name) {
  const std::vector<uint8_t> bytes = read_vector_bytes(name);
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

inline std::vector<GgufVector> read_vector_manifest() {
  const std::vector<uint8_t> text = read_vector_bytes("manifest.json");
  std::vector<GgufVector> vectors;
  const nlohmann::json manifest = nlohmann::json::parse(text.begin(), text.end());
  for (const auto& row : manifest.at("vectors")) {
    const std::optional<Format> format = format_from_name(row.at("type").get<std::string>());
    EXPECT_TRUE(format) << row;
    vectors.push_back({format.value_or(Format::F32), row.at("input"), row.at("imatrix"), row.at("file"),
                       row.at("rel_error"), row.at("decoded_xxh3")});
  }
  return vectors;
}

}  // namespace rung
