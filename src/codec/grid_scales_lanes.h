// Scales for the iq2 and iq3 formats: step of a scale block = d * (0.5 + s) * unit, s of 4 bits, d a half a super-block
// of 256 values. One lane is one super-block.
//
// For fixed points the error of a scale block is a parabola in its step. A search for the best points at some step
// yields the parabola that is lowest there; a few of them stand for the true error, their lower envelope, while d and
// all s are chosen by it. Then the points are searched once more, exactly, at the steps chosen.
#pragma once

#include "codec/encode_block_lanes.h"
#include "codec/grid_lanes.h"

namespace rung {

/// kScaleEights: eights of values that share a 4-bit scale.
template <class GridOfFormat, int kScaleEightsOfFormat>
struct GridKind {
  using Grid = GridOfFormat;
  static constexpr int kLanes = Grid::kLanes;
  static constexpr int kScaleEights = kScaleEightsOfFormat;
  static constexpr int kScales = 32 / kScaleEights;
};

struct GridSettings {
  float unit;  ///< step = d * (0.5 + s) * unit
  /// The starts of the search of a scale block: steps that send its weighted root mean square to magnitudes of the grid
  /// from the first to the last, evenly spaced.
  float first_start, last_start;
  int starts;
  /// 4-bit scales tried on either side of the one that comes nearest to a block's free step: 1, or 15 for all.
  int scale_window;
  float given_back = 0.0f;  ///< see Objective
};

template <class Kind>
class GridScales {
 public:
  using Grid = typename Kind::Grid;
  static constexpr int kLanes = Kind::kLanes;
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  using Block = BlockLanes<kLanes, 256>;
  static constexpr int kScales = Kind::kScales;
  static constexpr int kMaxStarts = 24;
  static constexpr float kNoise = 0x1p-18f;  ///< of sums, relative to sum w x^2
  static constexpr int kSpan = 8 * Kind::kScaleEights;

  RUNG_INLINE GridScales(const GridSettings& settings, const Block& block) : settings_(settings), block_(block) {}

  /// Chooses d and scales.
  void search() {
    for (int b = 0; b < kScales; ++b) start(b);
    settings_.scale_window > 1 ? search_d<15>() : search_d<1>();
    const F factor = inflation<kLanes>(block_, error_ - energy_, settings_.given_back);
    half_ = block_.to_half(from_half(half_) * factor);
    least_squares_ = 1.0f / factor;
  }

  /// Replaces the choice of some lanes by another search's.
  RUNG_INLINE void take(I lanes, const GridScales& other) {
    half_ = L::select(lanes, other.half_, half_);
    least_squares_ = L::select(lanes, other.least_squares_, least_squares_);
    for (int b = 0; b < kScales; ++b) scale_[b] = L::select(lanes, other.scale_[b], scale_[b]);
  }

  /// Lanes where nothing but rounding is lost.
  RUNG_INLINE I exact() const { return error_ <= energy_ * kNoise; }
  RUNG_INLINE I half() const { return half_; }
  RUNG_INLINE I scale(int b) const { return scale_[b]; }
  /// The step to choose points at: the one of least squares, before shrinkage was given back.
  RUNG_INLINE F step(int b) const { return from_half(half_) * least_squares_ * factor(L::to_float(scale_[b])); }

 private:
  /// The error for some choice of points by step: rest + ll * (step - fitted)^2.
  struct Parabola {
    F rest;  ///< 0 where the points fit to within the noise of the sums: then exact steps can be told from near ones
    F fitted;
    F ll;
    RUNG_INLINE F error(F step) const {
      const F miss = step - fitted;
      return rest + ll * miss * miss;
    }
  };

  RUNG_INLINE F from_half(I half) const { return block_.from_half(half); }
  RUNG_INLINE F factor(F scale) const { return (scale + 0.5f) * settings_.unit; }

  /// `energy`: sum w x^2 of the scale block.
  RUNG_INLINE void search_block(int b, F step, F energy, Parabola& parabola) const {
    F xl{}, ll{};
    for (int eight = b * Kind::kScaleEights; eight < (b + 1) * Kind::kScaleEights; ++eight) {
      GridEight<typename Grid::Levels> found;
      find_eight<Grid, Flips::kAfterwards>(block_.x + 8 * eight, block_.w + 8 * eight, step, found);
      xl += found.xl;
      ll += found.ll;
    }
    parabola.fitted = xl / ll;
    parabola.ll = ll;
    const F rest = energy - parabola.fitted * xl;
    parabola.rest = L::select(rest > energy * kNoise, rest, F{});
  }

  /// The parabolas of a scale block, and its best step if that were free. Points are chosen without regard to the
  /// parity of signs, which is cheaper and as good for choosing a scale.
  RUNG_INLINE void start(int b) {
    F energy{}, weight{};
    for (int k = b * kSpan; k < (b + 1) * kSpan; ++k) {
      energy += block_.w[k] * block_.x[k] * block_.x[k];
      weight += block_.w[k];
    }
    const F deviation = L::sqrt(energy / weight);
    const float spacing = (settings_.last_start - settings_.first_start) / static_cast<float>(settings_.starts - 1);
    F least = energy, best{};
    for (int n = 0; n < settings_.starts; ++n) {
      const F step = deviation / (settings_.first_start + spacing * static_cast<float>(n));
      Parabola& found = found_[b][n];
      search_block(b, step, energy, found);
      best = L::select(found.rest < least, found.fitted, best);
      least = L::min(found.rest, least);
    }
    free_step_[b] = best;
    energy_ += energy;
  }

  /// The best of the scales around the one nearest to the block's free step. All candidates meet a parabola while it is
  /// in registers.
  template <int kWindow>
  RUNG_INLINE F best_scale(int b, F d, F inverse_d, F& error) const {
    constexpr int kCandidates = 2 * kWindow + 1;
    const F wanted = free_step_[b] * inverse_d - 0.5f;
    const F centre = L::round(L::clamp(wanted, L::splat(0.0f), L::splat(15.0f)));
    F scales[kCandidates], steps[kCandidates], errors[kCandidates];
    for (int n = 0; n < kCandidates; ++n) {
      const F scale = centre + static_cast<float>(n - kWindow);
      scales[n] = n == kWindow ? centre : L::clamp(scale, L::splat(0.0f), L::splat(15.0f));
      steps[n] = d * factor(scales[n]);
      errors[n] = found_[b][0].error(steps[n]);
    }
    for (int start = 1; start < settings_.starts; ++start) {
      const Parabola& parabola = found_[b][start];
      for (int n = 0; n < kCandidates; ++n) errors[n] = L::min(errors[n], parabola.error(steps[n]));
    }
    F best = centre;
    error = errors[kWindow];
    for (int n = 0; n < kCandidates; ++n) {
      if (n == kWindow) continue;
      best = L::select(errors[n] < error, scales[n], best);
      error = L::min(errors[n], error);
    }
    return best;
  }

  /// The fitted step, and ll, of the parabola that is lowest at a step. (Of a whole Parabola GCC 12 makes copies in
  /// memory by halves of a vector, which must then be waited for.)
  RUNG_INLINE void lowest_at(int b, F step, F& fitted, F& ll) const {
    F least = found_[b][0].error(step);
    fitted = found_[b][0].fitted;
    ll = found_[b][0].ll;
    for (int n = 1; n < settings_.starts; ++n) {
      const Parabola& parabola = found_[b][n];
      const F other = parabola.error(step);
      const I better = other < least;
      least = L::min(other, least);
      fitted = L::select(better, parabola.fitted, fitted);
      ll = L::select(better, parabola.ll, ll);
    }
  }

  /// Takes a stored d if its error, with all scales at their best, is below that of the present one. Returns the d that
  /// would be of least squares for these scales, if that is wanted.
  template <int kWindow, bool kRefit>
  RUNG_INLINE F try_stored(I half) {
    const F d = from_half(half);
    const F inverse_d = L::safe_inverse(d * settings_.unit);
    F total{}, above{}, below{}, factors[kScales];
    for (int b = 0; b < kScales; ++b) {
      F error;
      factors[b] = factor(best_scale<kWindow>(b, d, inverse_d, error));
      total += error;
    }
    for (int b = 0; kRefit && b < kScales; ++b) {  // a loop of its own: the chains of operations are shorter
      F fitted, ll;
      lowest_at(b, d * factors[b], fitted, ll);
      const F weighted = factors[b] * ll;
      above += weighted * fitted;
      below += weighted * factors[b];
    }
    const I better = total < error_;
    half_ = L::select(better, half, half_);
    error_ = L::select(better, total, error_);
    const I usable = (above > L::splat(0.0f)) & (below > L::splat(0.0f));
    return L::select(usable, above / L::select(usable, below, L::splat(1.0f)), d);
  }

  /// The bits of a stored d; never 0 for a wanted scale above it, so that small blocks keep their integer scales.
  RUNG_INLINE I store(F d) const {
    const I half = block_.to_half(d);
    return L::select((half == L::splat_int(0)) & (d > L::splat(0.0f)), L::splat_int(1), half);
  }

  /// The block of the largest step takes each of the scales in turn.
  template <int kWindow>
  RUNG_INLINE void search_d() {
    F largest{};
    for (int b = 0; b < kScales; ++b) largest = L::max(largest, free_step_[b]);
    half_ = L::splat_int(0);
    error_ = energy_;
    for (int top = 0; top <= 16; ++top) {
      const F wanted = largest / ((static_cast<float>(top) + 0.5f) * settings_.unit);
      const F refit = try_stored<kWindow, true>(store(wanted));
      try_stored<kWindow, false>(store(refit));
    }
    const F d = from_half(half_);
    const F inverse_d = L::safe_inverse(d * settings_.unit);
    for (int b = 0; b < kScales; ++b) {
      F error;
      scale_[b] = L::to_int(best_scale<kWindow>(b, d, inverse_d, error));
    }
  }

  const GridSettings& settings_;
  const Block& block_;
  Parabola found_[kScales][kMaxStarts];
  F free_step_[kScales];
  I half_;
  F least_squares_;  ///< of the stored d, what least squares asks for
  F energy_{};
  F error_;
  I scale_[kScales];
};

}  // namespace rung
