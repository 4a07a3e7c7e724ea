// The command line of rung calibrate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rung {

struct CalibrateArguments {
  std::string model, out, show;
  std::vector<std::string> texts, chats, merged, pools;
  std::string precision = "f32", gram = "none", gram_file;
  size_t context = 512;
  double least_tokens = 500;
  uint64_t max_memory = uint64_t{4} << 30;
  bool parse_special = false, output_matrix = false, weights_only = false, json = false;
  int threads = 0;
};

void add_calibrate_options(CLI::App& command, CalibrateArguments& arguments);

}  // namespace rung
