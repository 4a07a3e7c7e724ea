// How much each (group, format) costs at the model's output: the KL divergence with that group alone quantized, all
// else as it is. A few formats of each group are measured; the others follow from their error, which the encoders tell:
// between measured formats the divergence is a power of the weighted error, beyond them it is proportional to it
// (small errors: a quadratic loss). Kept in a JSON file (docs/budget.md), so that any target can use it again and an
// interrupted run goes on.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "budget/allocator.h"
#include "budget/divergence.h"
#include "budget/groups.h"
#include "quantize/output_layout.h"

namespace rung {

struct FormatSensitivity {
  std::optional<Format> format;
  uint64_t bytes = 0;
  double error = 0;          ///< weighted squared error of the group, relative to its weighted power
  double divergence = 0;     ///< nats a token
  bool is_measured = false;  ///< else extrapolated from the error
};

/// What was found out about a model, by name; filled and saved step by step.
struct SensitivityTable {
  std::string identity;                                   ///< of model, text, importance and program
  std::map<std::string, double> errors;                   ///< "GROUP FORMAT"
  std::map<std::string, double> measured;                 ///< "GROUP FORMAT"
  std::map<std::string, double> mixes;                    ///< content hash of a whole mix: its divergence
  std::vector<std::vector<FormatSensitivity>> of_groups;  ///< derived: in the order of the groups and their formats

  std::vector<GroupChoices> choices() const;
};

/// What sensitivities are measured with; all of it outlives the run.
struct SensitivityInputs {
  std::shared_ptr<const FileSource> source;
  OutputOptions output;  ///< of the file to be written
  std::span<const TensorGroup> groups;
  std::string identity;
  std::filesystem::path file;  ///< empty: kept in memory only

  /// Searches round without second moments, whose factors would cost more than all the rest; what helps one mix helps
  /// the others.
  ImportanceOptions search_importance() const {
    ImportanceOptions importance = output.importance;
    importance.grams = nullptr;
    return importance;
  }
};

std::string table_key(const TensorGroup& group, std::optional<Format> format);

/// An empty table where there is no file; an error where it is of another model, text or program version.
Result<SensitivityTable> read_sensitivities(const std::filesystem::path& file, const std::string& identity);
Status write_sensitivities(const SensitivityTable& table, const SensitivityInputs& inputs);

/// Measures what the table lacks.
Status measure_sensitivities(SensitivityTable& table, const SensitivityInputs& inputs, Divergence& divergence,
                             ThreadPool& pool, Observer& observer);

/// The formats of a group that are measured, as indices: few, spread over the bits.
std::vector<size_t> measured_formats(const TensorGroup& group);

/// Fills in the divergences that were not measured from those that were; errors must be known.
void extrapolate(std::vector<FormatSensitivity>& formats);

}  // namespace rung
