// The cliff of the quality curve by a stated rule: as bits are taken away, the logarithm of the mean KL divergence
// rises along one straight line, or along two that meet, the lower one steeper; where they meet is the cliff. A rung
// whose divergence is not twice the noise floor says nothing about the curve and is left out, and so are rungs of 8
// bits and more: activations are rounded to 8 bits too, so that the curve of the weights alone cannot be seen there.
// Pure and deterministic.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "ladder/rung_result.h"

namespace rung {

struct CliffPoint {
  double bits_per_weight = 0;
  double divergence = 0;  ///< mean KL divergence, nats
};

/// {found, points, bits_per_weight, low, high, factor_below, factor_above, p_value}, or null where too few rungs are
/// left (six, of four different numbers of bits). `found`: two lines are better than one beyond chance (p < 0.05) and
/// the lower one is the steeper. Factors: how many times the divergence grows with every bit taken away.
nlohmann::ordered_json cliff_of_curve(std::span<const CliffPoint> points, double noise_floor);

/// The same of a ladder's rungs below the reference.
nlohmann::ordered_json cliff_of_ladder(std::span<const RungResult> rungs, double noise_floor);

}  // namespace rung
