#include "quantize/importance.h"

#include <algorithm>
#include <unordered_set>

#include "io/byte_reader.h"

namespace rung {
namespace {

constexpr double kAnyNumber = 1e9;  // tokens of an expert that saw some: the pool then weighs nothing beside it

uint64_t matrix_count(const GgufTensor& tensor) { return tensor.shape.size() > 2 ? tensor.shape[2] : 1; }

Calibration need_of(const TensorPlan& tensor) {
  return tensor.format ? format_info(*tensor.format).calibration : Calibration::kNone;
}

/// llama-imatrix never writes the embedding (a look-up) and the output only on request.
bool is_exempt(const GgufTensor& tensor) {
  const Role role = role_of(tensor.name).role;
  return role == Role::kTokenEmbedding || role == Role::kOutput;
}

Status check_gram(const TensorPlan& tensor, const GramFile& grams) {
  const GgufTensor& source = *tensor.source;
  const auto found = grams.inputs.find(source.name);
  if (found == grams.inputs.end()) return {};
  if (found->second->size() != matrix_count(source))
    return input_error("{}: tensor {}: has moments of {} matrices, the model has {}: it was made for another model",
                       grams.file, source.name, found->second->size(), matrix_count(source));
  const Gram& gram = found->second->front();
  if (gram.columns != source.columns())
    return input_error("{}: tensor {}: has moments of {} columns, the model has {}: it was made for another model",
                       grams.file, source.name, gram.columns, source.columns());
  const uint64_t values = tensor.format ? format_info(*tensor.format).block_values : 1;
  if (!gram.full() && gram.block % values != 0)
    return input_error("{}: tensor {}: has moments in blocks of {} columns, {} needs a multiple of {}", grams.file,
                       source.name, gram.block, format_name(*tensor.format), values);
  return {};
}

Status check_grams(const QuantizationPlan& plan, const GramFile& grams) {
  std::unordered_set<std::string_view> names;
  for (const TensorPlan& tensor : plan.tensors) {
    names.insert(tensor.source->name);
    RUNG_CHECK(check_gram(tensor, grams));
  }
  for (const auto& [name, input] : grams.inputs)
    if (!names.contains(name))
      return input_error("{}: has moments for tensor {}, which the model lacks: it was made for another model",
                         grams.file, quoted_name(name));
  return {};
}

Result<std::span<const float>> means_of(const GgufTensor& tensor, const Imatrix& imatrix) {
  return imatrix.means(tensor.name, tensor.columns(), matrix_count(tensor));
}

Status check_names(const QuantizationPlan& plan, const Imatrix& imatrix) {
  std::unordered_set<std::string_view> names;
  for (const TensorPlan& tensor : plan.tensors) names.insert(tensor.source->name);
  for (const auto& [name, entry] : imatrix.entries)
    if (!names.contains(name))
      return input_error("{}: has an entry for tensor {}, which the model lacks: it was made for another model",
                         imatrix.file, quoted_name(name));
  return {};
}

/// An entry without a single token says nothing.
bool has_seen(const Imatrix* imatrix, std::string_view tensor) {
  const ImatrixEntry* entry = imatrix != nullptr ? imatrix->find(tensor) : nullptr;
  return entry != nullptr && std::any_of(entry->counts.begin(), entry->counts.end(), [](double n) { return n > 0; });
}

/// Tokens that each matrix of a tensor saw. A .dat file has no counts of single experts: rows of all zeros or all ones
/// (what llama-imatrix writes where it saw nothing) stand for none, others for any number.
std::vector<double> tokens_of(const ImatrixEntry& entry, std::span<const float> means, size_t matrices) {
  if (entry.counts.size() == matrices) return entry.counts;
  std::vector<double> tokens(matrices, kAnyNumber);
  const size_t columns = means.size() / matrices;
  for (size_t matrix = 0; matrix < matrices; ++matrix) {
    const auto row = means.subspan(matrix * columns, columns);
    const bool constant = std::all_of(row.begin(), row.end(), [&](float mean) { return mean == row.front(); });
    if (constant && (row.front() == 0.0f || row.front() == 1.0f)) tokens[matrix] = 0;
  }
  return tokens;
}

/// Mean over all tokens of all experts.
std::vector<double> pooled_means(std::span<const float> means, std::span<const double> tokens) {
  const size_t columns = means.size() / tokens.size();
  std::vector<double> pooled(columns);
  double total = 0;
  for (size_t matrix = 0; matrix < tokens.size(); ++matrix) {
    total += tokens[matrix];
    for (size_t column = 0; column < columns; ++column)
      pooled[column] += tokens[matrix] * means[matrix * columns + column];
  }
  for (double& mean : pooled) mean = total > 0 ? mean / total : 1.0;
  return pooled;
}

}  // namespace

std::string_view calibration_name(CalibrationSource source) {
  switch (source) {
    case CalibrationSource::kWeightsOnly:
      return "weights-only";
    case CalibrationSource::kImatrix:
      return "imatrix";
    case CalibrationSource::kNone:
      break;
  }
  return "none";
}

std::string_view method_name(const ImportanceOptions& importance, CalibrationSource calibration) {
  if (importance.grams != nullptr) return "gptq";
  return calibration == CalibrationSource::kNone ? "rtn" : "imatrix";
}

CalibrationSource calibration_for(const TensorPlan& tensor, const ImportanceOptions& options) {
  const Calibration need = need_of(tensor);
  if (need == Calibration::kNone) return CalibrationSource::kNone;
  if (has_seen(options.imatrix, tensor.source->name))
    return options.imatrix->weights_only ? CalibrationSource::kWeightsOnly : CalibrationSource::kImatrix;
  if (need != Calibration::kRequired) return CalibrationSource::kNone;
  const bool allowed = options.weights_only || (options.imatrix != nullptr && is_exempt(*tensor.source));
  return allowed ? CalibrationSource::kWeightsOnly : CalibrationSource::kNone;
}

Status check_calibration(const QuantizationPlan& plan, const ImportanceOptions& options) {
  if (options.imatrix != nullptr) RUNG_CHECK(check_names(plan, *options.imatrix));
  if (options.grams != nullptr) RUNG_CHECK(check_grams(plan, *options.grams));
  for (const TensorPlan& tensor : plan.tensors) {
    if (calibration_for(tensor, options) == CalibrationSource::kImatrix)
      RUNG_CHECK(means_of(*tensor.source, *options.imatrix));
    if (need_of(tensor) != Calibration::kRequired || calibration_for(tensor, options) != CalibrationSource::kNone)
      continue;
    const std::string_view type = format_name(*tensor.format);
    if (options.imatrix != nullptr)
      return input_error(
          "{} needs an importance matrix, and {} has seen no token for tensor {}; add --weights-only to use the column "
          "energy of the weights where it has none",
          type, options.imatrix->file, tensor.source->name);
    return input_error(
        "{} needs an importance matrix (tensor {}): at so few bits the encoder must know which columns matter; give "
        "one with --imatrix FILE, or --weights-only to use the column energy of the weights instead",
        type, tensor.source->name);
  }
  return {};
}

CalibrationSource calibration_of(const QuantizationPlan& plan, const ImportanceOptions& options) {
  CalibrationSource best = CalibrationSource::kNone;
  for (const TensorPlan& tensor : plan.tensors) best = std::max(best, calibration_for(tensor, options));
  return best;
}

Result<std::vector<float>> imatrix_importance(const GgufTensor& tensor, const Imatrix& imatrix) {
  RUNG_TRY(const auto means, means_of(tensor, imatrix));
  std::vector<float> importance(means.begin(), means.end());
  if (!is_routed_expert(tensor.name)) return importance;
  const std::vector<double> tokens = tokens_of(*imatrix.find(tensor.name), means, matrix_count(tensor));
  const std::vector<double> pooled = pooled_means(means, tokens);
  for (size_t matrix = 0; matrix < tokens.size(); ++matrix) {
    const double own = tokens[matrix] / (tokens[matrix] + kPooledTokens);
    for (size_t column = 0; column < pooled.size(); ++column) {
      float& mean = importance[matrix * pooled.size() + column];
      mean = static_cast<float>(own * mean + (1 - own) * pooled[column]);
    }
  }
  return importance;
}

Imatrix imatrix_of(const GramFile& grams) {
  Imatrix imatrix;
  imatrix.file = grams.file;
  imatrix.hash = grams.hash;
  for (const auto& [name, input] : grams.inputs) {
    if (input->empty()) continue;
    ImatrixEntry& entry = imatrix.entries[name];
    entry.columns = input->front().columns;
    entry.matrices = input->size();
    for (const Gram& gram : *input) {
      entry.counts.push_back(gram.tokens);
      const float* block = gram.values.data();
      for (uint64_t first = 0; first < gram.columns; first += gram.block) {
        const uint64_t edge = std::min(gram.block, gram.columns - first);
        for (uint64_t column = 0; column < edge; ++column)
          entry.mean.push_back(gram.tokens > 0 ? block[column * edge + column] : 1.0f);
        block += edge * edge;
      }
      grams.release(gram);
    }
  }
  return imatrix;
}

ImatrixGaps imatrix_gaps(const QuantizationPlan& plan, const ImportanceOptions& options) {
  ImatrixGaps gaps;
  if (options.imatrix == nullptr || options.imatrix->weights_only) return gaps;
  for (const TensorPlan& tensor : plan.tensors) {
    const GgufTensor& source = *tensor.source;
    if (calibration_for(tensor, options) != CalibrationSource::kImatrix) {
      if (need_of(tensor) == Calibration::kNone || is_exempt(source)) continue;
      if (gaps.missing_tensors++ == 0) gaps.first_missing = source.name;
      continue;
    }
    const auto means = means_of(source, *options.imatrix);
    if (!means || !is_routed_expert(source.name)) continue;
    size_t unseen = 0, thin = 0;
    for (const double tokens : tokens_of(*options.imatrix->find(source.name), *means, matrix_count(source))) {
      if (tokens == 0) {
        ++unseen;
      } else if (tokens < kPooledTokens) {
        ++thin;
      }
    }
    gaps.unseen_experts += unseen;
    gaps.thin_experts += thin;
    gaps.affected_tensors += unseen + thin > 0;
  }
  return gaps;
}

std::vector<std::string> ImatrixGaps::warnings() const {
  std::vector<std::string> lines;
  if (affected_tensors > 0)
    lines.push_back(
        fmt::format("imatrix: in {} tensors, {} experts saw no token and {} fewer than {}; they lean on the pooled "
                    "statistics of their layer",
                    affected_tensors, unseen_experts, thin_experts, kPooledTokens));
  if (missing_tensors > 0)
    lines.push_back(fmt::format("imatrix: has seen no token for {} of the tensors, the first is {}", missing_tensors,
                                first_missing));
  return lines;
}

}  // namespace rung
