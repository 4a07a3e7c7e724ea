#include "plan/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/lower_case.h"
#include "measure/statistics.h"
#include "plan/quality_tables.h"

namespace rung {
namespace {

// Limits between points of the 8B curve, so that a published type lies well inside its class.
constexpr std::array kClasses = {
    DivergenceClassInfo{DivergenceClass::kNone, "within rounding", 0.003, "q8_0"},
    DivergenceClassInfo{DivergenceClass::kSlight, "slight", 0.014, "q6_k, q5_k_m"},
    DivergenceClassInfo{DivergenceClass::kVisible, "visible", 0.055, "q4_k_m, iq4_xs"},
    DivergenceClassInfo{DivergenceClass::kClear, "clear", 0.15, "q3_k_m, iq3_m"},
    DivergenceClassInfo{DivergenceClass::kSevere, "severe", 0.5, "iq3_xxs, q2_k, iq2_m"},
    DivergenceClassInfo{DivergenceClass::kBroken, "broken", INFINITY, "iq2_xs and below"},
};

constexpr double kBillion = 1e9;
constexpr double kDegraded = -0.10;  // as the ladder's verdict: a loss of more than 10 %

/// "llama.cpp/Q4_K_M" and "Q4_K_M" are one mixture.
std::string type_name_of(std::string_view rung) {
  constexpr std::string_view kPrefix = "llama.cpp/";
  return lower_case(rung.starts_with(kPrefix) ? rung.substr(kPrefix.size()) : rung);
}

const PublishedCurve& curve_for(double weights) {
  const auto curves = published_curves();
  return *std::find_if(curves.begin(), curves.end(),
                       [&](const PublishedCurve& curve) { return weights >= curve.least_weights; });
}

double bits_of(const PublishedCurve& curve, const PublishedPoint& point) {
  constexpr double kBitsPerGib = 8.0 * (1 << 30);
  return point.gib * kBitsPerGib / curve.weights;
}

double nats_of(const PublishedCurve& curve, const PublishedPoint& point) {
  return curve.is_perplexity ? std::log1p(point.loss) : point.loss;
}

/// Points that no smaller one beats: what good types of so many bits reach. By falling bits.
std::vector<const PublishedPoint*> best_points(const PublishedCurve& curve) {
  std::vector<const PublishedPoint*> best;
  for (auto point = curve.points.rbegin(); point != curve.points.rend(); ++point)
    if (best.empty() || point->loss < best.back()->loss) best.push_back(&*point);
  std::reverse(best.begin(), best.end());
  return best;
}

/// Straight in bits and in the logarithm of the loss. Above the first point that point's loss, as an upper bound.
std::optional<double> nats_at(const PublishedCurve& curve, double bits) {
  const auto best = best_points(curve);
  if (bits >= bits_of(curve, *best.front())) return nats_of(curve, *best.front());
  for (size_t right = 1; right < best.size(); ++right) {
    const double high = bits_of(curve, *best[right - 1]), low = bits_of(curve, *best[right]);
    if (bits < low) continue;
    const double share = (bits - low) / (high - low);
    return std::exp(share * std::log(nats_of(curve, *best[right - 1])) +
                    (1 - share) * std::log(nats_of(curve, *best[right])));
  }
  return std::nullopt;
}

std::string_view verdict_of(double change) {
  if (change <= kDegraded) return "degraded";
  return change >= -0.02 ? "holds" : "some loss";
}

std::vector<CapabilityExpectation> published_capabilities(const QualityQuestion& question) {
  std::vector<CapabilityExpectation> found;
  for (const PublishedLoss& row : published_losses()) {
    const double billions = question.weights / kBillion;
    if (billions < row.least_weights || billions >= row.most_weights) continue;
    if (question.bits_per_weight < row.least_bits || question.bits_per_weight >= row.most_bits) continue;
    found.push_back({std::string(row.capability), std::string(verdict_of(row.change)), row.change,
                     fmt::format("{}; {}", row.finding, row.source)});
  }
  return found;
}

void add_notes(const QualityQuestion& question, const PublishedCurve& curve, QualityEstimate& estimate) {
  if (question.weights < 4 * kBillion)
    estimate.notes.push_back(
        fmt::format("{} is larger than this model, and smaller models lose more: at 4 bits 1B more than 12 %, "
                    "70B less than 1.5 % (arXiv 2409.11055)",
                    curve.model));
  if (question.experts)
    estimate.notes.push_back("the curve is of a dense model; in a mixture the routed experts bear few bits best");
  if (curve.is_perplexity)
    estimate.notes.push_back(
        "rise of ln(perplexity); on Llama-2-7B it is within 15 % of the KL divergence from q6_K to q2_K");
}

// ---- A larger model at few bits, or a smaller one at more

/// One rule with the pairs that it covers. `large` has more weights.
struct Rule {
  bool (*covers)(const QualityCandidate& large, const QualityCandidate& small);
  std::optional<bool> large_wins;  ///< empty: it says that nobody knows
  std::string_view reason, source;
};

constexpr std::array kRules = {
    Rule{[](const auto& large, const auto& small) { return large.weights < 1.25 * small.weights; }, std::nullopt,
         "they are of nearly one size, so that their training decides more than their bits; measure both",
         "no published rule covers the pair"},
    Rule{[](const auto& large, const auto& small) { return large.bits_per_weight >= small.bits_per_weight; }, true,
         "the larger model has no fewer bits a weight", "arXiv 2212.09720"},
    Rule{[](const auto& large, const auto&) { return large.bits_per_weight >= 4; }, true,
         "down to 4 bits the larger model wins at equal memory (35,000 zero-shot runs), even against a smaller one in "
         "16 bits, but for following instructions and for hallucinations",
         "arXiv 2212.09720, arXiv 2409.11055"},
    Rule{[](const auto& large, const auto& small) { return large.bits_per_weight < 3 && small.bits_per_weight >= 3.9; },
         false,
         "below 3 bits lies the cliff: math, code and tool calls break (HumanEval -18 % at 2.5 bits, GSM8K falls below "
         "Q3_K_M) while a smaller model at 4 bits and more keeps its own; prose may still read better from the larger",
         "locobench.org; exllamav3 doc; arXiv 2505.02214"},
    Rule{[](const auto&, const auto&) { return true; }, std::nullopt,
         "between 3 and 4 bits results differ with model and method: measure both with 'rung ladder'",
         "arXiv 2212.09720 against QuIP# (arXiv 2402.04396)"},
};

QualityDecision by_measurement(const QualityCandidate& first, const QualityCandidate& second) {
  uint64_t only_first = 0, only_second = 0;
  for (size_t item = 0; item < first.right.size(); ++item) {
    only_first += first.right[item] == '1' && second.right[item] != '1';
    only_second += first.right[item] != '1' && second.right[item] == '1';
  }
  const double chance = mcnemar_exact(only_first, only_second);
  QualityDecision decision;
  decision.measured = true;
  decision.source = "measured, exact McNemar test";
  decision.reason = fmt::format("of {} items {} are right with {} only and {} with {} only (p = {:.2g})",
                                first.right.size(), only_first, first.name, only_second, second.name, chance);
  if (chance >= 0.05) {
    decision.reason += ": too few items to tell";
    return decision;
  }
  decision.winner = only_first > only_second ? QualityDecision::Winner::kFirst : QualityDecision::Winner::kSecond;
  return decision;
}

}  // namespace

const DivergenceClassInfo& divergence_class(double nats) {
  return *std::find_if(kClasses.begin(), kClasses.end() - 1,
                       [&](const DivergenceClassInfo& one) { return nats < one.below; });
}

std::optional<QualityEstimate> published_quality(const QualityQuestion& question) {
  if (question.bits_per_weight >= 15)
    return QualityEstimate{false, 0, false, false, "16 bits or more: the model as it was published", {}, {}};
  const PublishedCurve& curve = curve_for(question.weights);
  const std::string name = type_name_of(question.rung);
  const auto named = std::find_if(curve.points.begin(), curve.points.end(),
                                  [&](const PublishedPoint& point) { return point.type == name; });
  QualityEstimate estimate;
  if (named != curve.points.end()) {
    estimate.divergence = nats_of(curve, *named);
    estimate.source = fmt::format("{} {}, {}", curve.model, named->type, curve.source);
  } else {
    const auto nats = nats_at(curve, question.bits_per_weight);
    if (!nats) return std::nullopt;
    estimate.divergence = *nats;
    estimate.interpolated = true;
    estimate.source = fmt::format("{} at {:.2f} bits, {}", curve.model, question.bits_per_weight, curve.source);
  }
  estimate.from_perplexity = curve.is_perplexity;
  estimate.capabilities = published_capabilities(question);
  add_notes(question, curve, estimate);
  return estimate;
}

QualityDecision compare_quality(const QualityCandidate& first, const QualityCandidate& second) {
  const bool same_panel = !first.panel_hash.empty() && first.panel_hash == second.panel_hash &&
                          first.right.size() == second.right.size() && !first.right.empty();
  if (same_panel) return by_measurement(first, second);
  const bool first_is_large = first.weights >= second.weights;
  const QualityCandidate& large = first_is_large ? first : second;
  const QualityCandidate& small = first_is_large ? second : first;
  const Rule& rule =
      *std::find_if(kRules.begin(), kRules.end(), [&](const Rule& one) { return one.covers(large, small); });
  QualityDecision decision;
  decision.reason = rule.reason;
  decision.source = rule.source;
  if (rule.large_wins)
    decision.winner =
        *rule.large_wins == first_is_large ? QualityDecision::Winner::kFirst : QualityDecision::Winner::kSecond;
  return decision;
}

}  // namespace rung
