// Which prompts of a pool feed the experts that calibration text left starved: the router is run on every prompt, then
// prompts are taken greedily, the one with the most tokens for starved experts first, until each expert has enough or
// no prompt is left that helps.
#pragma once

#include "base/observer.h"
#include "calibrate/calibration_text.h"
#include "calibrate/input_sums.h"

namespace rung {

/// Tokens that a prompt brings to one starved expert.
struct ExpertFeed {
  size_t slot = 0;  ///< index of the expert in the list of starved ones
  double tokens = 0;
};

/// Indices into `prompts` in the order chosen; missing[slot] is what an expert lacks, and what it still lacks on
/// return. Among equals the earlier prompt wins.
std::vector<size_t> choose_prompts(const std::vector<std::vector<ExpertFeed>>& prompts, std::vector<double>& missing);

struct TopUp {
  size_t starved_before = 0, starved_after = 0;  ///< experts with fewer than the wanted tokens
  CalibrationText chosen;
};

/// The chunks of the pool that bring experts with fewer than `wanted` tokens up to that number, each chunk a prompt.
Result<TopUp> choose_top_up(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, const InputMap& map,
                            const InputSums& sums, const CalibrationText& prompts, double wanted, Precision precision,
                            Observer& observer);

}  // namespace rung
