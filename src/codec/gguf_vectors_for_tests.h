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

/// Error of the search alone, as a share of the energy: every 256 values count with the scale that suits them best, so
/// that shrinkage given back (inflation() in encode_block_lanes.h) does not show. w: of one row, or empty.
inline double searched_error(const std::vector<float>& x, const std::vector<float>& y, const std::vector<float>& w) {
  double error = 0.0, energy = 0.0;
  for (size_t first = 0; first < x.size(); first += 256) {
    double xx = 0.0, xy = 0.0, yy = 0.0;
    for (size_t n = first; n < first + 256; ++n) {
      const double weight = w.empty() ? 1.0 : w[n % w.size()];
      xx += weight * x[n] * x[n];
      xy += weight * x[n] * y[n];
      yy += weight * y[n] * y[n];
    }
    error += yy > 0.0 ? xx - xy * xy / yy : xx;
    energy += xx;
  }
  return error / energy;
}

}  // namespace rung
