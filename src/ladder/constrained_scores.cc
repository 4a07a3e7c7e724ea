#include "ladder/constrained_scores.h"

#include <nlohmann/json.hpp>

#include "measure/statistics.h"

namespace rung {

nlohmann::ordered_json constrained_json(const CapabilityAnswers& answers) {
  uint64_t items = 0, free = 0, right = 0, repaired = 0, spoiled = 0;
  for (size_t item = 0; item < answers.constrained.size(); ++item) {
    if (answers.constrained[item] == '-') continue;
    const bool within = answers.constrained[item] == '1', before = answers.right[item] == '1';
    ++items;
    free += before;
    right += within;
    repaired += within && !before;
    spoiled += before && !within;
  }
  if (items == 0) return nullptr;
  const Interval interval = wilson_interval(right, items);
  return {{"items", items},       {"free", free},
          {"right", right},       {"score", static_cast<double>(right) / static_cast<double>(items)},
          {"low", interval.low},  {"high", interval.high},
          {"repaired", repaired}, {"spoiled", spoiled}};
}

}  // namespace rung
