#include "report/advice_text.h"

#include <fmt/format.h>

#include "report/terminal_text.h"

namespace rung {
namespace {

/// "keeps 74 % (65 to 82)", of a share with its interval.
std::string kept_text(std::optional<double> kept, std::optional<double> low, std::optional<double> high) {
  if (!kept) return "keeps ?";
  const std::string mean = fmt::format("keeps {:.0f} %", 100 * *kept);
  return low && high ? fmt::format("{} ({:.0f} to {:.0f})", mean, 100 * *low, 100 * *high) : mean;
}

std::string noise_sentence(const NoiseRow& noise) {
  const std::string floor = noise.kld_mean ? fmt::format("mean KL {}", divergence(noise.kld_mean)) : "";
  const std::string items = noise.items == 0 ? "" : fmt::format("{} of {} items", noise.changed, noise.items);
  const char* between = floor.empty() || items.empty() ? "" : " and ";
  return fmt::format("Noise floor, the reference against itself in BF16 arithmetic: {}{}{} changed.", floor, between,
                     items);
}

std::string collapse_sentence(const CollapseRow& row, size_t place) {
  std::string line = fmt::format("{}. {}: degraded at {}, {}", place, row.capability, row.degraded,
                                 kept_text(row.kept.retained, row.kept.retained_low, row.kept.retained_high));
  if (row.high_bits && row.low_bits)
    line += fmt::format("; the loss begins between {:.2f} and {:.2f} bits", *row.high_bits, *row.low_bits);
  if (!row.half.empty()) line += fmt::format("; half gone at {}", row.half);
  if (!row.gone.empty()) line += fmt::format("; gone at {}", row.gone);
  return line + ".";
}

std::string folklore_sentence(const FolkloreRow& row) {
  return fmt::format("\"{}\": {} at {}, which {}.", row.rule, row.finding, row.rung,
                     kept_text(row.kept, row.kept_low, row.kept_high));
}

}  // namespace

std::vector<std::string> finding_sentences(const LadderRows& ladder) {
  std::vector<std::string> lines;
  if (ladder.noise) lines.push_back(noise_sentence(*ladder.noise));
  if (ladder.cliff_fit && ladder.cliff_fit->bits_per_weight) {
    const CliffFitRow& fit = *ladder.cliff_fit;
    lines.push_back(fmt::format(
        "The KL curve breaks at {:.1f} bits ({:.1f} to {:.1f}): above, each bit taken away multiplies it by {:.1f}, "
        "below by {:.1f}.",
        *fit.bits_per_weight, fit.low.value_or(0), fit.high.value_or(0), fit.factor_above.value_or(0),
        fit.factor_below.value_or(0)));
  }
  std::vector<std::string> standing;
  size_t place = 0;
  for (const CollapseRow& row : ladder.collapse) {
    if (row.degraded.empty()) {
      standing.push_back(row.capability);
      continue;
    }
    if (place == 0) lines.push_back("Order of collapse:");
    lines.push_back(collapse_sentence(row, ++place));
  }
  if (!standing.empty()) lines.push_back(fmt::format("Not known to be degraded anywhere: {}.", enumerate(standing)));
  return lines;
}

std::vector<std::string> advice_sentences(const LadderRows& ladder) {
  std::vector<std::string> lines;
  for (const AdviceRow& row : ladder.advice)
    lines.push_back(fmt::format("{}: {}, {} GB per billion weights. {}", row.rung, row.character,
                                fixed(row.gb_per_billion, 2), row.when));
  for (const FolkloreRow& row : ladder.folklore) lines.push_back(folklore_sentence(row));
  if (!ladder.two_bits.empty()) lines.push_back(ladder.two_bits);
  lines.insert(lines.end(), ladder.next_steps.begin(), ladder.next_steps.end());
  return lines;
}

}  // namespace rung
