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

/// The column energy of every matrix, as one token's squares each.
Result<ImatrixSumsEntry> energy_of(const GgufTensor& tensor, ThreadPool& pool) {
  const BandCut cut(tensor);
  MatrixSurvey survey(cut, true);
  std::vector<Status> statuses(survey.part_count());
  pool.parallel_for(statuses.size(), 1, [&](size_t first, size_t last, int) {
    std::vector<float> values;
    size_t bad_row = 0;
    for (size_t part = first; part < last; ++part) {
      const auto [begin, end] = survey.bands_of(part);
      for (size_t band = begin; band < end && statuses[part]; ++band) {
        statuses[part] = decode_band(tensor, cut, cut[band], values, bad_row);
        if (statuses[part]) survey.add(part, values);
      }
    }
  });
  for (const Status& status : statuses) RUNG_CHECK(status);
  const std::vector<float> energy = survey.column_energy(cut);
  return ImatrixSumsEntry{
      cut.columns, cut.matrices, {energy.begin(), energy.end()}, std::vector<double>(cut.matrices, 1.0)};
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
  for (size_t index = 0; index < tensors.size(); ++index) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("weights", index, tensors.size());
    RUNG_TRY(ImatrixSumsEntry entry, energy_of(*tensors[index], pool));
    sums.entries.emplace(tensors[index]->name, std::move(entry));
  }
  observer.progress("weights", tensors.size(), tensors.size());
  return sums;
}

}  // namespace rung
