#include "calibrate/coverage.h"

#include <algorithm>
#include <map>

#include "model/tensor_role.h"
#include "quantize/importance.h"
#include "recipe/recipe.h"

namespace rung {
namespace {

ExpertCoverage experts_of(const std::string& tensor, const std::vector<double>& counts) {
  ExpertCoverage result{tensor, counts, 0, 0, 0, 0, 0};
  std::vector<double> sorted = counts;
  std::sort(sorted.begin(), sorted.end());
  result.least = sorted.front();
  result.median = (sorted[sorted.size() / 2] + sorted[(sorted.size() - 1) / 2]) / 2;
  result.most = sorted.back();
  for (const double tokens : counts) {
    result.unseen += tokens == 0;
    result.thin += tokens > 0 && tokens < kPooledTokens;
  }
  return result;
}

DeadColumns dead_columns(const std::string& tensor, const ImatrixSumsEntry& entry) {
  DeadColumns result{tensor, 0, 0};
  for (uint64_t matrix = 0; matrix < entry.counts.size(); ++matrix) {
    if (entry.counts[matrix] == 0) continue;
    const auto row = std::span(entry.sums).subspan(matrix * entry.columns, entry.columns);
    result.columns += static_cast<size_t>(std::count(row.begin(), row.end(), 0.0));
    result.of += row.size();
  }
  return result;
}

}  // namespace

Coverage coverage_of(const ImatrixSums& sums) {
  Coverage coverage;
  std::map<uint32_t, ExpertCoverage> layers;  // by number: names sort blk.10 before blk.2
  for (const auto& [name, entry] : sums.entries) {
    if (DeadColumns dead = dead_columns(name, entry); dead.columns > 0) coverage.dead.push_back(std::move(dead));
    const auto layer = role_of(name).layer;
    if (!is_routed_expert(name) || !layer || entry.counts.empty()) continue;
    layers.try_emplace(*layer, experts_of(name, entry.counts));
  }
  for (auto& [layer, experts] : layers) {
    coverage.unseen += experts.unseen;
    coverage.thin += experts.thin;
    coverage.experts += experts.tokens.size();
    coverage.layers.push_back(std::move(experts));
  }
  return coverage;
}

}  // namespace rung
