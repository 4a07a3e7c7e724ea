// What a KV ladder says of its measurements: the "types" and "findings" of kv-ladder.json. Pure and deterministic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "ladder/rung_result.h"

namespace rung {

/// Divergences at each length of the context: sums[length][chunk] over predictions[length].
struct KvDivergences {
  std::vector<std::vector<double>> sums;
};

struct KvMeasured {
  std::string name;           ///< kv_options_name
  bool is_research = false;   ///< below 8 bits
  uint64_t bytes = 0;         ///< of one sequence of the longest context
  double bits_per_value = 0;  ///< of these bytes, scales, windows and kept layers counted
  KvDivergences both;
  KvDivergences keys, values;  ///< the other side in f16; empty where a side is f16 anyway
  /// A row for each capability at each context of KvSummaryInput::panel.
  std::vector<CapabilityAnswers> answers;
};

/// A capability asked with the context filled up.
struct KvPanelCell {
  std::string capability;
  size_t context = 0;  ///< tokens of prompt and answer; 0: as the items are
  double chance = 0;   ///< what guessing scores
};

struct KvSummaryInput {
  std::vector<size_t> lengths;      ///< rising
  std::vector<double> predictions;  ///< scored of a chunk, for each length
  KvDivergences noise;              ///< of f32 from f16
  std::vector<KvPanelCell> panel;
  std::vector<CapabilityAnswers> reference;  ///< of the f16 cache, by panel
  std::vector<KvMeasured> types;
};

/// {"noise", "types", "findings"}.
nlohmann::ordered_json summarize_kv(const KvSummaryInput& input);

}  // namespace rung
