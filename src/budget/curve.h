// What a budget is shown with: the curve of bytes against predicted divergence with the mixes made by hand on it, and a
// mix in words. Pure.
#pragma once

#include "budget/search.h"

namespace rung {

struct CurvePoint {
  std::string name;  ///< of a mix made by hand; empty: on the curve
  uint64_t bytes = 0;
  double predicted = 0;  ///< nats a token, sensitivities added up
};

/// The best mixes from the smallest to the least divergence; bytes as a limit would count them, whole files estimated
/// with the header of `mix`.
std::vector<CurvePoint> best_curve(const SensitivityTable& table, const BudgetMix& mix);

/// The recipes that come with Rung, where every group's formats have a known sensitivity. A group of several formats
/// counts by its tensors' weights.
std::vector<CurvePoint> mixes_by_hand(const SensitivityTable& table, const SensitivityInputs& inputs,
                                      bool is_whole_file);

/// "routed experts 2.4 bits (iq2_xxs to q3_k), attention 5.1 bits (q4_k to q6_k), output q6_k".
std::string mix_in_words(const BudgetMix& mix, const SensitivityInputs& inputs);

}  // namespace rung
