// How a tensor is cut for encoding: bands of whole rows, about a quarter of a million weights (1 MiB of floats: what a
// core's cache holds), none across two matrices, as each has an importance of its own. The cut depends on the tensor
// alone, so that sums over bands do not depend on threads or memory.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/status.h"
#include "io/gguf.h"

namespace rung {

struct Band {
  size_t matrix = 0;
  size_t first_row = 0;  ///< of the tensor
  size_t rows = 0;
};

struct BandCut {
  explicit BandCut(const GgufTensor& tensor);
  Band operator[](size_t band) const;

  size_t columns, matrices, rows_per_matrix;
  size_t row_bytes;      ///< of the source
  size_t rows_per_band;  ///< the last of a matrix may have fewer
  size_t band_count;     ///< at least 1, which may be empty
};

std::span<const uint8_t> band_bytes(const GgufTensor& tensor, const BandCut& cut, const Band& band);

/// Rows of a band as floats, (rows, columns); the tensor's format is known. A weight that is NaN or infinite is an
/// error that names tensor, row and column, with the row in `bad_row` too.
Status decode_band(const GgufTensor& tensor, const BandCut& cut, const Band& band, std::vector<float>& values,
                   size_t& bad_row);

/// What has to be known of whole matrices before their first band can be encoded, gathered band by band in any order:
/// the largest magnitude, and, if wanted, the mean squared weight of every column.
class MatrixSurvey {
 public:
  MatrixSurvey() = default;
  MatrixSurvey(const BandCut& cut, bool with_energy);
  size_t part_count() const { return largest_.size(); }
  /// The bands that part `part` adds up; parts may be worked on at the same time.
  std::pair<size_t, size_t> bands_of(size_t part) const;
  void add(size_t part, std::span<const float> values);

  // Once every part is there:
  std::vector<float> column_energy(const BandCut& cut) const;  ///< (matrices, columns)
  float largest(size_t matrix) const;

 private:
  size_t bands_per_matrix_ = 0, parts_per_matrix_ = 0, bands_per_part_ = 0;
  std::vector<float> largest_;                ///< (parts)
  std::vector<std::vector<double>> squares_;  ///< (parts, columns), or empty
};

}  // namespace rung
