// Decoding of llama.cpp's vectors, bit for bit (testdata/gguf-vectors/README.md).
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "codec/gguf_vectors_for_tests.h"

namespace rung {

std::vector<uint8_t> read_vector_bytes(const std::string& name) {
  std::ifstream file(std::string(RUNG_SOURCE_DIR "/testdata/gguf-vectors/") + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<float> read_vector_floats(const std::string& name) {
  const std::vector<uint8_t> bytes = read_vector_bytes(name);
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

std::vector<GgufVector> read_vector_manifest() {
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

namespace {

TEST(Vectors, EveryGgufFormatButThePlainFloatsIsThere) {
  std::set<Format> seen;
  for (const GgufVector& vector : read_vector_manifest()) seen.insert(vector.format);
  for (const FormatInfo& info : all_formats()) {
    EXPECT_EQ(seen.count(info.format) != 0, info.group_values != 0) << info.name;
  }
}

TEST(Vectors, DecodeBitForBit) {
  const std::vector<GgufVector> vectors = read_vector_manifest();
  ASSERT_EQ(vectors.size(), 93u);
  for (const GgufVector& vector : vectors) {
    const std::vector<uint8_t> stored = read_vector_bytes(vector.file);
    const size_t bytes = row_bytes(vector.format, kVectorCols);
    ASSERT_EQ(stored.size(), kVectorRows * bytes) << vector.file;
    std::vector<float> decoded(kVectorRows * kVectorCols);
    for (size_t row = 0; row < kVectorRows; ++row) {
      decode_row(vector.format, stored.data() + row * bytes, kVectorCols, decoded.data() + row * kVectorCols);
    }
    const auto* raw = reinterpret_cast<const uint8_t*>(decoded.data());
    EXPECT_EQ(content_hash(std::span(raw, decoded.size() * sizeof(float))), vector.decoded_hash) << vector.file;
  }
}

// The inputs and bytes in testdata belong together: the decoded values have the published error.
TEST(Vectors, PublishedErrorIsReproduced) {
  const std::vector<float> imatrix = read_vector_floats("imatrix.f32");
  for (const GgufVector& vector : read_vector_manifest()) {
    const std::vector<uint8_t> stored = read_vector_bytes(vector.file);
    const std::vector<float> input = read_vector_floats(vector.input + ".f32");
    std::vector<float> decoded(input.size());
    decode_row(vector.format, stored.data(), input.size(), decoded.data());  // rows are whole blocks, so all at once
    double error = 0, energy = 0;
    for (size_t value = 0; value < input.size(); ++value) {
      const double weight = vector.imatrix ? imatrix[value % kVectorCols] : 1.0;
      const double difference = double{input[value]} - decoded[value];
      error += weight * difference * difference;
      energy += weight * input[value] * input[value];
    }
    EXPECT_NEAR(error / energy, vector.rel_error, 1e-5 * vector.rel_error) << vector.file;  // printed with 6 digits
  }
}

}  // namespace
}  // namespace rung
