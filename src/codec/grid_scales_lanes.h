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
  float unit;        ///< step = d * (0.5 + s) * unit
  float given_back;  ///< see inflation()
  /// The starts of the search of a scale block: steps that send its weighted root mean square to magnitudes of the grid
  /// from the first to the last, evenly spaced.
  float first_start, last_start;
  int starts;
  int scale_window;  ///< 4-bit scales tried on either side of the one that comes nearest to a block's free step
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
    search_d();
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
  RUNG_INLINE Parabola search_block(int b, F step, F energy) const {
    F xl{}, ll{};
    for (int eight = b * Kind::kScaleEights; eight < (b + 1) * Kind::kScaleEights; ++eight) {
      GridEight<typename Grid::Levels> found;
      find_eight<Grid, Flips::kAfterwards>(block_.x + 8 * eight, block_.w + 8 * eight, step, found);
      xl += found.xl;
      ll += found.ll;
    }
    const F fitted = xl / ll;
    const F rest = energy - fitted * xl;
    return {L::select(rest > energy * kNoise, rest, F{}), fitted, ll};
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
      const Parabola found = search_block(b, step, energy);
      found_[b][n] = found;
      best = L::select(found.rest < least, found.fitted, best);
      least = L::min(found.rest, least);
    }
    free_step_[b] = best;
    energy_ += energy;
  }

  /// The least error of a block at a step, by the parabolas found.
  RUNG_INLINE F error_at(int b, F step) const {
    F least = found_[b][0].error(step);
    for (int n = 1; n < settings_.starts; ++n) least = L::min(least, found_[b][n].error(step));
    return least;
  }

  /// The best of the scales around the one nearest to the block's free step.
  RUNG_INLINE F best_scale(int b, F d, F inverse_d, F& error) const {
    const F wanted = free_step_[b] * inverse_d - 0.5f;
    const F centre = L::round(L::clamp(wanted, L::splat(0.0f), L::splat(15.0f)));
    F best = centre;
    error = error_at(b, d * factor(centre));
    for (int side = -settings_.scale_window; side <= settings_.scale_window; ++side) {
      if (side == 0) continue;
      const F other = L::clamp(centre + static_cast<float>(side), L::splat(0.0f), L::splat(15.0f));
      const F other_error = error_at(b, d * factor(other));
      best = L::select(other_error < error, other, best);
      error = L::min(other_error, error);
    }
    return best;
  }

  struct Judged {
    F error;
    F refit;
  };
  /// All scales at their best for a stored d; the d that would then be of least squares.
  RUNG_INLINE Judged judge(F d) const {
    const F inverse_d = L::safe_inverse(d * settings_.unit);
    F total{}, above{}, below{};
    for (int b = 0; b < kScales; ++b) {
      F error;
      const F k = factor(best_scale(b, d, inverse_d, error));
      const F at = d * k;
      Parabola lowest = found_[b][0];
      F least = lowest.error(at);
      for (int n = 1; n < settings_.starts; ++n) {
        const F other = found_[b][n].error(at);
        const I better = other < least;
        least = L::min(other, least);
        lowest.fitted = L::select(better, found_[b][n].fitted, lowest.fitted);
        lowest.ll = L::select(better, found_[b][n].ll, lowest.ll);
      }
      total += error;
      const F weighted = k * lowest.ll;
      above += weighted * lowest.fitted;
      below += weighted * k;
    }
    const I usable = (above > L::splat(0.0f)) & (below > L::splat(0.0f));
    return {total, L::select(usable, above / L::select(usable, below, L::splat(1.0f)), d)};
  }

  /// The bits of a stored d; never 0 for a wanted scale above it, so that small blocks keep their integer scales.
  RUNG_INLINE I store(F d) const {
    const I half = block_.to_half(d);
    return L::select((half == L::splat_int(0)) & (d > L::splat(0.0f)), L::splat_int(1), half);
  }

  RUNG_INLINE void try_d(F wanted) {
    for (int round = 0; round < 2; ++round) {
      const I half = store(wanted);
      const Judged judged = judge(from_half(half));
      const I better = judged.error < error_;
      half_ = L::select(better, half, half_);
      error_ = L::select(better, judged.error, error_);
      wanted = judged.refit;
    }
  }

  RUNG_INLINE void take_scales() {
    const F d = from_half(half_);
    const F inverse_d = L::safe_inverse(d * settings_.unit);
    for (int b = 0; b < kScales; ++b) {
      F error;
      scale_[b] = L::to_int(best_scale(b, d, inverse_d, error));
    }
  }

  /// The block of the largest step takes each of the scales in turn.
  RUNG_INLINE void search_d() {
    F largest{};
    for (int b = 0; b < kScales; ++b) largest = L::max(largest, free_step_[b]);
    half_ = L::splat_int(0);
    error_ = energy_;
    for (int top = 0; top <= 16; ++top) {
      try_d(largest / ((static_cast<float>(top) + 0.5f) * settings_.unit));
    }
    take_scales();
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
