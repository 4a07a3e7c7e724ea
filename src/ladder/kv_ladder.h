// The KV cache apart from the weights: one model with its keys and values stored in one type after the other, beside
// itself with an f16 cache. Divergence against the length of the context, for keys alone, values alone and both; recall
// and tools (or the whole panel, where it has neither) with a context filled up to growing lengths. docs/kv.md has the
// definitions and the document. Nothing is kept between runs.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/observer.h"
#include "ladder/inputs.h"

namespace rung {

struct KvLadderOptions {
  std::filesystem::path model;
  std::filesystem::path out;       ///< folder, created where missing
  std::vector<std::string> types;  ///< as parse_kv_options reads them; empty: default_kv_types()
  MeasuringMaterial material;      ///< context: the longest; 0: what the model was trained for, at most 4,096
  int threads = 0;
  std::string command;  ///< the line that repeats this run
};

std::vector<std::string> default_kv_types();

/// kv-ladder.json, also written to options.out.
Result<nlohmann::ordered_json> run_kv_ladder(const KvLadderOptions& options, Observer& observer);

}  // namespace rung
