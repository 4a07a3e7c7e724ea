#include "calibrate/top_up.h"

#include <algorithm>
#include <map>
#include <set>

#include "calibrate/calibrator.h"
#include "model/tensor_role.h"

namespace rung {
namespace {

/// Experts that lack tokens, by input and matrix.
using Slots = std::map<std::pair<size_t, size_t>, size_t>;

/// Counts the tokens of starved experts.
class FeedCounter final : public ProductObserver {
 public:
  FeedCounter(const InputMap& map, const Slots& slots) : map_(map), slots_(slots), counts_(slots.size()) {}

  void products(std::span<const MatmulJob> jobs) override {
    for (const MatmulJob& job : jobs) {
      const InputMap::Place place = map_.find(job.weights);
      const auto slot = slots_.find({place.input, place.matrix});
      if (slot != slots_.end()) counts_[slot->second] += static_cast<double>(job.tokens);
    }
  }

  /// What was counted since the last call.
  std::vector<ExpertFeed> take() {
    std::vector<ExpertFeed> feed;
    for (size_t slot = 0; slot < counts_.size(); ++slot)
      if (counts_[slot] > 0) feed.push_back({slot, counts_[slot]});
    std::fill(counts_.begin(), counts_.end(), 0.0);
    return feed;
  }

 private:
  const InputMap& map_;
  const Slots& slots_;
  std::vector<double> counts_;
};

/// Experts with fewer than `wanted` tokens, and what they lack. The first routed input of a layer speaks for its
/// others.
Slots starved_experts(const InputMap& map, const InputSums& sums, double wanted, std::vector<double>& missing) {
  Slots slots;
  std::set<std::optional<uint32_t>> layers;
  for (size_t input = 0; input < map.inputs().size(); ++input) {
    const ModelInput& info = map.inputs()[input];
    if (!info.routed || !layers.insert(role_of(info.tensors.front()).layer).second) continue;
    for (size_t matrix = 0; matrix < info.matrices; ++matrix) {
      const double tokens = sums.counts(input)[matrix];
      if (tokens >= wanted) continue;
      slots.emplace(std::pair(input, matrix), missing.size());
      missing.push_back(wanted - tokens);
    }
  }
  return slots;
}

double gain_of(const std::vector<ExpertFeed>& prompt, const std::vector<double>& missing) {
  double gain = 0;
  for (const ExpertFeed& feed : prompt) gain += std::min(feed.tokens, missing[feed.slot]);
  return gain;
}

}  // namespace

std::vector<size_t> choose_prompts(const std::vector<std::vector<ExpertFeed>>& prompts, std::vector<double>& missing) {
  // Gains only shrink, so a prompt whose old gain is below another's present one need not be looked at again.
  std::set<std::pair<double, size_t>> by_gain;  // negative gain first, then the earlier prompt
  for (size_t prompt = 0; prompt < prompts.size(); ++prompt)
    by_gain.insert({-gain_of(prompts[prompt], missing), prompt});
  std::vector<size_t> chosen;
  while (!by_gain.empty()) {
    const auto [old_gain, prompt] = *by_gain.begin();
    by_gain.erase(by_gain.begin());
    const double gain = gain_of(prompts[prompt], missing);
    if (gain == 0) continue;
    if (gain < -old_gain) {
      by_gain.insert({-gain, prompt});
      continue;
    }
    chosen.push_back(prompt);
    for (const ExpertFeed& feed : prompts[prompt]) missing[feed.slot] -= std::min(feed.tokens, missing[feed.slot]);
  }
  return chosen;
}

Result<TopUp> choose_top_up(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, const InputMap& map,
                            const InputSums& sums, const CalibrationText& prompts, double wanted, Precision precision,
                            Observer& observer) {
  TopUp result;
  result.chosen.context = prompts.context;
  std::vector<double> missing;
  const Slots slots = starved_experts(map, sums, wanted, missing);
  result.starved_before = slots.size();
  if (slots.empty()) return result;

  FeedCounter counter(map, slots);
  SessionOptions options = calibration_session(precision, prompts.context);
  options.observer = &counter;
  Session session(engine, pool, options);
  std::vector<std::vector<ExpertFeed>> feeds;
  std::vector<BatchToken> batch;
  for (const auto& chunk : prompts.chunks) {
    if (observer.cancelled()) return cancelled_error();
    observer.progress("pool", feeds.size(), prompts.chunks.size());
    batch.clear();
    for (const Token id : chunk) batch.push_back({id, 0, false});
    session.truncate(0, 0);
    RUNG_CHECK(session.forward(batch).map([](auto) {}));
    feeds.push_back(counter.take());
  }
  observer.progress("pool", feeds.size(), prompts.chunks.size());
  for (const size_t prompt : choose_prompts(feeds, missing)) result.chosen.chunks.push_back(prompts.chunks[prompt]);
  if (!result.chosen.chunks.empty()) result.chosen.datasets = prompts.datasets;
  result.starved_after =
      static_cast<size_t>(std::count_if(missing.begin(), missing.end(), [](double lack) { return lack > 0; }));
  return result;
}

}  // namespace rung
