// Encoder of iq2_xxs: 8 magnitudes at a time from a grid of 256 points, an even number of minus signs among them, a
// 4-bit scale per 32 values and a half per 256.
//
// The search over the grid is exact. With step t, magnitudes t * g and the signs of x, the error of a group of 8 is
//   sum w x^2 - 2 t A + t^2 B,   A = sum w |x| g,   B = sum w g^2,
// and where the signs of x have odd parity one must flip, which costs 4 t w |x| g of the value that is cheapest to
// flip: A becomes A - 2 min(w |x| g). Neither A nor B depends on t, so dividing by t makes every point a straight line
// in t, and the best points for all steps are the lower envelope of 256 lines: a handful of corners, found once per
// group. After that any step is judged exactly in a few operations, and scales are searched by true error.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "codec/blocks.h"
#include "codec/codebooks.h"
#include "codec/encode_block.h"
#include "codec/encode_formats.h"
#include "codec/encode_lanes.h"

namespace rung {
namespace {

constexpr size_t kValues = 256;
constexpr size_t kPoints = 256;
constexpr size_t kGroup = 8;                  ///< values of a grid point
constexpr size_t kGroups = kValues / kGroup;  ///< in a super-block
constexpr size_t kGroupsPerScale = 4;
constexpr size_t kScales = kGroups / kGroupsPerScale;
constexpr int kTopScale = 15;
constexpr float kLeastMagnitude = 8.0f;

/// The step of 4-bit scale s is d * factor(s).
float factor(int scale) { return (0.5f + static_cast<float>(scale)) * 0.25f; }

/// Magnitudes with one row per position, so that four points load at once.
struct GridColumns {
  alignas(16) float magnitude[kGroup][kPoints];
  GridColumns() {
    for (size_t point = 0; point < kPoints; ++point) {
      for (size_t n = 0; n < kGroup; ++n) magnitude[n][point] = iq2_xxs_grid()[point][n];
    }
  }
};

const GridColumns& grid_columns() {
  static const GridColumns columns;
  return columns;
}

/// Sums over a group (or a block) for its best points at some step.
struct GridSums {
  float a = 0;
  float b = 0;
  float error(float step) const { return step * (step * b - 2.0f * a); }  ///< less the constant sum w x^2
};

/// The points of one group that are best at some step, by rising step.
class Envelope {
 public:
  /// Exact for steps from first_step to last_step; the end points stay beyond.
  void build(const float* x, const float* w, float first_step, float last_step) {
    Lines all;
    sum_points(x, w, all);
    const size_t first = best_point(all, first_step);
    const size_t last = best_point(all, last_step);
    Lines lines;
    const size_t count = keep_below_chord(all, first, last, lines);
    walk({all.a[first], all.b[first]}, static_cast<uint8_t>(first), lines, count);
  }

  const GridSums& sums_at(float step) const { return corner_at(step).sums; }
  uint8_t point_at(float step) const { return corner_at(step).point; }

 private:
  static constexpr size_t kMaxCorners = 40;
  struct Corner {
    float until;  ///< the largest step at which this point is best
    GridSums sums;
    uint8_t point;
  };
  struct Lines {
    alignas(16) float a[kPoints + kLanes];
    alignas(16) float b[kPoints + kLanes];
    uint8_t point[kPoints + kLanes];
  };

  static void sum_points(const float* x, const float* w, Lines& lines) {
    unsigned negative = 0;
    float wx[kGroup];
    for (size_t n = 0; n < kGroup; ++n) {
      wx[n] = w[n] * std::fabs(x[n]);
      negative += x[n] < 0.0f ? 1 : 0;
    }
    const F4 flip = splat(negative % 2 != 0 ? 2.0f : 0.0f);
    const GridColumns& columns = grid_columns();
    for (size_t point = 0; point < kPoints; point += kLanes) {
      F4 sum_a{}, sum_b{}, cheapest = splat(std::numeric_limits<float>::infinity());
      for (size_t n = 0; n < kGroup; ++n) {
        const F4 magnitude = load_lanes(columns.magnitude[n] + point);
        const F4 term = splat(wx[n]) * magnitude;
        sum_a += term;
        cheapest = min_lanes(cheapest, term);
        sum_b += splat(w[n]) * magnitude * magnitude;
      }
      store_lanes(sum_a - flip * cheapest, lines.a + point);
      store_lanes(sum_b, lines.b + point);
    }
  }

  static size_t best_point(const Lines& lines, float step) {
    F4 least = splat(std::numeric_limits<float>::infinity());
    I4 best{}, index = {0, 1, 2, 3};
    for (size_t point = 0; point < kPoints; point += kLanes) {
      const F4 cost = splat(step) * load_lanes(lines.b + point) - splat(2.0f) * load_lanes(lines.a + point);
      const I4 better = cost < least;
      best = better ? index : best;
      least = better ? cost : least;
      index += I4{4, 4, 4, 4};
    }
    size_t lane = 0;
    for (size_t other = 1; other < kLanes; ++other) {
      if (least[other] < least[lane]) lane = other;
    }
    return static_cast<size_t>(best[lane]);
  }

  /// Only points below the line through the envelope's two ends can be corners. The last end is kept too.
  static size_t keep_below_chord(const Lines& all, size_t first, size_t last, Lines& kept) {
    const F4 rise = splat(all.a[first] - all.a[last]);
    const F4 run = splat(all.b[first] - all.b[last]);
    size_t count = 0;
    for (size_t point = 0; point < kPoints; point += kLanes) {
      const F4 a = load_lanes(all.a + point);
      const F4 b = load_lanes(all.b + point);
      const I4 below = (a - splat(all.a[last])) * run > (b - splat(all.b[last])) * rise;
      for (size_t lane = 0; lane < kLanes; ++lane) {
        kept.a[count] = a[lane];
        kept.b[count] = b[lane];
        kept.point[count] = static_cast<uint8_t>(point + lane);
        count += below[lane] != 0 ? 1 : 0;
      }
    }
    kept.a[count] = all.a[last];
    kept.b[count] = all.b[last];
    kept.point[count] = static_cast<uint8_t>(last);
    ++count;
    for (size_t pad = count; pad % kLanes != 0; ++pad) {  // lines too steep to be chosen
      kept.a[pad] = 0.0f;
      kept.b[pad] = std::numeric_limits<float>::infinity();
    }
    return count;
  }

  /// From each corner to the line that undercuts it first, until none does.
  void walk(GridSums at, uint8_t point, const Lines& lines, size_t count) {
    for (count_ = 0; count_ < kMaxCorners;) {
      const F4 never = splat(std::numeric_limits<float>::infinity());
      F4 soonest = never;
      I4 next{}, index = {0, 1, 2, 3};
      for (size_t n = 0; n < count; n += kLanes) {
        const F4 b = load_lanes(lines.b + n);
        const F4 flatter = splat(at.b) - b;
        const F4 crossing = (splat(at.a) - load_lanes(lines.a + n)) / flatter;
        const I4 sooner = (flatter > splat(0.0f)) & (crossing < soonest);
        next = sooner ? index : next;
        soonest = sooner ? crossing : soonest;
        index += I4{4, 4, 4, 4};
      }
      size_t lane = 0;
      for (size_t other = 1; other < kLanes; ++other) {
        if (soonest[other] < soonest[lane]) lane = other;
      }
      corners_[count_++] = {2.0f * soonest[lane], at, point};
      if (soonest[lane] == never[0]) return;
      const size_t chosen = static_cast<size_t>(next[lane]);
      at = {lines.a[chosen], lines.b[chosen]};
      point = lines.point[chosen];
    }
    corners_[count_ - 1].until = std::numeric_limits<float>::infinity();
  }

  const Corner& corner_at(float step) const {
    const Corner* corner = corners_.data();
    while (step > corner->until) ++corner;
    return *corner;
  }

  std::array<Corner, kMaxCorners> corners_;
  size_t count_ = 0;
};

class Search {
 public:
  struct Result {
    float d = 0;
    std::array<int, kScales> scale{};
    float error = std::numeric_limits<float>::infinity();
  };

  explicit Search(const EncodeBlock& block) : block_(block) {
    for (size_t b = 0; b < kScales; ++b) {
      constexpr size_t kSpan = kGroup * kGroupsPerScale;
      float largest = 0.0f;
      for (size_t n = 0; n < kSpan; ++n) largest = std::max(largest, std::fabs(block.x[b * kSpan + n]));
      // Larger steps than this put even the largest value below the smallest magnitude; steps smaller than a twelfth of
      // it clip that value to less than half.
      const float last_step = largest / kLeastMagnitude;
      for (size_t g = b * kGroupsPerScale; g < (b + 1) * kGroupsPerScale; ++g) {
        envelopes_[g].build(block.x + g * kGroup, block.w + g * kGroup, last_step / 12.0f, last_step);
      }
      free_step_[b] = best_free_step(b, last_step);
    }
  }

  Result run() const {
    const float largest = *std::max_element(free_step_.begin(), free_step_.end());
    Result best;
    constexpr int kStarts = 8;
    for (int start = 0; start < kStarts; ++start) {
      const float share = 1.05f - 0.35f * static_cast<float>(start) / (kStarts - 1);
      const Result result = polish(store(largest / (share * factor(kTopScale))));
      if (result.error < best.error) best = result;
    }
    return best;
  }

  uint8_t point(const Result& result, size_t group) const {
    return envelopes_[group].point_at(result.d * factor(result.scale[group / kGroupsPerScale]));
  }

 private:
  GridSums sums_at(size_t b, float step) const {
    GridSums sums;
    for (size_t g = b * kGroupsPerScale; g < (b + 1) * kGroupsPerScale; ++g) {
      const GridSums& part = envelopes_[g].sums_at(step);
      sums.a += part.a;
      sums.b += part.b;
    }
    return sums;
  }

  /// Steps at even ratios below last_step, each with its least-squares refit.
  float best_free_step(size_t b, float last_step) const {
    constexpr int kSteps = 24;
    constexpr float kRatio = 0.88f;
    float best_gain = 0.0f, best = 0.0f, step = last_step;
    for (int n = 0; n < kSteps; ++n, step *= kRatio) {
      const GridSums sums = sums_at(b, step);
      if (!(sums.a > 0.0f && sums.a * sums.a > best_gain * sums.b)) continue;
      best_gain = sums.a * sums.a / sums.b;
      best = sums.a / sums.b;
    }
    return best;
  }

  float store(float d) const {
    const float stored = block_.through_half(d);
    return stored == 0.0f && d > 0.0f ? block_.smallest_half() : stored;
  }

  Result polish(float d) const {
    Result best;
    for (int round = 0; round < 6; ++round) {
      Result now;
      now.d = d;
      now.error = 0.0f;
      float above = 0.0f, below = 0.0f;
      for (size_t b = 0; b < kScales; ++b) {
        now.scale[b] = best_scale(b, d);
        const float k = factor(now.scale[b]);
        const GridSums sums = sums_at(b, d * k);
        now.error += sums.error(d * k);
        above += k * sums.a;
        below += k * k * sums.b;
      }
      if (!(now.error < best.error)) break;
      best = now;
      const float refit = above > 0.0f ? store(above / below) : d;
      if (refit == d) break;
      d = refit;
    }
    return best;
  }

  /// The best of the scales whose steps lie around the block's free one.
  int best_scale(size_t b, float d) const {
    constexpr int kWindow = 3;
    const float wanted = d > 0.0f ? std::min(free_step_[b] / d * 4.0f - 0.5f, 1e3f) : 0.0f;
    const int centre = std::clamp(static_cast<int>(std::lrintf(wanted)), 0, kTopScale);
    int best = centre;
    float least = std::numeric_limits<float>::infinity();
    for (int scale = std::max(0, centre - kWindow); scale <= std::min(kTopScale, centre + kWindow); ++scale) {
      const float step = d * factor(scale);
      const float error = sums_at(b, step).error(step);
      if (error < least) {
        least = error;
        best = scale;
      }
    }
    return best;
  }

  const EncodeBlock& block_;
  std::array<Envelope, kGroups> envelopes_;
  std::array<float, kScales> free_step_;
};

/// The 7-bit sign index of a group, after the flip that parity may force; see the head of this file.
uint32_t sign_index(const float* x, const float* w, const std::array<int8_t, kGroup>& magnitude) {
  unsigned signs = 0;
  size_t cheapest = 0;
  float least = std::numeric_limits<float>::infinity();
  for (size_t n = 0; n < kGroup; ++n) {
    signs |= (x[n] < 0.0f ? 1u : 0u) << n;
    const float cost = w[n] * std::fabs(x[n]) * static_cast<float>(magnitude[n]);
    if (cost < least) {
      least = cost;
      cheapest = n;
    }
  }
  if (std::popcount(signs) % 2 != 0) signs ^= 1u << cheapest;
  return signs & 127u;
}

/// The scale of least squared error shrinks the weights in proportion to the error that is left, which costs the model
/// more than the error saves. How much of it to give back was settled by KL divergence on calibration text (pico-moe,
/// recipe asymmetric, 30,000 tokens of calibration.txt; none: 0.0772, 2/3: 0.0717, 0.85: 0.0701, all: 0.0705, each
/// +- 0.0012).
constexpr float kGivenBack = 0.85f;

/// `error` is relative to sum w x^2, as Search has it. 1 where nothing is lost: exact blocks stay exact.
float inflation(const EncodeBlock& block, float error) {
  float energy = 0.0f;
  for (size_t n = 0; n < kValues; ++n) energy += block.w[n] * block.x[n] * block.x[n];
  return energy > 0.0f ? 1.0f + kGivenBack * std::clamp(1.0f + error / energy, 0.0f, 1.0f) : 1.0f;
}

void write_block(const EncodeBlock& block, BlockIQ2_XXS& out) {
  const Search search(block);
  Search::Result result = search.run();
  result.d = block.through_half(result.d * inflation(block, result.error));
  out.d = block.to_half(result.d);
  for (size_t b = 0; b < kScales; ++b) {
    uint32_t signs_scale = static_cast<uint32_t>(result.scale[b]) << 28;
    for (size_t part = 0; part < kGroupsPerScale; ++part) {
      const size_t group = b * kGroupsPerScale + part;
      const uint8_t point = search.point(result, group);
      out.groups[b].grid[part] = point;
      signs_scale |= sign_index(block.x + group * kGroup, block.w + group * kGroup, iq2_xxs_grid()[point])
                     << (7 * part);
    }
    out.groups[b].signs_scale = signs_scale;
  }
}

}  // namespace

void encode_iq2_xxs(const float* row, size_t values, const float* importance, uint8_t* blocks) {
  BlockIQ2_XXS* out = reinterpret_cast<BlockIQ2_XXS*>(blocks);
  EncodeBlock block;
  for (size_t first = 0; first < values; first += kValues) {
    block.load(row + first, kValues, importance == nullptr ? nullptr : importance + first, Emphasis::kLarge,
               mean_square(row + first, kValues));
    write_block(block, *out++);
  }
}

}  // namespace rung
