// testdata/gguf-vectors: what llama.cpp writes and reads for each type. For the tests of this folder only; a missing
// file fails the running test.
#pragma once

#include <cstddef>
#include <cstdint>
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

std::vector<uint8_t> read_vector_bytes(const std::string& name);
std::vector<float> read_vector_floats(const std::string& name);
std::vector<GgufVector> read_vector_manifest();

}  // namespace rung
