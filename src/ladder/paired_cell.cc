#include "ladder/paired_cell.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "measure/statistics_sequential.h"

namespace rung {
namespace {

std::vector<size_t> looks_of(size_t items, const PanelFacts& facts) {
  return facts.stops_early ? planned_looks(items) : std::vector<size_t>{items};
}

double share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The reference's own answers lie above guessing: surely where guessing pays, at all where it does not.
bool above_chance(const CapabilityAnswers& reference, double chance) {
  const auto right = static_cast<uint64_t>(std::count(reference.right.begin(), reference.right.end(), '1'));
  return chance == 0 ? right > 0 : wilson_interval(right, reference.right.size()).low > chance;
}

double noise_of(const CapabilityAnswers& reference, const PanelFacts& facts) {
  if (!facts.noise) return 0;
  for (const CapabilityAnswers& again : facts.noise->answers)
    if (again.capability == reference.capability)
      return count_pairs(again.right, reference.right, std::min(again.right.size(), reference.right.size()))
          .discordant();
  return 0;
}

void estimate(PairedCell& cell, double z) {
  cell.score = wilson_interval(cell.counts.right(), cell.counts.items(), z);
  cell.change = difference_interval(cell.counts, z);
  const double above = share(cell.counts.reference_right(), cell.counts.items()) - cell.chance;
  cell.kept = above > 0 ? std::max(0.0, (cell.score_value() - cell.chance) / above) : 0;
  cell.kept_interval = kept_interval(cell.counts, cell.chance, z);
}

}  // namespace

std::string_view verdict_text(CellVerdict verdict) {
  switch (verdict) {
    case CellVerdict::kReference:
      return "reference";
    case CellVerdict::kUnjudged:
      return "not judged";
    case CellVerdict::kHolds:
      return "holds";
    case CellVerdict::kDegraded:
      return "degraded";
    case CellVerdict::kTooFew:
      break;
  }
  return "too few items to tell";
}

std::string_view stop_text(Stop stop) {
  switch (stop) {
    case Stop::kNot:
      break;
    case Stop::kDegraded:
      return "degraded";
    case Stop::kHolds:
      return "holds";
    case Stop::kNarrow:
      return "width reached";
    case Stop::kUnjudged:
      return "not judged";
    case Stop::kAllItems:
      return "all items";
  }
  return "stopped";
}

double PairedCell::score_value() const { return share(counts.right(), counts.items()); }

double PairedCell::change_value() const { return score_value() - share(counts.reference_right(), counts.items()); }

bool PairedCell::is_worse() const {
  return counts.lost > counts.gained && share(counts.lost - counts.gained, counts.items()) > floor;
}

double PanelFacts::chance_of(const std::string& capability) const {
  const auto found = chance.find(capability);
  return found == chance.end() ? 0 : found->second;
}

PairedCell pair_cell(const CapabilityAnswers& rung, const CapabilityAnswers& reference, const PanelFacts& facts,
                     size_t tests) {
  PairedCell cell;
  cell.capability = reference.capability;
  cell.planned = reference.right.size();
  cell.chance = facts.chance_of(cell.capability);
  cell.floor = noise_of(reference, facts);
  cell.kept_interval = {0, kMostKept};
  cell.verdict = above_chance(reference, cell.chance) ? CellVerdict::kTooFew : CellVerdict::kUnjudged;
  const std::vector<size_t> looks = looks_of(cell.planned, facts);
  SequentialMcNemar test(looks);
  for (size_t look = 0; look < looks.size() && looks[look] <= rung.right.size(); ++look) {
    cell.counts = count_pairs(rung.right, reference.right, looks[look]);
    test.look(cell.counts.lost, cell.counts.gained);
    cell.p_value = test.p_value();
    estimate(cell, look_z(looks, look));
    if (stop_of(cell, facts, tests) != Stop::kNot) break;
  }
  return cell;
}

PairedCell reference_cell(const CapabilityAnswers& reference, const PanelFacts& facts) {
  PairedCell cell;
  cell.capability = reference.capability;
  cell.planned = reference.right.size();
  cell.chance = facts.chance_of(cell.capability);
  cell.counts = count_pairs(reference.right, reference.right, cell.planned);
  cell.score = wilson_interval(cell.counts.right(), cell.planned);
  cell.change = {0, 0};
  if (!above_chance(reference, cell.chance)) cell.verdict = CellVerdict::kUnjudged;
  return cell;
}

Stop stop_of(const PairedCell& cell, const PanelFacts& facts, size_t tests) {
  if (cell.counts.items() >= cell.planned) return Stop::kAllItems;
  if (!facts.stops_early || cell.counts.items() == 0) return Stop::kNot;
  if (cell.verdict == CellVerdict::kUnjudged) return Stop::kUnjudged;
  if (cell.is_worse() && cell.p_value * static_cast<double>(tests) < kSignificance) return Stop::kDegraded;
  if (cell.holds()) return Stop::kHolds;
  return cell.change.high - cell.change.low <= facts.width ? Stop::kNarrow : Stop::kNot;
}

size_t most_tests(size_t rungs, size_t capabilities) { return std::max<size_t>(1, rungs * capabilities); }

bool is_within_noise(const RungResult& rung, const RungResult& noise) {
  return rung.perplexity.kld.value <= noise.perplexity.kld.value;
}

JudgedLadder judge_ladder(std::span<const RungResult> rungs, const PanelFacts& facts) {
  JudgedLadder ladder;
  ladder.rungs = rungs;
  const size_t planned = most_tests(rungs.size() - 1, rungs[0].answers.size());
  std::vector<double> p_values;
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    std::vector<PairedCell>& row = ladder.cells.emplace_back();
    ladder.stops.emplace_back();
    for (size_t cell = 0; cell < rungs[rung].answers.size(); ++cell) {
      const CapabilityAnswers& reference = rungs[0].answers[cell];
      row.push_back(rung == 0 ? reference_cell(reference, facts)
                              : pair_cell(rungs[rung].answers[cell], reference, facts, planned));
      ladder.stops.back().push_back(stop_of(row.back(), facts, planned));
      if (row.back().judged()) p_values.push_back(row.back().p_value);
    }
  }
  ladder.tests = p_values.size();
  const std::vector<double> corrected = holm_correction(p_values);
  size_t next = 0;
  for (std::vector<PairedCell>& row : ladder.cells)
    for (PairedCell& cell : row) {
      if (!cell.judged()) continue;
      cell.p_value = corrected[next++];
      const bool worse = cell.is_worse() && cell.p_value < kSignificance;
      cell.verdict = worse ? CellVerdict::kDegraded : cell.holds() ? CellVerdict::kHolds : CellVerdict::kTooFew;
    }
  if (!facts.noise) return ladder;
  for (size_t cell = 0; cell < facts.noise->answers.size(); ++cell)
    ladder.noise.push_back(pair_cell(facts.noise->answers[cell], rungs[0].answers[cell], facts, planned));
  return ladder;
}

std::vector<size_t> JudgedLadder::by_bits() const {
  std::vector<size_t> order(rungs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (order.empty()) return order;
  std::stable_sort(order.begin() + 1, order.end(),
                   [&](size_t a, size_t b) { return rungs[a].bits_per_weight > rungs[b].bits_per_weight; });
  return order;
}

std::optional<double> JudgedLadder::quality_kept(size_t rung) const {
  double sum = 0;
  size_t count = 0;
  for (const PairedCell& cell : cells[rung])
    if (cell.has_kept()) sum += cell.kept, ++count;
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

Interval JudgedLadder::quality_interval(size_t rung) const {
  const double mean = quality_kept(rung).value_or(1);
  double below = 0, above = 0, count = 0;
  for (const PairedCell& cell : cells[rung]) {
    if (!cell.has_kept()) continue;
    below += (cell.kept - cell.kept_interval.low) * (cell.kept - cell.kept_interval.low);
    above += (cell.kept_interval.high - cell.kept) * (cell.kept_interval.high - cell.kept);
    ++count;
  }
  if (count == 0) return {mean, mean};
  return {mean - std::sqrt(below) / count, mean + std::sqrt(above) / count};
}

bool JudgedLadder::any_degraded(size_t rung) const {
  return std::any_of(cells[rung].begin(), cells[rung].end(),
                     [](const PairedCell& cell) { return cell.verdict == CellVerdict::kDegraded; });
}

bool JudgedLadder::all_hold(size_t rung) const {
  return !cells[rung].empty() && std::all_of(cells[rung].begin(), cells[rung].end(), [](const PairedCell& cell) {
    return cell.verdict != CellVerdict::kDegraded && cell.verdict != CellVerdict::kTooFew;
  });
}

}  // namespace rung
