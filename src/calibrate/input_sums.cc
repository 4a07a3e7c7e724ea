#include "calibrate/input_sums.h"

#include <algorithm>
#include <cmath>

#include "model/tensor_role.h"

namespace rung {
namespace {

constexpr size_t kPieceColumns = 256;

void add_squares(const MatmulJob& job, size_t begin, size_t end, double* sums) {
  for (size_t token = 0; token < job.tokens; ++token) {
    const float* row = job.input->row(job.first_token + token);
    for (size_t column = begin; column < end; ++column)
      sums[column] += static_cast<double>(row[column]) * static_cast<double>(row[column]);
  }
}

}  // namespace

bool has_gram(const ModelInput& input) {
  return std::any_of(input.tensors.begin(), input.tensors.end(),
                     [](const std::string& name) { return role_info(role_of(name).role).quantizable; });
}

GramCost gram_cost(const std::vector<ModelInput>& inputs, GramKind kind, bool with_output) {
  GramCost cost;
  if (kind == GramKind::kNone) return cost;
  for (const ModelInput& input : inputs) {
    if (!has_gram(input) || (input.output && !with_output)) continue;
    const uint64_t block = kind == GramKind::kFull ? input.columns : std::min<uint64_t>(input.columns, kGramBlock);
    cost.memory_bytes += input.matrices * GramSums::memory_bytes(input.columns, kind);
    cost.file_bytes += input.matrices * (gram_values(input.columns, block) + 1) * sizeof(float);
  }
  return cost;
}

InputSums::InputSums(const InputMap& map, ThreadPool& pool, GramKind grams, bool with_output)
    : map_(map), pool_(pool), gram_kind_(grams), with_output_(with_output) {
  for (const ModelInput& input : map.inputs()) {
    entries_.push_back({input.columns, input.matrices, std::vector<double>(input.columns * input.matrices),
                        std::vector<double>(input.matrices)});
    grams_.emplace_back(input.matrices);
  }
}

void InputSums::products(std::span<const MatmulJob> jobs) {
  pieces_.clear();
  for (const MatmulJob& job : jobs) {
    const InputMap::Place place = map_.find(job.weights);
    if (place.input == InputMap::kNone || !wants(map_.inputs()[place.input])) continue;
    ImatrixSumsEntry& entry = entries_[place.input];
    entry.counts[place.matrix] += static_cast<double>(job.tokens);
    double* sums = entry.sums.data() + place.matrix * entry.columns;
    for (size_t begin = 0; begin < entry.columns; begin += kPieceColumns)
      pieces_.push_back({&job, sums, begin, std::min(begin + kPieceColumns, static_cast<size_t>(entry.columns))});
    if (gram_kind_ == GramKind::kNone || !has_gram(map_.inputs()[place.input])) continue;
    auto& gram = grams_[place.input][place.matrix];
    if (!gram) gram.emplace(entry.columns, gram_kind_);
    gram->add(job.input->row(job.first_token), job.tokens, pool_, scratch_);
  }
  pool_.parallel_for(pieces_.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t index = begin; index < end; ++index)
      add_squares(*pieces_[index].job, pieces_[index].begin, pieces_[index].end, pieces_[index].sums);
  });
}

Result<ImatrixSums> InputSums::imatrix() const {
  ImatrixSums sums;
  for (size_t input = 0; input < entries_.size(); ++input) {
    const ModelInput& info = map_.inputs()[input];
    if (!wants(info)) continue;
    const auto& values = entries_[input].sums;
    const auto bad = std::find_if(values.begin(), values.end(), [](double value) { return !std::isfinite(value); });
    if (bad != values.end())
      return input_error("tensor {}: its input column {} becomes {} on this text: the model is broken",
                         info.tensors.front(), static_cast<size_t>(bad - values.begin()) % info.columns, *bad);
    for (const std::string& tensor : info.tensors) sums.entries.emplace(tensor, entries_[input]);
  }
  return sums;
}

Status InputSums::write_grams(const std::filesystem::path& path) {
  std::vector<GramInput> inputs;
  std::vector<size_t> places;
  for (size_t input = 0; input < entries_.size(); ++input) {
    const ModelInput& info = map_.inputs()[input];
    if (!wants(info) || !has_gram(info)) continue;
    const uint64_t block = gram_kind_ == GramKind::kFull ? info.columns : std::min<uint64_t>(info.columns, kGramBlock);
    inputs.push_back({info.tensors, info.columns, block, entries_[input].counts});
    places.push_back(input);
  }
  return rung::write_grams(path, inputs, [&](size_t input, size_t matrix) {
    auto& gram = grams_[places[input]][matrix];
    if (!gram) return std::vector<float>(gram_values(inputs[input].columns, inputs[input].block));
    return gram->means(pool_, scratch_);
  });
}

}  // namespace rung
