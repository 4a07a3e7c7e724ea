#include "ladder/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;

// What the names mean: losses of the mean score kept over all capabilities.
constexpr double kNearLosslessKept = 0.995, kExcellentKept = 0.99, kHalf = 0.5;

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string bytes_text(double bytes) {
  if (bytes >= 1e9) return fmt::format("{:.1f} GB", bytes / 1e9);
  return bytes >= 1e6 ? fmt::format("{:.1f} MB", bytes / 1e6) : fmt::format("{:.0f} kB", bytes / 1e3);
}

std::string listed(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "" : names.front();
  return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

std::vector<std::string> with_verdict(const std::vector<PairedCell>& cells, CellVerdict verdict) {
  std::vector<std::string> names;
  for (const PairedCell& cell : cells)
    if (cell.verdict == verdict) names.push_back(cell.capability);
  return names;
}

/// The smallest file on which every capability holds: where most is saved before anything is known to be lost.
std::optional<size_t> sweet_spot(const JudgedLadder& ladder) {
  std::optional<size_t> found;
  for (size_t rung = 1; rung < ladder.rungs.size(); ++rung)
    if (ladder.all_hold(rung) && (!found || ladder.rungs[rung].bytes < ladder.rungs[*found].bytes)) found = rung;
  return found;
}

enum class Character {
  kBaseline,
  kNearLossless,
  kExcellent,
  kSweetSpot,
  kSound,
  kSlightLoss,
  kUnclear,
  kLastResort,
  kBroken,
};

Character character_of(const JudgedLadder& ladder, size_t rung) {
  const std::vector<PairedCell>& cells = ladder.cells[rung];
  if (rung == 0) return Character::kBaseline;
  const auto any = [&](auto holds) { return std::any_of(cells.begin(), cells.end(), holds); };
  if (ladder.any_degraded(rung)) {
    if (any([](const PairedCell& cell) { return cell.verdict == CellVerdict::kDegraded && cell.kept < kHalf; }))
      return Character::kBroken;
    const bool bounded = !any([](const PairedCell& cell) { return cell.judged() && !cell.holds(); });
    return bounded ? Character::kSlightLoss : Character::kLastResort;
  }
  if (!ladder.all_hold(rung)) return Character::kUnclear;
  const double kept = ladder.quality_kept(rung).value_or(1);
  if (sweet_spot(ladder) == rung) return Character::kSweetSpot;
  return kept >= kNearLosslessKept ? Character::kNearLossless
         : kept >= kExcellentKept  ? Character::kExcellent
                                   : Character::kSound;
}

const char* character_name(Character character) {
  switch (character) {
    case Character::kBaseline:
      return "baseline";
    case Character::kNearLossless:
      return "near-lossless";
    case Character::kExcellent:
      return "excellent";
    case Character::kSweetSpot:
      return "sweet spot";
    case Character::kSound:
      return "sound";
    case Character::kSlightLoss:
      return "slight loss";
    case Character::kUnclear:
      return "unclear";
    case Character::kLastResort:
      return "last resort";
    case Character::kBroken:
      break;
  }
  return "broken";
}

std::string when_to_choose(const JudgedLadder& ladder, size_t rung, Character character) {
  const std::vector<PairedCell>& cells = ladder.cells[rung];
  const std::string kept = percent(ladder.quality_kept(rung).value_or(1));
  const std::string fallen = listed(with_verdict(cells, CellVerdict::kDegraded));
  switch (character) {
    case Character::kBaseline:
      return "What all others are measured against: choose it to fine-tune or to quantize from.";
    case Character::kNearLossless:
      return fmt::format("Keeps {} and every capability holds: choose it where memory does not matter.", kept);
    case Character::kExcellent:
      return fmt::format("Keeps {} and every capability holds: choose it where there is a little memory to spare.",
                         kept);
    case Character::kSweetSpot:
      return fmt::format(
          "Keeps {}, and is the smallest on which every capability holds: choose it unless there is a "
          "reason not to.",
          kept);
    case Character::kSound:
      return fmt::format("Keeps {} and every capability holds, but a smaller one does too.", kept);
    case Character::kSlightLoss:
      return fmt::format("Keeps {}; {} fell, by a tenth at most: choose it where the sweet spot does not fit.", kept,
                         fallen);
    case Character::kUnclear:
      return fmt::format(
          "Keeps {}, and nothing is known to be lost; for {} there were too few items to tell: measure "
          "more before you choose it.",
          kept, listed(with_verdict(cells, CellVerdict::kTooFew)));
    case Character::kLastResort:
      return fmt::format("Keeps {}; {} fell: choose it only where nothing larger fits and you do not need that.", kept,
                         fallen);
    case Character::kBroken:
      break;
  }
  return fmt::format("Keeps {}; {} fell, and at least one of them by more than half: do not choose it.", kept, fallen);
}

ordered_json rung_advice(const JudgedLadder& ladder, size_t rung) {
  const Character character = character_of(ladder, rung);
  ordered_json json = {{"rung", ladder.rungs[rung].name},
                       {"character", character_name(character)},
                       {"gb_per_billion_weights", ladder.rungs[rung].bits_per_weight / 8}};
  if (const auto kept = ladder.quality_kept(rung)) {
    const Interval interval = ladder.quality_interval(rung);
    json["kept"] = *kept;
    json["kept_low"] = interval.low;
    json["kept_high"] = interval.high;
  }
  json["when"] = when_to_choose(ladder, rung, character);
  return json;
}

/// A rule of thumb: of `bits` per weight it is said that the share kept lies in [least, most].
struct Rule {
  double from_bits, below_bits, least, most;
  const char* text;
};
constexpr Rule kRules[] = {
    {7.5, 9.5, 0.995, 10, "8 bit loses less than 0.5 %"},
    {3.9, 5.0, 0.99, 10, "4 bit keeps more than 99 %"},
    {1.9, 3.0, 0, 0.90, "2 bit loses 10 to 20 % and more"},
};

/// Of the interval and the estimate: is the rule sure, refuted, or only likelier one way?
const char* finding_of(const Rule& rule, double kept, const Interval& interval) {
  if (interval.low >= rule.least && interval.high <= rule.most) return "confirmed";
  if (interval.high < rule.least || interval.low > rule.most) return "refuted";
  return kept >= rule.least && kept <= rule.most ? "agrees, not sure" : "disagrees, not sure";
}

ordered_json folklore(const JudgedLadder& ladder) {
  ordered_json list = ordered_json::array();
  for (const Rule& rule : kRules)
    for (const size_t rung : ladder.by_bits()) {
      const RungResult& result = ladder.rungs[rung];
      const auto kept = ladder.quality_kept(rung);
      if (rung == 0 || !kept || result.bits_per_weight < rule.from_bits || result.bits_per_weight >= rule.below_bits)
        continue;
      const Interval interval = ladder.quality_interval(rung);
      list.push_back({{"rule", rule.text},
                      {"rung", result.name},
                      {"bits_per_weight", result.bits_per_weight},
                      {"kept", *kept},
                      {"kept_low", interval.low},
                      {"kept_high", interval.high},
                      {"finding", finding_of(rule, *kept, interval)}});
    }
  return list;
}

std::optional<size_t> rung_named(const JudgedLadder& ladder, std::string_view name) {
  for (size_t rung = 1; rung < ladder.rungs.size(); ++rung)
    if (ladder.rungs[rung].name == name) return rung;
  return std::nullopt;
}

ordered_json side_json(const JudgedLadder& ladder, std::optional<size_t> rung) {
  if (!rung) return nullptr;
  const Interval interval = ladder.quality_interval(*rung);
  return {{"rung", ladder.rungs[*rung].name},
          {"bits_per_weight", ladder.rungs[*rung].bits_per_weight},
          {"bytes", ladder.rungs[*rung].bytes},
          {"kept", ladder.quality_kept(*rung).value_or(1)},
          {"kept_low", interval.low},
          {"kept_high", interval.high},
          {"degraded", with_verdict(ladder.cells[*rung], CellVerdict::kDegraded)}};
}

/// Two bits everywhere against two bits where they hurt least.
ordered_json two_bits(const JudgedLadder& ladder) {
  const auto naive = rung_named(ladder, "naive-q2"), asymmetric = rung_named(ladder, "asymmetric");
  if (!naive || !ladder.quality_kept(*naive)) return nullptr;
  const auto sound = [&](std::optional<size_t> rung) { return rung && !ladder.any_degraded(*rung); };
  const char* resists = "no";
  std::string text = fmt::format("Two bits break this model: {} fell at naive-q2",
                                 listed(with_verdict(ladder.cells[*naive], CellVerdict::kDegraded)));
  if (sound(naive)) {
    resists = ladder.all_hold(*naive) ? "yes" : "not refuted";
    text = "Nothing is known to be lost with two bits everywhere";
  } else if (sound(asymmetric)) {
    resists = "experts alone";
    text += "; with two bits in the bulk alone (asymmetric) nothing is known to be lost";
  } else if (asymmetric) {
    text +=
        fmt::format(", {} at asymmetric too", listed(with_verdict(ladder.cells[*asymmetric], CellVerdict::kDegraded)));
  }
  return {{"resists", resists},
          {"naive", side_json(ladder, naive)},
          {"asymmetric", side_json(ladder, asymmetric)},
          {"text", text + "."}};
}

/// The next larger file that is not degraded where this one is.
std::optional<size_t> step_up(const JudgedLadder& ladder, size_t rung) {
  std::optional<size_t> found;
  for (size_t other = 0; other < ladder.rungs.size(); ++other) {
    const bool larger = ladder.rungs[other].bytes > ladder.rungs[rung].bytes;
    const bool first = !found || ladder.rungs[other].bytes < ladder.rungs[*found].bytes;
    bool mends = true;
    for (size_t cell = 0; cell < ladder.cells[rung].size(); ++cell)
      mends &= ladder.cells[rung][cell].verdict != CellVerdict::kDegraded ||
               ladder.cells[other][cell].verdict != CellVerdict::kDegraded;
    if (larger && first && mends) found = other;
  }
  return found;
}

ordered_json next_steps(const JudgedLadder& ladder) {
  ordered_json steps = ordered_json::array();
  for (const size_t rung : ladder.by_bits()) {
    const std::vector<std::string> fallen = with_verdict(ladder.cells[rung], CellVerdict::kDegraded);
    const auto next = fallen.empty() ? std::nullopt : step_up(ladder, rung);
    if (!next) continue;
    const RungResult &from = ladder.rungs[rung], &to = ladder.rungs[*next];
    const uint64_t more = to.bytes - from.bytes;
    steps.push_back(
        {{"from", from.name},
         {"to", to.name},
         {"capabilities", fallen},
         {"bytes_more", more},
         {"text", fmt::format("{} {} at {}: take {}, +{}.", listed(fallen), fallen.size() == 1 ? "falls" : "fall",
                              from.name, to.name, bytes_text(static_cast<double>(more)))}});
  }
  return steps;
}

}  // namespace

ordered_json advise(const JudgedLadder& ladder) {
  ordered_json rungs = ordered_json::array();
  for (const size_t rung : ladder.by_bits()) rungs.push_back(rung_advice(ladder, rung));
  return {{"rungs", rungs},
          {"folklore", folklore(ladder)},
          {"two_bits", two_bits(ladder)},
          {"next_steps", next_steps(ladder)}};
}

}  // namespace rung
