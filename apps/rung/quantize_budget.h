// rung quantize --size and --bits-per-weight: the mix that is best within a number of bytes, found and shown.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "budget/curve.h"
#include "quantize_options.h"

namespace rung {

/// What the search came to, for the file to be written and for telling.
struct BudgetResult {
  BudgetMix mix;
  ByteLimit limit;
  std::string words;
  std::vector<CurvePoint> curve, by_hand;
  size_t measured = 0, extrapolated = 0;  ///< sensitivities
  size_t tokens = 0;                      ///< scored
};

/// Everything that can be refused is refused before work starts.
Result<BudgetResult> find_budget(const QuantizeArguments& arguments, std::shared_ptr<const FileSource> source,
                                 const QuantizeOptions& options, Observer& observer);

/// OUT alone. The plan refers to the source that it was found for.
Result<std::vector<QuantizeOutput>> budget_outputs(const QuantizeArguments& arguments, const BudgetResult& result);

nlohmann::ordered_json budget_json(const BudgetResult& result);
/// A plot of bytes against divergence, and what was found.
std::string budget_text(const BudgetResult& result, int width);

}  // namespace rung
