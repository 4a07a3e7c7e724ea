// Search for iq1_s and iq1_m: decoded = step * (g + shift), eight values a point g of a grid in {-1, 0, 1}^8, shift an
// eighth up or down, step = d * (2 s + 1) with a 3-bit s.
//   1. Without the grid (each value takes its best level) the error of 16 or 32 values for given levels is a parabola
//   in
//      the step, step^2 B - 2 step A. A few starting steps give the parabolas whose lower envelope stands for the error
//      at any step; d and the scales s are searched on it.
//   2. At those steps the best grid points are found exactly (Iq1Plan), for both shifts and the most promising scales,
//      and d is fitted to them by least squares.
//   3. The points are chosen once more, exactly, at the d that is stored.
// One lane is one block of 256 values.
#pragma once

#include "codec/blocks.h"
#include "codec/encode_block_lanes.h"
#include "codec/encode_formats.h"
#include "codec/iq1_plan.h"

namespace rung {

inline constexpr float kIq1Shift = 0.125f;

/// What is chosen jointly: 32 values, four points.
inline constexpr int kIq1Points = 4;

/// The exact search of kIq1Points points, some at a time: as many as their tables fit into a first-level cache of 32
/// kB.
template <int kLanes>
class Iq1PointSearch {
 public:
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;

  explicit RUNG_INLINE Iq1PointSearch(const Iq1Plan& plan) : plan_(plan) {}

  /// Finds the points that are best for 32 values at the given steps and shifts (one a point). code: two bits a value,
  /// level + 1; cost: sum w (x - decoded)^2. Among points whose costs agree to 2^-15 any may be taken, because the low
  /// bits of a cost carry the code of its second quad.
  RUNG_INLINE void find(const F* x, const F* w, const F* step, const F* shift, I* code, F* cost) {
    for (int n = 0; n < kIq1Points; n += kAtOnce)
      find_some(x + 8 * n, w + 8 * n, step + n, shift + n, code + n, cost + n);
  }

 private:
  static constexpr int kAtOnce = 4;

  void find_some(const F* x, const F* w, const F* step, const F* shift, I* code, F* cost) {
    for (int part = 0; part < kAtOnce; ++part) sum_pairs(x + 8 * part, w + 8 * part, step[part], shift[part], part);
    sum_second_quads();
    F second[kAtOnce];
    I first[kAtOnce] = {};
    for (int part = 0; part < kAtOnce; ++part) {
      cost[part] = L::splat(__builtin_inff());
      second[part] = F{};
    }
    for (int n = 0; n < Iq1Plan::kQuads; ++n) {
      F least[kAtOnce];
      least_of_members(n, least);
      const int quad = plan_.first[n];
      const I quad_code = L::splat_int(plan_.code[quad]);
      for (int part = 0; part < kAtOnce; ++part) {
        const F total = least[part] + (pairs_[0][quad % 9][part] + pairs_[1][quad / 9][part]);
        const I better = total < cost[part];
        cost[part] = L::min(total, cost[part]);
        second[part] = L::select(better, least[part], second[part]);
        first[part] = L::select(better, quad_code, first[part]);
      }
    }
    for (int part = 0; part < kAtOnce; ++part) code[part] = first[part] | (L::bits(second[part]) & 255) << 8;
  }

  /// Costs of the nine combinations of values 0 and 1, 2 and 3, and so on.
  RUNG_INLINE void sum_pairs(const F* x, const F* w, F step, F shift, int part) {
    const F levels[3] = {step * (shift - 1.0f), step * shift, step * (shift + 1.0f)};
    for (int pair = 0; pair < 4; ++pair) {
      F cost[2][3];
      for (int n = 0; n < 2; ++n) {
        for (int level = 0; level < 3; ++level) {
          const F miss = x[2 * pair + n] - levels[level];
          cost[n][level] = w[2 * pair + n] * miss * miss;
        }
      }
      for (int both = 0; both < 9; ++both) pairs_[pair][both][part] = cost[0][both % 3] + cost[1][both / 3];
    }
  }

  RUNG_INLINE void sum_second_quads() {
    for (int quad = 0; quad < Iq1Plan::kQuads; ++quad) {
      const I code = L::splat_int(plan_.code[quad]);
      for (int part = 0; part < kAtOnce; ++part) {
        const F sum = pairs_[2][quad % 9][part] + pairs_[3][quad / 9][part];
        entries_[quad][part] = L::from_bits((L::bits(sum) & ~255) | code);
      }
    }
    for (int n = 0; n < plan_.shared; ++n) {
      const F* left = entries_[plan_.left[n]];
      const F* right = entries_[plan_.right[n]];
      for (int part = 0; part < kAtOnce; ++part) {
        entries_[Iq1Plan::kQuads + n][part] = L::min(left[part], right[part]);
      }
    }
  }

  RUNG_INLINE void least_of_members(int n, F* least) const {
    const uint8_t* member = plan_.member + plan_.first_member[n];
    const uint8_t* end = plan_.member + plan_.first_member[n + 1];
    F so_far[kAtOnce];
    for (int part = 0; part < kAtOnce; ++part) so_far[part] = entries_[*member][part];
    while (++member < end) {
      const F* entry = entries_[*member];
      for (int part = 0; part < kAtOnce; ++part) so_far[part] = L::min(so_far[part], entry[part]);
    }
    for (int part = 0; part < kAtOnce; ++part) least[part] = so_far[part];
  }

  const Iq1Plan& plan_;
  F pairs_[4][9][kAtOnce];
  F entries_[Iq1Plan::kQuads + Iq1Plan::kMostShared][kAtOnce];
};

struct Iq1Depth {
  int starts;   ///< values of d that are tried
  int scales;   ///< scales a span that are tried exactly
  bool shifts;  ///< whether both shifts are tried exactly, or only the one that is better without the grid
  int rounds;   ///< of exact search and refit
};

/// kSpan values share a scale, kShiftSpan a shift.
template <int kLanes, int kSpan, int kShiftSpan>
class Iq1Search {
 public:
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  using Block = BlockLanes<kLanes, 256>;
  static constexpr int kSpans = 256 / kSpan;
  static constexpr int kPoints = 32;

  explicit RUNG_INLINE Iq1Search(const Iq1Plan& plan) : points_(plan) {}

  void run(const Block& block, const Iq1Depth& depth, float given_back) {
    block_ = &block;
    F largest_step{};
    for (int span = 0; span < kSpans; ++span) largest_step = L::max(largest_step, sample(span));
    F d = relaxed_d(largest_step, depth.starts);
    for (int round = 0; round < depth.rounds; ++round) d = choose_exactly(storable(d), depth);
    half_ = block.to_half(d * inflation<kLanes>(block, error_, given_back));
    finish(block.from_half(half_));
  }

  RUNG_INLINE I half() const { return half_; }
  RUNG_INLINE I scale(int span) const { return L::to_int(factor_[span] * 0.5f); }
  RUNG_INLINE I shifted_down(int point) const { return shift_[point] < L::splat(0.0f); }
  RUNG_INLINE I code(int point) const { return code_[point]; }

 private:
  /// What a half makes of d, but not 0: below the smallest half the scales still have smaller steps to offer. (In the
  /// unit of the tiniest blocks even that half is huge: then anything that keeps squares finite will do.)
  RUNG_INLINE F storable(F d) const {
    return L::max(block_->through_half(d), L::min(block_->smallest_half(), L::splat(16.0f)));
  }

  static constexpr int kSamples = 7;

  /// Fills parabola_[span]; returns the span's best step.
  RUNG_INLINE F sample(int span) {
    const F* x = block_->x + kSpan * span;
    const F* w = block_->w + kSpan * span;
    F wx[kSpan], largest{};
    Totals totals[kSpan / kShiftSpan];
    for (int n = 0; n < kSpan; ++n) {
      wx[n] = w[n] * x[n];
      largest = L::max(largest, L::abs(x[n]));
      totals[n / kShiftSpan].wx += wx[n];
      totals[n / kShiftSpan].w += w[n];
    }
    F best_gain{}, best{};
    // The first step is so large that all levels are zero; then the largest value is on top level, then clipped more
    // and more, as where its weight is small.
    float share = 0.3f;
    for (int n = 0; n < kSamples; ++n) {
      const F step = largest * (1.0f / share);
      const LevelLanes<kLanes> sums = relaxed_sums(x, w, wx, totals, step);
      const I usable = sums.ll > L::splat(0.0f);
      const F refit = sums.xl / L::select(usable, sums.ll, L::splat(1.0f));
      const F gain = refit * sums.xl;
      if (n > 0) {
        const I better = gain > best_gain;
        best_gain = L::select(better, gain, best_gain);
        best = L::select(better, refit, best);
      }
      parabola_[span][n] = sums;
      share = n == 0 ? 0.9f : share * 1.35f;
    }
    return best;
  }

  struct Totals {
    F wx{};
    F w{};
  };

  /// Each value at its best level, each kShiftSpan values at their better shift.
  RUNG_INLINE LevelLanes<kLanes> relaxed_sums(const F* x, const F* w, const F* wx, const Totals* totals, F step) const {
    LevelLanes<kLanes> total;
    for (int part = 0; part < kSpan / kShiftSpan; ++part) {
      const int at = kShiftSpan * part;
      const auto up = relaxed_part(x + at, w + at, wx + at, totals[part], step, kIq1Shift);
      const auto down = relaxed_part(x + at, w + at, wx + at, totals[part], step, -kIq1Shift);
      const I take_down = down.error(step) < up.error(step);
      total.xl += L::select(take_down, down.xl, up.xl);
      total.ll += L::select(take_down, down.ll, up.ll);
    }
    return total;
  }

  static RUNG_INLINE LevelLanes<kLanes> relaxed_part(const F* x, const F* w, const F* wx, const Totals& totals, F step,
                                                     float shift) {
    const F high = step * (0.5f + shift), low = step * (shift - 0.5f);
    Totals above, below;
    for (int n = 0; n < kShiftSpan; ++n) {
      const I plus = x[n] > high, minus = x[n] < low;
      above.wx = L::add_where(plus, above.wx, wx[n]);
      above.w = L::add_where(plus, above.w, w[n]);
      below.wx = L::add_where(minus, below.wx, wx[n]);
      below.w = L::add_where(minus, below.w, w[n]);
    }
    const float top = shift + 1.0f, bottom = shift - 1.0f;
    return {top * above.wx + bottom * below.wx + shift * (totals.wx - above.wx - below.wx),
            top * top * above.w + bottom * bottom * below.w + shift * shift * (totals.w - above.w - below.w)};
  }

  /// The lowest parabola at a positive step.
  RUNG_INLINE F relaxed_error(int span, F step) const {
    F least = step * parabola_[span][0].ll - 2.0f * parabola_[span][0].xl;
    for (int n = 1; n < kSamples; ++n) {
      least = L::min(step * parabola_[span][n].ll - 2.0f * parabola_[span][n].xl, least);
    }
    return step * least;
  }

  RUNG_INLINE F relaxed_d(F largest_step, int starts) const {
    F best{}, best_error{};
    for (int start = 0; start < starts; ++start) {
      // Integers, so that the odd ones are exact: the largest step may have any of the upper scales.
      const F d = largest_step * (1.0f / static_cast<float>(15 + (start % 2 != 0 ? -(start + 1) / 2 : start / 2)));
      F error{};
      for (int span = 0; span < kSpans; ++span) {
        F least = relaxed_error(span, d);
        for (int s = 1; s < 8; ++s) least = L::min(relaxed_error(span, d * static_cast<float>(2 * s + 1)), least);
        error += least;
      }
      const I better = error < best_error;
      best = L::select(better, d, best);
      best_error = L::select(better, error, best_error);
    }
    return best;
  }

  /// Chooses scales, shifts and points at this d; returns the d that fits them best.
  F choose_exactly(F d, const Iq1Depth& depth) {
    F above{}, below{};
    error_ = F{};
    for (int part = 0; part < kPoints / kIq1Points; ++part) {
      choose_part(part, d, depth);
      for (int point = kIq1Points * part; point < kIq1Points * (part + 1); ++point) {
        const auto sums = point_sums(point);
        const F factor = factor_[8 * point / kSpan];
        above += factor * sums.xl;
        below += factor * factor * sums.ll;
      }
    }
    const I usable = below > L::splat(0.0f);
    const F refit = L::max(above / L::select(usable, below, L::splat(1.0f)), F{});
    error_ = refit * (refit * below - 2.0f * above);
    return refit;
  }

  RUNG_INLINE void choose_part(int part, F d, const Iq1Depth& depth) {
    constexpr int kSpansHere = 32 / kSpan, kPointsPerSpan = kSpan / 8;
    Factor tried[kSpansHere][8];
    for (int span = 0; span < kSpansHere; ++span) rank_scales(part * kSpansHere + span, d, depth.scales, tried[span]);
    F least[kSpansHere];
    for (int span = 0; span < kSpansHere; ++span) least[span] = L::splat(__builtin_inff());
    for (int n = 0; n < depth.scales; ++n) {
      F step[kIq1Points], shift[kIq1Points], cost[kIq1Points];
      I code[kIq1Points];
      for (int point = 0; point < kIq1Points; ++point) step[point] = d * tried[point / kPointsPerSpan][n].value;
      if (depth.shifts) {
        find_with_shifts(part, step, shift, code, cost);
      } else {
        relaxed_shifts(part, step, shift);
        points_.find(block_->x + 32 * part, block_->w + 32 * part, step, shift, code, cost);
      }
      for (int span = 0; span < kSpansHere; ++span) {
        F total{};
        for (int point = 0; point < kPointsPerSpan; ++point) total += cost[kPointsPerSpan * span + point];
        const I better = total < least[span];
        least[span] = L::min(total, least[span]);
        F& factor = factor_[part * kSpansHere + span];
        factor = L::select(better, tried[span][n].value, factor);
        for (int point = kPointsPerSpan * span; point < kPointsPerSpan * (span + 1); ++point) {
          const int at = kIq1Points * part + point;
          shift_[at] = L::select(better, shift[point], shift_[at]);
          code_[at] = L::select(better, code[point], code_[at]);
        }
      }
    }
  }

  struct Factor {
    F value = L::splat(1.0f);  ///< 2 s + 1
    F cost = L::splat(__builtin_inff());
    RUNG_INLINE void take(I where, const Factor& from) {
      value = L::select(where, from.value, value);
      cost = L::select(where, from.cost, cost);
    }
  };

  /// Those of the scales with the lowest relaxed errors, best first.
  RUNG_INLINE void rank_scales(int span, F d, int count, Factor* factors) const {
    for (int s = 0; s < 8; ++s) {
      const F value = L::splat(static_cast<float>(2 * s + 1));
      insert_ranked(Factor{value, relaxed_error(span, d * value)}, factors, count);
    }
  }

  /// The better shift of each kShiftSpan of 32 values, were every value free to take its best level.
  RUNG_INLINE void relaxed_shifts(int part, const F* step, F* shift) const {
    constexpr int kPointsPerShift = kShiftSpan / 8;
    for (int first = 0; first < kIq1Points; first += kPointsPerShift) {
      const F* x = block_->x + 32 * part + 8 * first;
      const F* w = block_->w + 32 * part + 8 * first;
      F difference{};
      for (int n = 0; n < kShiftSpan; ++n) {
        const F up = x[n] - step[first] * nearest_level(x[n], step[first], kIq1Shift);
        const F down = x[n] - step[first] * nearest_level(x[n], step[first], -kIq1Shift);
        difference += w[n] * (down * down - up * up);
      }
      const F taken = L::select(difference < L::splat(0.0f), L::splat(-kIq1Shift), L::splat(kIq1Shift));
      for (int point = first; point < first + kPointsPerShift; ++point) shift[point] = taken;
    }
  }

  static RUNG_INLINE F nearest_level(F x, F step, float shift) {
    F level = L::splat(shift);
    level = L::select(x > step * (shift + 0.5f), L::splat(shift + 1.0f), level);
    return L::select(x < step * (shift - 0.5f), L::splat(shift - 1.0f), level);
  }

  /// The best points of 32 values, each kShiftSpan of them with the better shift.
  RUNG_INLINE void find_with_shifts(int part, const F* step, F* shift, I* code, F* cost) {
    constexpr int kPointsPerShift = kShiftSpan / 8;
    const F* x = block_->x + 32 * part;
    const F* w = block_->w + 32 * part;
    F down[kIq1Points], down_cost[kIq1Points];
    I down_code[kIq1Points];
    for (int point = 0; point < kIq1Points; ++point) {
      shift[point] = L::splat(kIq1Shift);
      down[point] = L::splat(-kIq1Shift);
    }
    points_.find(x, w, step, shift, code, cost);
    points_.find(x, w, step, down, down_code, down_cost);
    for (int first = 0; first < kIq1Points; first += kPointsPerShift) {
      F difference{};
      for (int point = first; point < first + kPointsPerShift; ++point) difference += down_cost[point] - cost[point];
      const I take_down = difference < L::splat(0.0f);
      for (int point = first; point < first + kPointsPerShift; ++point) {
        shift[point] = L::select(take_down, down[point], shift[point]);
        code[point] = L::select(take_down, down_code[point], code[point]);
        cost[point] = L::select(take_down, down_cost[point], cost[point]);
      }
    }
  }

  RUNG_INLINE LevelLanes<kLanes> point_sums(int point) const {
    LevelLanes<kLanes> sums;
    for (int n = 0; n < 8; ++n) {
      const F value = L::to_float(((code_[point] >> (2 * n)) & 3) - 1) + shift_[point];
      const F weighted = block_->w[8 * point + n] * value;
      sums.xl += weighted * block_->x[8 * point + n];
      sums.ll += weighted * value;
    }
    return sums;
  }

  void finish(F d) {
    for (int part = 0; part < kPoints / kIq1Points; ++part) {
      F step[kIq1Points], cost[kIq1Points];
      for (int point = 0; point < kIq1Points; ++point) {
        step[point] = d * factor_[8 * (kIq1Points * part + point) / kSpan];
      }
      points_.find(block_->x + 32 * part, block_->w + 32 * part, step, shift_ + kIq1Points * part,
                   code_ + kIq1Points * part, cost);
    }
  }

  const Block* block_ = nullptr;
  Iq1PointSearch<kLanes> points_;
  LevelLanes<kLanes> parabola_[kSpans][kSamples];
  F factor_[kSpans];  ///< 2 s + 1
  F shift_[kPoints];
  I code_[kPoints];
  F error_;
  I half_;
};

inline constexpr Objective kIq1Objective{kPlainWeighting, 1.0f};  // docs/formats.md

RUNG_INLINE Iq1Depth iq1_s_depth(Effort effort) {
  if (effort == Effort::kFast) return {6, 1, false, 1};
  if (effort == Effort::kNormal) return {12, 1, false, 1};
  return {20, 4, true, 3};
}

RUNG_INLINE Iq1Depth iq1_m_depth(Effort effort) {
  if (effort == Effort::kFast) return {6, 1, false, 1};
  if (effort == Effort::kNormal) return {12, 2, true, 1};
  return {20, 4, true, 3};
}

RUNG_INLINE unsigned iq1_index(const Iq1Plan& plan, int32_t code) {
  return plan.point[plan.quad_of_code[code & 255]][plan.quad_of_code[code >> 8]];
}

template <int kLanes>
RUNG_INLINE void store_iq1(const Iq1Plan& plan, const Iq1Search<kLanes, 32, 32>& search, BlockIQ1_S* const* out) {
  using L = Lanes<kLanes>;
  int32_t lanes[kLanes];
  L::store(search.half(), lanes);
  for (int lane = 0; lane < kLanes; ++lane) out[lane]->d = static_cast<uint16_t>(lanes[lane]);
  for (int span = 0; span < 8; ++span) {
    L::store((search.scale(span) << 12) | (search.shifted_down(4 * span) & 0x8000), lanes);
    uint16_t high[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) high[lane] = static_cast<uint16_t>(lanes[lane]);
    for (int part = 0; part < 4; ++part) {
      L::store(search.code(4 * span + part), lanes);
      for (int lane = 0; lane < kLanes; ++lane) {
        const unsigned index = iq1_index(plan, lanes[lane]);
        out[lane]->qs[4 * span + part] = static_cast<uint8_t>(index);
        high[lane] = static_cast<uint16_t>(high[lane] | (index >> 8) << (3 * part));
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) out[lane]->qh[span] = high[lane];
  }
}

template <int kLanes>
RUNG_INLINE void store_iq1(const Iq1Plan& plan, const Iq1Search<kLanes, 16, 8>& search, BlockIQ1_M* const* out) {
  using L = Lanes<kLanes>;
  int32_t lanes[kLanes];
  for (int word = 0; word < 4; ++word) {
    auto scales = ((search.half() >> (4 * word)) & 15) << 12;
    for (int n = 0; n < 4; ++n) scales |= search.scale(4 * word + n) << (3 * n);
    L::store(scales, lanes);
    for (int lane = 0; lane < kLanes; ++lane) out[lane]->scales[word] = static_cast<uint16_t>(lanes[lane]);
  }
  for (int point = 0; point < 32; ++point) {
    // The codes take 16 bits, so the sign of the shift fits above them.
    L::store(search.code(point) | (search.shifted_down(point) & 0x10000), lanes);
    for (int lane = 0; lane < kLanes; ++lane) {
      const unsigned index = iq1_index(plan, lanes[lane] & 0xffff);
      const unsigned nibble = index >> 8 | (lanes[lane] > 0xffff ? 8u : 0u);
      out[lane]->qs[point] = static_cast<uint8_t>(index);
      uint8_t& high = out[lane]->qh[point / 2];
      high = static_cast<uint8_t>(point % 2 == 0 ? nibble : high | nibble << 4);
    }
  }
}

template <int kLanes, class Block, int kSpan, int kShiftSpan>
RUNG_INLINE void encode_iq1(const EncodeInput& input, const Iq1Depth& depth, uint8_t* blocks) {
  const Iq1Plan& plan = iq1_plan();
  Iq1Search<kLanes, kSpan, kShiftSpan> search(plan);
  for_each_block_group<kLanes, Block, 256>(input, kIq1Objective.weighting, blocks,
                                           [&](const BlockLanes<kLanes, 256>& block, Block* const* out) {
                                             search.run(block, depth, kIq1Objective.given_back);
                                             store_iq1(plan, search, out);
                                           });
}

template <int kLanes>
void encode_iq1_s(const EncodeInput& input, uint8_t* blocks) {
  encode_iq1<kLanes, BlockIQ1_S, 32, 32>(input, iq1_s_depth(input.effort), blocks);
}

template <int kLanes>
void encode_iq1_m(const EncodeInput& input, uint8_t* blocks) {
  encode_iq1<kLanes, BlockIQ1_M, 16, 8>(input, iq1_m_depth(input.effort), blocks);
}

}  // namespace rung
