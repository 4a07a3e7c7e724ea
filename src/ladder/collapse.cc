#include "ladder/collapse.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr double kHalf = 0.5;

/// Wilson's limit of a score of 0 is 0 but for rounding.
bool is_gone(const PairedCell& cell) { return cell.score.low <= cell.chance + 1e-9; }

/// One capability on its way down. Rungs by index; the places are those of JudgedLadder::by_bits().
struct Descent {
  size_t capability = 0;
  std::optional<size_t> degraded, half, gone;
  std::optional<size_t> last_held;  ///< of the rungs above the degraded one, the last from the top that holds unbroken
  std::vector<size_t> held_below;   ///< rungs of fewer bits than the degraded one that hold all the same
};

Descent descend(const JudgedLadder& ladder, size_t capability) {
  Descent descent;
  descent.capability = capability;
  bool unbroken = true;
  for (const size_t rung : ladder.by_bits()) {
    const PairedCell& cell = ladder.cells[rung][capability];
    if (rung == 0) {
      descent.last_held = rung;
      continue;
    }
    const bool holds = cell.verdict == CellVerdict::kHolds;
    unbroken = unbroken && holds;
    if (unbroken) descent.last_held = rung;
    if (descent.degraded && holds) descent.held_below.push_back(rung);
    const bool degraded = cell.verdict == CellVerdict::kDegraded;
    if (degraded && !descent.degraded) descent.degraded = rung;
    if (degraded && !descent.half && cell.kept < kHalf) descent.half = rung;
    if (degraded && !descent.gone && is_gone(cell)) descent.gone = rung;
  }
  return descent;
}

ordered_json rung_json(const JudgedLadder& ladder, std::optional<size_t> rung, size_t capability) {
  if (!rung) return nullptr;
  const PairedCell& cell = ladder.cells[*rung][capability];
  return {{"rung", ladder.rungs[*rung].name},
          {"bits_per_weight", ladder.rungs[*rung].bits_per_weight},
          {"retained", cell.kept},
          {"retained_low", cell.kept_interval.low},
          {"retained_high", cell.kept_interval.high}};
}

ordered_json descent_json(const JudgedLadder& ladder, const Descent& descent) {
  const size_t capability = descent.capability;
  ordered_json json = {{"capability", ladder.cells[0][capability].capability}};
  json["degraded"] = rung_json(ladder, descent.degraded, capability);
  json["half"] = rung_json(ladder, descent.half, capability);
  json["gone"] = rung_json(ladder, descent.gone, capability);
  json["between"] = nullptr;
  if (descent.degraded)
    json["between"] = {{"high", ladder.rungs[*descent.last_held].bits_per_weight},
                       {"low", ladder.rungs[*descent.degraded].bits_per_weight}};
  json["holds_below"] = ordered_json::array();
  for (const size_t rung : descent.held_below) json["holds_below"].push_back(ladder.rungs[rung].name);
  return json;
}

}  // namespace

ordered_json order_of_collapse(const JudgedLadder& ladder) {
  std::vector<Descent> descents;
  for (size_t capability = 0; !ladder.cells.empty() && capability < ladder.cells[0].size(); ++capability)
    if (ladder.cells[0][capability].has_kept()) descents.push_back(descend(ladder, capability));
  const auto bits = [&](const std::optional<size_t>& rung) { return rung ? ladder.rungs[*rung].bits_per_weight : 0; };
  const auto kept = [&](const Descent& descent) {
    return descent.degraded ? ladder.cells[*descent.degraded][descent.capability].kept : 1;
  };
  std::stable_sort(descents.begin(), descents.end(), [&](const Descent& a, const Descent& b) {
    if (bits(a.degraded) != bits(b.degraded)) return bits(a.degraded) > bits(b.degraded);
    return kept(a) < kept(b);
  });
  ordered_json order = ordered_json::array();
  for (const Descent& descent : descents) order.push_back(descent_json(ladder, descent));
  return order;
}

}  // namespace rung
