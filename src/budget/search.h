// The search for the mix of formats that costs the least divergence within a number of bytes. First the sensitivities
// are taken to add up; as they do not quite, the mix found is measured, with each group one step up and one step down
// from it, the sensitivities are scaled to what that shows, and the search goes on from there while what is measured
// falls.
#pragma once

#include "budget/sensitivity.h"

namespace rung {

struct ByteLimit {
  uint64_t bytes = 0;
  bool is_whole_file = true;  ///< else of the tensors alone
};

/// What a recipe costs under a limit.
uint64_t limited_bytes(const SensitivityInputs& inputs, const QuantizationPlan& plan, bool is_whole_file);

struct BudgetMix {
  Recipe recipe;
  QuantizationPlan plan;
  std::vector<size_t> choices;  ///< of each group's formats
  uint64_t bytes = 0;           ///< as the limit counts
  double predicted = 0;         ///< by adding up single sensitivities
  double bound = 0;             ///< that no mix is predicted to pass below
  double measured = 0;          ///< nats a token, with the method of the output
};

/// The plan of the smallest mix. Refuses a limit below it or above the source, with both numbers.
Result<QuantizationPlan> check_limit(const SensitivityInputs& inputs, const ByteLimit& limit);

class BudgetSearch {
 public:
  BudgetSearch(SensitivityTable& table, const SensitivityInputs& inputs, Divergence& divergence, ThreadPool& pool,
               Observer& observer);
  Result<BudgetMix> run(const ByteLimit& limit);

 private:
  /// Some of the formats of each group, by their places in it.
  struct Problem {
    std::vector<GroupChoices> groups;
    std::vector<std::vector<size_t>> places;
  };
  static Problem whole_problem(const std::vector<GroupChoices>& groups);
  /// before: the losses whose hulls gave the neighbours that were measured.
  static Problem near_problem(const BudgetMix& mix, const std::vector<GroupChoices>& before,
                              const std::vector<GroupChoices>& scaled, double belief);

  /// Exact bytes: the recipe itself is stored in the file, so its size depends on the mix.
  Result<BudgetMix> best_mix(const Problem& problem, const ByteLimit& limit) const;
  Result<double> measure(const BudgetMix& mix);
  Result<double> measure_changed(const BudgetMix& mix, const std::shared_ptr<const TensorSource>& base, size_t group,
                                 size_t choice);
  Result<std::vector<GroupChoices>> scaled_to(const BudgetMix& mix, const std::vector<GroupChoices>& groups);
  std::string mix_key(const std::vector<size_t>& choices) const;
  Result<std::shared_ptr<const TensorSource>> source_of(const BudgetMix& mix, const ImportanceOptions& importance);

  SensitivityTable& table_;
  const SensitivityInputs& inputs_;
  Divergence& divergence_;
  ThreadPool& pool_;
  Observer& observer_;
};

}  // namespace rung
