// Where a curve breaks: two straight lines that meet, fitted to points (Hinkley, Biometrika 56 (1969) 495; Muggeo,
// Statistics in Medicine 22 (2003) 3055), with the uncertainty of the place and a test that there is a break at all.
// Deterministic: it resamples with a fixed seed.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "measure/statistics.h"

namespace rung {

struct BrokenStick {
  size_t points = 0;
  double knee = 0;                          ///< x where the lines meet
  Interval knee_interval;                   ///< 95 %, percentiles of a residual bootstrap
  double slope_below = 0, slope_above = 0;  ///< y per x, left and right of the knee
  double straight_slope = 0;                ///< of the one line that fits best
  double p_value = 1;                       ///< of one straight line, by a residual bootstrap of the F statistic
};

/// y = a + b x, with another slope left of the knee, by least squares over the knee too. Each side keeps at least two
/// different x beyond the knee's own; nothing where there are fewer than six points or four different x.
std::optional<BrokenStick> fit_broken_stick(std::span<const double> x, std::span<const double> y);

}  // namespace rung
