// The rows of a ladder (docs/ladder-json.md) as plain values, for the renderings in text.
// Reading never fails: what is missing or of another type is empty, so a renderer has one kind of absence to handle.
// Text is made safe for a terminal: control characters become '?', bytes that are not UTF-8 too.
// Shares and scores are fractions of 1, divergences in nats. Values own their memory.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rung {

enum class Verdict { kUnknown, kHolds, kDegraded, kUnclear };

struct ScoreRow {
  std::string capability;
  std::optional<double> score, low, high;
  std::optional<double> retained, retained_low, retained_high;
  Verdict verdict = Verdict::kUnknown;
};

struct RungRow {
  std::string name;
  bool weights_only = false;  ///< calibrated without data, by the column energy of its weights
  std::string kind;           // "reference", "type" or "recipe"
  std::optional<double> bytes, bits_per_weight;
  std::optional<double> perplexity, perplexity_error;
  std::optional<double> kld_mean, kld_error, kld_p99_9;
  std::optional<double> same_top, same_top_error;
  std::vector<ScoreRow> panel;

  bool is_reference() const { return kind == "reference"; }
  const ScoreRow* score_of(const std::string& capability) const;  // null where it was not measured
};

struct FallRow {
  std::string rung;
  std::optional<double> bits_per_weight;
  std::vector<ScoreRow> capabilities;  // only capability and retained are set
};

struct CliffRow {
  std::string above, below;
  std::optional<double> bits_per_weight, loss;
};

struct SoundRow {
  std::string rung;
  std::optional<double> bytes, bits_per_weight;
};

/// What rounding alone changes: the reference against itself.
struct NoiseRow {
  std::optional<double> kld_mean;
  uint64_t items = 0, changed = 0;  // of the panel
};

/// One capability on its way down; the rungs are empty where it never gets there.
struct CollapseRow {
  std::string capability, degraded, half, gone;
  std::optional<double> high_bits, low_bits;  // the loss begins between them
  ScoreRow kept;                              // at the degraded rung: only the retained ones are set
};

/// The break of ln(KL) over bits; only where it was found.
struct CliffFitRow {
  std::optional<double> bits_per_weight, low, high, factor_above, factor_below;
};

struct AdviceRow {
  std::string rung, character, when;
  std::optional<double> gb_per_billion;
};

struct FolkloreRow {
  std::string rule, rung, finding;
  std::optional<double> kept, kept_low, kept_high;
};

struct LadderRows {
  std::string model;
  std::optional<double> parameters;
  std::vector<RungRow> rungs;             // the reference first
  std::vector<std::string> capabilities;  // those that any rung has, in the order of settings.panel
  std::vector<std::string> notes;
  std::optional<FallRow> first_to_fall;
  std::optional<CliffRow> cliff;
  std::optional<SoundRow> smallest_sound;
  std::optional<NoiseRow> noise;
  std::vector<CollapseRow> collapse;  // what goes first, first
  std::optional<CliffFitRow> cliff_fit;
  std::vector<AdviceRow> advice;
  std::vector<FolkloreRow> folklore;
  std::string two_bits;                 // a sentence; empty where it was not measured
  std::vector<std::string> next_steps;  // sentences
};

LadderRows read_ladder_rows(const nlohmann::ordered_json& ladder);

/// Mean over the capabilities of the retained share. Capabilities share no items, so the half-widths of their intervals
/// add as squares. The page (web/src/ladder.ts) shows the same number.
struct QualityKept {
  double mean, low, high;
};
std::optional<QualityKept> quality_kept(const RungRow& rung);

}  // namespace rung
