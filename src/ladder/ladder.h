// Takes a model down the precision ladder: for every rung the model is quantized in memory, run beside the reference on
// the texts, and put to the panel until its verdicts are certain (panel_looks.h). Before the rungs the reference is
// measured against itself with rounded activations: the noise floor. Each finished rung is kept in the results
// database, so an interrupted ladder goes on where it stopped; a kept result counts only if model, rung, inputs,
// encoders and program version are the same.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/observer.h"
#include "ladder/inputs.h"
#include "ladder/ladder_memory.h"

namespace rung {

struct LadderOptions {
  std::filesystem::path model;
  std::filesystem::path out;       ///< folder, created where missing
  std::filesystem::path results;   ///< the results database; empty: see ResultStore
  std::vector<std::string> rungs;  ///< empty: the default ladder
  MeasuringMaterial material;
  bool all_items = false;  ///< put every item to every rung, however clear the verdict is
  double width = 0;        ///< of the interval of a score's change that is narrow enough to stop; 0: none is
  int threads = 0;
  std::string command;  ///< the line that repeats this run
};

/// Names of the default rungs below the reference.
std::vector<std::string> default_rungs();

/// ladder.json (docs/ladder-json.md), also written to options.out. memory: what it is predicted to hold is put there
/// before the first rung; may be null.
Result<nlohmann::ordered_json> run_ladder(const LadderOptions& options, Observer& observer,
                                          LadderMemory* memory = nullptr);

}  // namespace rung
