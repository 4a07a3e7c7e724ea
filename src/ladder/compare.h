// Two quantizations of one model side by side: the same texts and the same panel items put to both, so that every
// number is paired: divergence from the reference, perplexity, and for each capability the items that one answers and
// the other does not.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/observer.h"
#include "ladder/inputs.h"

namespace rung {

struct CompareOptions {
  std::string first, second;        ///< GGUF files, or what a rung of the reference's ladder may be
  std::filesystem::path reference;  ///< empty: none, so no divergence, and both are files
  MeasuringMaterial material;
  int threads = 0;
};

/// docs/compare.md describes the result.
Result<nlohmann::ordered_json> run_compare(const CompareOptions& options, Observer& observer);

}  // namespace rung
