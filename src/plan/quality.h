// What a rung is expected to keep, before it is run: from results of this very model where there are any, else from
// published curves of models of about its size, and marked as such. Every number carries its source. Also what decides
// between a larger model at few bits and a smaller one at more. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rung {

/// Mean KL divergence from the unquantized model in nats a token. The limits lie between published types (quality.cc).
enum class DivergenceClass : uint8_t { kNone, kSlight, kVisible, kClear, kSevere, kBroken };
struct DivergenceClassInfo {
  DivergenceClass id;
  std::string_view name;     ///< "slight"
  double below;              ///< limit, nats
  std::string_view example;  ///< "q6_K to q5_K_M of an 8B model"
};
const DivergenceClassInfo& divergence_class(double nats);

struct CapabilityExpectation {
  std::string capability;        ///< "math", "tools"; of measured results the panel's names
  std::string verdict;           ///< "holds", "degraded", "too few items to tell"; "some loss" where published so
  std::optional<double> change;  ///< relative to the unquantized score: -0.18
  std::string source;
};

struct QualityEstimate {
  bool measured = false;           ///< of this model; else published of another
  double divergence = 0;           ///< nats a token
  bool from_perplexity = false;    ///< divergence is ln of a perplexity ratio, which is near it (quality.cc)
  bool interpolated = false;       ///< between the published types around these bits
  std::string source;              ///< which model, type and page, or which results
  std::vector<std::string> notes;  ///< why it may not hold here
  std::vector<CapabilityExpectation> capabilities;
};

/// A rung to look up.
struct QualityQuestion {
  std::string_view rung;       ///< name of type or recipe: "q4_k", "llama.cpp/Q4_K_M"
  double bits_per_weight = 0;  ///< of the whole file
  double weights = 0;          ///< of the model
  bool experts = false;        ///< a mixture of experts
};

/// From the published curves. Empty below the bits of their last point: nobody has measured that.
std::optional<QualityEstimate> published_quality(const QualityQuestion& question);

/// One of two rungs that could take the same memory.
struct QualityCandidate {
  std::string name;  ///< as printed: "Qwen3-30B at q2_k"
  double weights = 0, bits_per_weight = 0;
  /// Where it was measured: one '1' or '0' an item of the panel with this hash, in the panel's order.
  std::string panel_hash, right;
};

struct QualityDecision {
  enum class Winner : uint8_t { kFirst, kSecond, kUndecided };
  Winner winner = Winner::kUndecided;
  bool measured = false;
  std::string reason;  ///< a sentence: the rule or the measurement that decides
  std::string source;
};

/// Measured answers to the same panel decide where both have them; else the first published rule that covers the pair.
QualityDecision compare_quality(const QualityCandidate& first, const QualityCandidate& second);

}  // namespace rung
