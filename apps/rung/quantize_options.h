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
  std::string in, out, type, recipe, imatrix, report, effort = "normal";
  std::vector<std::string> rules, also;
  uint64_t max_memory = kDefaultMaxMemory, shard_size = 0;
  bool weights_only = false, keep_split = false, allow_requantize = false, dry_run = false, json = false;
  int threads = 0;
};

void add_quantize_options(CLI::App& command, QuantizeArguments& arguments);

/// OUT and every --also, with the rules of all.
Result<std::vector<QuantizeOutput>> quantize_outputs(const QuantizeArguments& arguments, const GgufFile& file);
/// imatrix: null, or what --imatrix names.
QuantizeOptions quantize_options(const QuantizeArguments& arguments, const Imatrix* imatrix);

}  // namespace rung
