#include "measure/statistics_breakpoint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/rng.h"

namespace rung {
namespace {

constexpr size_t kKnees = 80;   // places tried
constexpr size_t kDraws = 499;  // of each bootstrap
constexpr uint64_t kSeed = 19690101;
constexpr size_t kFewestPoints = 6;

/// Coefficients of 1, x and max(knee - x, 0), and the sum of squared residuals.
struct Fit {
  double knee = 0, level = 0, slope = 0, bend = 0, squares = 0;

  double at(double x) const { return level + slope * x + bend * std::max(knee - x, 0.0); }
};

double sum_of_squares(const Fit& fit, std::span<const double> x, std::span<const double> y) {
  double squares = 0;
  for (size_t point = 0; point < x.size(); ++point) {
    const double residual = y[point] - fit.at(x[point]);
    squares += residual * residual;
  }
  return squares;
}

/// Least squares of y on x, and on the bend too where `with_bend`: the normal equations of the centred columns.
Fit fit_at(double knee, bool with_bend, std::span<const double> x, std::span<const double> y) {
  const auto count = static_cast<double>(x.size());
  const auto bend_of = [&](double place) { return with_bend ? std::max(knee - place, 0.0) : 0.0; };
  double mean_x = 0, mean_y = 0, mean_bend = 0;
  for (size_t point = 0; point < x.size(); ++point) {
    mean_x += x[point] / count;
    mean_y += y[point] / count;
    mean_bend += bend_of(x[point]) / count;
  }
  double xx = 0, xb = 0, bb = 0, xy = 0, by = 0;
  for (size_t point = 0; point < x.size(); ++point) {
    const double dx = x[point] - mean_x, dy = y[point] - mean_y, db = bend_of(x[point]) - mean_bend;
    xx += dx * dx;
    xb += dx * db;
    bb += db * db;
    xy += dx * dy;
    by += db * dy;
  }
  Fit fit{knee, 0, 0, 0, 0};
  const double determinant = xx * bb - xb * xb;
  if (with_bend && determinant > 1e-12 * xx * bb) {
    fit.slope = (xy * bb - by * xb) / determinant;
    fit.bend = (by * xx - xy * xb) / determinant;
  } else {
    fit.slope = xy / xx;
  }
  fit.level = mean_y - fit.slope * mean_x - fit.bend * mean_bend;
  fit.squares = sum_of_squares(fit, x, y);
  return fit;
}

Fit best_bent(Interval knees, std::span<const double> x, std::span<const double> y) {
  Fit best;
  for (size_t step = 0; step <= kKnees; ++step) {
    const double knee = knees.low + (knees.high - knees.low) * static_cast<double>(step) / double{kKnees};
    const Fit fit = fit_at(knee, true, x, y);
    if (step == 0 || fit.squares < best.squares) best = fit;
  }
  return best;
}

/// The knee may lie between the second and the last but one of the different x.
std::optional<Interval> possible_knees(std::span<const double> x) {
  std::vector<double> places(x.begin(), x.end());
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  if (x.size() < kFewestPoints || places.size() < 4) return std::nullopt;
  return Interval{places[1], places[places.size() - 2]};
}

/// Residuals around a fit, widened to the variance that `parameters` fitted numbers have taken out of them.
std::vector<double> residuals_of(const Fit& fit, std::span<const double> x, std::span<const double> y,
                                 size_t parameters) {
  const auto count = static_cast<double>(x.size());
  const double widen = std::sqrt(count / std::max(1.0, count - static_cast<double>(parameters)));
  std::vector<double> residuals(x.size());
  for (size_t point = 0; point < x.size(); ++point) residuals[point] = widen * (y[point] - fit.at(x[point]));
  return residuals;
}

std::vector<double> draw_again(const Fit& fit, std::span<const double> x, std::span<const double> residuals, Rng& rng) {
  std::vector<double> drawn(x.size());
  for (size_t point = 0; point < x.size(); ++point)
    drawn[point] = fit.at(x[point]) + residuals[rng.below(residuals.size())];
  return drawn;
}

}  // namespace

std::optional<BrokenStick> fit_broken_stick(std::span<const double> x, std::span<const double> y) {
  const auto knees = possible_knees(x);
  if (!knees) return std::nullopt;
  const Fit straight = fit_at(0, false, x, y), bent = best_bent(*knees, x, y);
  // How much better two lines are: the F statistic but for its constant factor.
  const auto gain = [](double one, double two) { return (one - two) / std::max(two, 1e-300); };
  const double seen = gain(straight.squares, bent.squares);
  Rng rng(kSeed);
  const std::vector<double> straight_residuals = residuals_of(straight, x, y, 2),
                            residuals = residuals_of(bent, x, y, 4);
  size_t as_good = 0;
  std::vector<double> drawn_knees(kDraws);
  for (double& knee : drawn_knees) {
    const std::vector<double> without = draw_again(straight, x, straight_residuals, rng);
    as_good += gain(fit_at(0, false, x, without).squares, best_bent(*knees, x, without).squares) >= seen;
    knee = best_bent(*knees, x, draw_again(bent, x, residuals, rng)).knee;
  }
  std::sort(drawn_knees.begin(), drawn_knees.end());
  BrokenStick stick;
  stick.points = x.size();
  stick.knee = bent.knee;
  stick.knee_interval = {quantile_of_sorted(drawn_knees, 0.025), quantile_of_sorted(drawn_knees, 0.975)};
  stick.slope_above = bent.slope;
  stick.slope_below = bent.slope - bent.bend;
  stick.straight_slope = straight.slope;
  stick.p_value = static_cast<double>(as_good + 1) / double{kDraws + 1};
  return stick;
}

}  // namespace rung
