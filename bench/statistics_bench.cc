// Are the statistics of a ladder right? Draws ladders of 11 rungs and 7 capabilities from known truths (50 to 1,000
// items, 1 to 40 % of them discordant), judges them with the ladder's own code, with and without stopping early, and
// counts: intervals that miss the truth, ladders with any false alarm, false "holds", items saved. Exit status 1 unless
// intervals cover at least 94 % and at most 5 % of the ladders raise a false alarm. docs/statistics.md shows the
// result.
//
// Usage: statistics_bench [PANELS [SEED]]    default 10000 panels
#include <cstdio>
#include <cstdlib>

#include "ladder/paired_cell.h"
#include "ladder/synthetic_ladder_for_tests.h"

namespace rung {
namespace {

struct Coverage {
  uint64_t cells = 0, change = 0, kept = 0, score = 0;

  void add(const PairedCell& cell, double before, double change_truth, double kept_truth) {
    const auto covers = [](const Interval& interval, double truth) {
      return interval.low <= truth && truth <= interval.high;
    };
    ++cells;
    change += covers(cell.change, change_truth);
    kept += covers(cell.kept_interval, kept_truth);
    score += covers(cell.score, before + change_truth);
  }
  static double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
  }
  double worst() const { return std::min({share(change, cells), share(kept, cells), share(score, cells)}); }
  void print(const char* name) const {
    std::printf("| %-28s | %8llu | %.2f %% | %.2f %% | %.2f %% |\n", name, static_cast<unsigned long long>(cells),
                100 * share(change, cells), 100 * share(kept, cells), 100 * share(score, cells));
  }
};

constexpr int kItemClasses = 3, kDiscordantClasses = 3;
int item_class(size_t items) { return items < 100 ? 0 : items < 300 ? 1 : 2; }
int discordant_class(double share) { return share < 0.05 ? 0 : share < 0.15 ? 1 : 2; }

/// What one way of judging did over all ladders.
struct Tally {
  Coverage all;
  Coverage by_class[kItemClasses][kDiscordantClasses];
  uint64_t ladders = 0, alarmed_ladders = 0, null_ladders = 0, alarmed_null_ladders = 0;
  uint64_t lossy = 0, falsely_held = 0;  // cells that truly lose more than a tenth
  uint64_t real = 0, found = 0;          // cells that truly lose at least 5 points
  uint64_t items = 0, planned = 0, agree = 0, cells = 0, contradict = 0;

  void add(const SyntheticLadder& drawn, const JudgedLadder& judged, const PanelFacts& facts, bool all_null) {
    bool alarm = false;
    for (size_t rung = 0; rung < drawn.truths.size(); ++rung)
      for (size_t capability = 0; capability < drawn.reference.size(); ++capability) {
        const PairedCell& cell = judged.cells[rung + 1][capability];
        const CellTruth& truth = drawn.truths[rung][capability];
        items += cell.counts.items();
        planned += cell.planned;
        alarm |= truth.lost == truth.gained && cell.verdict == CellVerdict::kDegraded;
        if (cell.verdict == CellVerdict::kUnjudged) continue;
        const double before = drawn.reference[capability], chance = facts.chance_of(cell.capability);
        if (before - chance < 0.1) continue;
        const double kept = (before + truth.change() - chance) / (before - chance);
        all.add(cell, before, truth.change(), std::max(0.0, kept));
        by_class[item_class(cell.planned)][discordant_class(truth.lost + truth.gained)].add(
            cell, before, truth.change(), std::max(0.0, kept));
        const bool loses = kept < 1 - kTolerableLoss;
        lossy += loses;
        falsely_held += loses && cell.verdict == CellVerdict::kHolds;
        real += truth.change() <= -0.05;
        found += truth.change() <= -0.05 && cell.verdict == CellVerdict::kDegraded;
      }
    ++(all_null ? null_ladders : ladders);
    (all_null ? alarmed_null_ladders : alarmed_ladders) += alarm;
  }

  bool print(const char* name) const {
    const auto percent = [](uint64_t part, uint64_t whole) { return 100 * Coverage::share(part, whole); };
    std::printf("\n%s\n\n| cells | number | change | share kept | score |\n|---|---|---|---|---|\n", name);
    all.print("all");
    const char* items_text[] = {"50-99 items", "100-299 items", "300-1000 items"};
    const char* discordant_text[] = {"1-5 %", "5-15 %", "15-40 %"};
    for (int size = 0; size < kItemClasses; ++size)
      for (int change = 0; change < kDiscordantClasses; ++change) {
        char text[64];
        std::snprintf(text, sizeof text, "%s, %s", items_text[size], discordant_text[change]);
        by_class[size][change].print(text);
      }
    const double alarms = Coverage::share(alarmed_ladders, ladders);
    const double null_alarms = Coverage::share(alarmed_null_ladders, null_ladders);
    std::printf("\nladders with a false alarm: %.2f %% of %llu with losses elsewhere, %.2f %% of %llu without any\n",
                100 * alarms, static_cast<unsigned long long>(ladders), 100 * null_alarms,
                static_cast<unsigned long long>(null_ladders));
    std::printf("losses over a tenth called \"holds\": %.2f %%; losses of 5 points and more found: %.1f %%\n",
                percent(falsely_held, lossy), percent(found, real));
    std::printf("items asked: %.1f %% of the panel\n", percent(items, planned));
    return all.worst() >= 0.94 && alarms <= 0.05 && null_alarms <= 0.05;
  }
};

size_t log_uniform(size_t low, size_t high, Rng& rng) {
  const double ratio = static_cast<double>(high) / static_cast<double>(low);
  return static_cast<size_t>(static_cast<double>(low) * std::pow(ratio, rng.uniform()) + 0.5);
}

int simulate(size_t panels, uint64_t seed) {
  Tally whole, stopped;
  uint64_t agree = 0, contradict = 0, cells = 0;
  for (size_t panel = 0; panel < panels; ++panel) {
    Rng rng(seed + panel);
    SyntheticShape shape;
    shape.items = log_uniform(50, 1000, rng);
    shape.share_of_losses = panel % 2 == 0 ? 0 : 0.5;
    const SyntheticLadder drawn = draw_ladder(shape, rng);
    PanelFacts facts;
    for (size_t capability = 0; capability < shape.capabilities; ++capability)
      facts.chance["c" + std::to_string(capability)] = capability % 3 == 2 ? 0.25 : 0;
    const JudgedLadder early = judge_ladder(drawn.rungs, facts);
    facts.stops_early = false;
    const JudgedLadder full = judge_ladder(drawn.rungs, facts);
    stopped.add(drawn, early, facts, panel % 2 == 0);
    whole.add(drawn, full, facts, panel % 2 == 0);
    for (size_t rung = 1; rung < early.cells.size(); ++rung)
      for (size_t cell = 0; cell < early.cells[rung].size(); ++cell) {
        const CellVerdict a = early.cells[rung][cell].verdict, b = full.cells[rung][cell].verdict;
        ++cells;
        agree += a == b;
        contradict += a != b && a != CellVerdict::kTooFew && b != CellVerdict::kTooFew;
      }
  }
  const bool whole_right = whole.print("Every item asked");
  const bool stopped_right = stopped.print("Stopping early");
  std::printf("\nthe same verdict both ways: %.1f %%; \"holds\" against \"degraded\": %.3f %%\n",
              100 * Coverage::share(agree, cells), 100 * static_cast<double>(contradict) / static_cast<double>(cells));
  return whole_right && stopped_right ? 0 : 1;
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  const size_t panels = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10000;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  return rung::simulate(panels, seed);
}
