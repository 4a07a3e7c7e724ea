// What earlier ladders measured of a model, from the results database: for a planner, which has only the model's
// header.
#pragma once

#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "plan/quality.h"

namespace rung {

struct KnownRung {
  std::string name;
  double bits_per_weight = 0;
  QualityEstimate quality;  ///< measured, with the ladder's verdicts
  std::string panel_hash;   ///< of what the items were; empty: no panel
  std::string right;        ///< one '1' or '0' an item, capability after capability
};

/// All rungs that were measured on the same texts and panel as the newest reference of a model of that shape
/// (ledger/model_shape.h), the reference first. Empty if there is none. Rows that nobody can read are left out.
Result<std::vector<KnownRung>> known_rungs(const Ledger& ledger, std::string_view model_shape);

}  // namespace rung
