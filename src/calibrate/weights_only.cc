#include "calibrate/weights_only.h"

#include "model/tensor_role.h"
#include "quantize/bands.h"

namespace rung {
namespace {

bool takes_part(const GgufTensor& tensor, bool output) {
  const Role role = role_of(tensor.name).role;
  if (role == Role::kTokenEmbedding || (role == Role::kOutput && !output)) return false;
  return tensor.shape.size() > 1 && tensor.format && role_info(role).quantizable;
}

/// Sums of squares over rows; counts are rows, so that the mean is the column's energy.
Result<ImatrixSumsEntry> energy_of(const GgufTensor& tensor) {
  const BandCut cut(tensor);
  ImatrixSumsEntry entry{cut.columns, cut.matrices, std::vector<double>(cut.columns * cut.matrices),
                         std::vector<double>(cut.matrices, static_cast<double>(cut.rows_per_matrix))};
  std::vector<float> values;
  size_t bad_row = 0;
  for (size_t index = 0; index < cut.band_count; ++index) {
    const Band band = cut[index];
    RUNG_CHECK(decode_band(tensor, cut, band, values, bad_row));
    double* sums = entry.sums.data() + band.matrix * cut.columns;
    for (size_t row = 0; row < band.rows; ++row)
      for (size_t column = 0; column < cut.columns; ++column) {
        const double value = values[row * cut.columns + column];
        sums[column] += value * value;
      }
  }
  return entry;
}

}  // namespace

Result<ImatrixSums> weights_only_imatrix(const GgufFile& model, bool output, ThreadPool& pool, Observer& observer) {
  std::vector<const GgufTensor*> tensors;
  for (const GgufTensor& tensor : model.tensors())
    if (takes_part(tensor, output)) tensors.push_back(&tensor);
  ImatrixSums sums;
  sums.weights_only = true;
  sums.datasets = {"column energy of the weights, no text"};
  sums.chunk_count = sums.chunk_size = 1;
  const auto group = static_cast<size_t>(pool.size());
  std::vector<Result<ImatrixSumsEntry>> entries(group);
  for (size_t begin = 0; begin < tensors.size(); begin += group) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("weights", begin, tensors.size());
    const size_t count = std::min(group, tensors.size() - begin);
    pool.parallel_for(count, 1, [&](size_t first, size_t end, int) {
      for (size_t index = first; index < end; ++index) entries[index] = energy_of(*tensors[begin + index]);
    });
    for (size_t index = 0; index < count; ++index) {
      RUNG_TRY(ImatrixSumsEntry entry, std::move(entries[index]));
      sums.entries.emplace(tensors[begin + index]->name, std::move(entry));
    }
  }
  observer.progress("weights", tensors.size(), tensors.size());
  return sums;
}

}  // namespace rung
