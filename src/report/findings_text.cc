#include "report/findings_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/terminal_text.h"

namespace rung {
namespace {

std::string at_rung(const std::string& rung, std::optional<double> bits) {
  return bits ? fmt::format("{} ({:.2f} bits)", rung, *bits) : rung;
}

std::string fall_line(const LadderRows& ladder) {
  if (!ladder.first_to_fall) return "First to fall: none; no capability is degraded beyond chance.";
  std::vector<std::string> fallen;
  for (const ScoreRow& each : ladder.first_to_fall->capabilities) {
    fallen.push_back(each.retained ? fmt::format("{} (keeps {:.0f} %)", each.capability, 100 * *each.retained)
                                   : each.capability);
  }
  return fmt::format("First to fall: {}, at {}.", enumerate(fallen),
                     at_rung(ladder.first_to_fall->rung, ladder.first_to_fall->bits_per_weight));
}

std::string cliff_line(const LadderRows& ladder) {
  if (!ladder.cliff) return "Cliff: none; nothing is lost beyond noise.";
  const CliffRow& cliff = *ladder.cliff;
  const std::string lost =
      cliff.loss ? fmt::format("{:.0f} points of kept quality", 100 * *cliff.loss) : "most is lost";
  const std::string where = cliff.bits_per_weight ? fmt::format(", near {:.1f} bits", *cliff.bits_per_weight) : "";
  return fmt::format("Cliff: {} between {} and {}{}.", lost, cliff.above, cliff.below, where);
}

std::string sound_line(const LadderRows& ladder) {
  if (!ladder.smallest_sound) return "Smallest sound rung: none; no rung is sure to hold every capability.";
  const SoundRow& sound = *ladder.smallest_sound;
  const bool alone = std::any_of(ladder.rungs.begin(), ladder.rungs.end(),
                                 [&](const RungRow& rung) { return rung.is_reference() && rung.name == sound.rung; });
  if (alone) return "Smallest sound rung: the reference; no smaller one is sure to hold every capability.";
  return fmt::format("Smallest sound rung: {}, {}: every capability holds.", at_rung(sound.rung, sound.bits_per_weight),
                     file_size(sound.bytes));
}

}  // namespace

std::vector<std::string> findings_text(const LadderRows& ladder) {
  if (ladder.capabilities.empty() || ladder.rungs.size() < 2) return {};
  return {fall_line(ladder), cliff_line(ladder), sound_line(ladder)};
}

}  // namespace rung
