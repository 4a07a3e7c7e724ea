// One capability of one rung beside the reference: the paired counts, what they are good for statistically, and the
// verdict. docs/statistics.md has the definitions. A rung may have answered fewer items than the reference (the ladder
// stops early, panel_looks.h); then the first items count. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ladder/rung_result.h"
#include "measure/statistics_paired.h"

namespace rung {

constexpr double kSignificance = 0.05;
constexpr double kAboveNoise = 2;        ///< a divergence of fewer noise floors says nothing about a curve
constexpr double kTolerableLoss = 0.10;  ///< "holds" means that a loss of more than this is excluded

enum class CellVerdict {
  kReference,
  kUnjudged,  ///< the reference does no better than guessing, so nothing can be lost
  kHolds,
  kDegraded,
  kTooFew,
};
std::string_view verdict_text(CellVerdict verdict);

struct PairedCell {
  std::string capability;
  PairedCounts counts;
  size_t planned = 0;  ///< items of the panel
  double chance = 0;   ///< what guessing scores
  double floor = 0;    ///< share of the items that rounding alone changes
  double p_value = 1;  ///< of all looks so far; corrected for the family once judged
  Interval score{0, 1}, change{-1, 1};
  double kept = 1;  ///< chance-corrected score over the reference's
  Interval kept_interval{1, 1};
  CellVerdict verdict = CellVerdict::kReference;

  bool judged() const { return verdict != CellVerdict::kReference && verdict != CellVerdict::kUnjudged; }
  bool has_kept() const { return verdict != CellVerdict::kUnjudged; }
  double score_value() const;
  double change_value() const;  ///< score minus the reference's on the same items
  /// Worse by more than rounding explains.
  bool is_worse() const;
  bool holds() const { return kept_interval.low >= 1 - kTolerableLoss; }
};

/// What every rung of a ladder shares.
struct PanelFacts {
  std::map<std::string, double> chance;  ///< by capability; 0 where absent
  std::optional<RungResult> noise;       ///< the reference against itself
  bool stops_early = true;               ///< were looks planned before the end of the panel?
  double width = 0;                      ///< of a score's change that is narrow enough; 0: none is

  double chance_of(const std::string& capability) const;
};

/// Before correction for the family; the verdict is kTooFew, or kUnjudged. Of the rung's answers only those count that
/// stop_of() would have asked for, so that what an earlier run asked beyond them changes nothing.
PairedCell pair_cell(const CapabilityAnswers& rung, const CapabilityAnswers& reference, const PanelFacts& facts,
                     size_t tests);
/// The reference beside itself.
PairedCell reference_cell(const CapabilityAnswers& reference, const PanelFacts& facts);

/// Why no more items are asked.
enum class Stop { kNot, kDegraded, kHolds, kNarrow, kUnjudged, kAllItems };
std::string_view stop_text(Stop stop);
/// `tests`: how many cells the ladder judges; the error of each is bounded by its share whatever the others say.
Stop stop_of(const PairedCell& cell, const PanelFacts& facts, size_t tests);

/// A ladder's cells, corrected over all of them (Holm) and judged.
struct JudgedLadder {
  std::span<const RungResult> rungs;           ///< the reference first; owned by the caller
  std::vector<std::vector<PairedCell>> cells;  ///< by rung, by capability
  std::vector<std::vector<Stop>> stops;        ///< why a cell has the items it has
  std::vector<PairedCell> noise;               ///< of the noise run; empty without one
  size_t tests = 0;                            ///< cells in the family

  /// Rungs but the reference from many bits to few; the reference first.
  std::vector<size_t> by_bits() const;
  /// The mean share kept over the capabilities that are judged; nothing without one.
  std::optional<double> quality_kept(size_t rung) const;
  /// Its interval: capabilities share no items, so the half-widths of their intervals add as squares.
  Interval quality_interval(size_t rung) const;
  bool any_degraded(size_t rung) const;
  bool all_hold(size_t rung) const;
};
/// The cells that a ladder of so many rungs below the reference may judge.
size_t most_tests(size_t rungs, size_t capabilities);

/// Does the divergence from the reference not exceed what rounding alone makes of it?
bool is_within_noise(const RungResult& rung, const RungResult& noise);

JudgedLadder judge_ladder(std::span<const RungResult> rungs, const PanelFacts& facts);

}  // namespace rung
