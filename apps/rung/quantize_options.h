// The command line of rung quantize: its options, and the outputs that they ask for.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "quantize/quantize_file.h"

namespace CLI {
class App;
}

namespace rung {

struct QuantizeArguments {
  std::string in, out, type, recipe, imatrix, gram, method, report, effort = "normal";
  std::vector<std::string> rules, also;
  uint64_t max_memory = kDefaultMaxMemory, shard_size = 0;
  bool weights_only = false, keep_split = false, allow_requantize = false, dry_run = false, json = false;
  int threads = 0;

  // A budget instead of a type or recipe.
  uint64_t size = 0;           ///< bytes of the file; 0: none
  double bits_per_weight = 0;  ///< of all tensors; 0: none
  std::string text, min, max, panel, sensitivity, save_recipe;
  std::vector<std::string> protect;
  size_t context = 512, tokens = 4096;

  bool has_budget() const { return size != 0 || bits_per_weight != 0; }
};

void add_quantize_options(CLI::App& command, QuantizeArguments& arguments);

/// OUT and every --also, with the rules of all.
Result<std::vector<QuantizeOutput>> quantize_outputs(const QuantizeArguments& arguments, const GgufFile& file);
/// Of --imatrix, --gram and --method: contradictions are errors. Without --method the best of what is there.
Result<std::string> chosen_method(const QuantizeArguments& arguments);
/// imatrix, grams: null where the method does without.
QuantizeOptions quantize_options(const QuantizeArguments& arguments, const Imatrix* imatrix, const GramFile* grams);

}  // namespace rung
