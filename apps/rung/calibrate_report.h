// What rung calibrate prints: coverage of experts and columns, and the statistics of a file.
#pragma once

#include <string>
#include <vector>

#include "calibrate/coverage.h"
#include "calibrate/imatrix_statistics.h"
#include "calibrate/top_up.h"

namespace rung {

struct CalibrateReport {
  std::string file, gram_file;  ///< the latter empty: none
  bool weights_only = false;
  size_t chunks = 0, tokens = 0;  ///< computed in this run, a top-up included
  size_t entries = 0;
  uint64_t gram_bytes = 0;
  bool topped_up = false;
  size_t starved_before = 0, starved_after = 0, prompts_chosen = 0, prompts = 0;
  double least_tokens = 0;
  Coverage coverage;
};

void print_report(const CalibrateReport& report, bool json);
void print_statistics(const Imatrix& imatrix, const std::vector<TensorStatistics>& tensors, bool json);

}  // namespace rung
