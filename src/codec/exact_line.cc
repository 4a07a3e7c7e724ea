#include "codec/exact_line.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/half.h"

namespace rung {
namespace {

double nearest_half(double value, float unit) {
  return static_cast<double>(half_to_float(float_to_half(static_cast<float>(value * unit)))) / unit;
}

bool near(double left, double right, double tolerance) { return std::fabs(left - right) <= tolerance; }

/// One block as numbers of steps above its smallest value.
struct Block {
  const float* x;
  size_t count;
  double low = 0.0;
  double range = 0.0;
  double tolerance = 0.0;  ///< what rounding the decoded values to floats may have moved a difference

  Block(const float* values, size_t size) : x(values), count(size) {
    const auto [least, most] = std::minmax_element(x, x + count);
    low = *least;
    range = static_cast<double>(*most) - low;
    tolerance = 0x1p-22 * std::max(std::fabs(low), std::fabs(low + range));
  }
  /// Whether every value is a whole number of steps above the smallest one.
  bool whole_steps(double step) const {
    const double slack = std::min(0.25, tolerance / step);
    return std::all_of(x, x + count, [&](float value) {
      const double steps = (value - low) / step;
      return near(steps, std::nearbyint(steps), slack);
    });
  }
  /// Whether the decoder gives exactly these values.
  bool decodes(float scale, float min, int top) const {
    return std::all_of(x, x + count, [&](float value) {
      const double code = scale == 0.0f ? 0.0 : std::nearbyint((static_cast<double>(value) + min) / scale);
      return code >= 0.0 && code <= top && scale * static_cast<float>(code) - min == value;
    });
  }
};

/// Numbers of steps that may span the block's range, the finest first.
std::vector<int> possible_spans(const Block& block, int top) {
  std::vector<int> spans;
  for (int span = top; span > 0; --span) {
    if (block.whole_steps(block.range / span)) spans.push_back(span);
  }
  return spans;
}

class SuperSearch {
 public:
  SuperSearch(const float* x, size_t blocks, int top, int most, float unit) : top_(top), most_(most), unit_(unit) {
    for (size_t b = 0; b < blocks; ++b) blocks_.emplace_back(x + b * (256 / blocks), 256 / blocks);
    choices_.resize(blocks);
  }

  std::optional<ExactSuperLine> search() {
    for (const Block& block : blocks_) {
      spans_.push_back(block.range > 0.0 ? possible_spans(block, top_) : std::vector<int>{});
      if (block.range > 0.0 && spans_.back().empty()) return std::nullopt;
    }
    for (const double d : scales_to_try()) {
      if (!choose_scales(d)) continue;
      if (const auto found = search_min(d)) return found;
    }
    return std::nullopt;
  }

 private:
  /// A scale and the minimum that goes with it when the smallest value has some code.
  struct Choice {
    int scale;
    double min;
  };

  /// From the widest block: its step is d times an integer.
  std::vector<double> scales_to_try() const {
    const auto widest = std::max_element(blocks_.begin(), blocks_.end(),
                                         [](const Block& a, const Block& b) { return a.range < b.range; });
    std::vector<double> steps, scales;
    if (widest->range > 0.0) {
      for (const int span : spans_[static_cast<size_t>(widest - blocks_.begin())])
        steps.push_back(widest->range / span);
    } else {  // constant blocks: a positive one needs a scale
      const auto highest = std::max_element(blocks_.begin(), blocks_.end(),
                                            [](const Block& a, const Block& b) { return a.low < b.low; });
      if (highest->low <= 0.0) return {0.0};
      for (int code = 1; code <= top_; ++code) steps.push_back(highest->low / code);
    }
    for (const double step : steps) {
      for (int scale = most_; scale > 0; --scale) {
        const double d = nearest_half(step / scale, unit_);
        if (d > 0.0 && near(d * scale, step, widest->tolerance)) scales.push_back(d);
      }
    }
    return scales;
  }

  /// Fills choices_; false where some block has none.
  bool choose_scales(double d) {
    for (size_t b = 0; b < blocks_.size(); ++b) {
      choices_[b].clear();
      if (blocks_[b].range == 0.0) {
        for (int scale = 0; scale <= (d > 0.0 ? most_ : 0); ++scale) add_choices(b, d, scale, 0);
      }
      for (const int span : spans_[b]) {
        const double step = blocks_[b].range / span;
        const double scale = d > 0.0 ? std::nearbyint(step / d) : 0.0;
        if (scale < 1.0 || scale > most_ || !near(scale * d, step, blocks_[b].tolerance)) continue;
        add_choices(b, d, static_cast<int>(scale), span);
      }
      if (choices_[b].empty()) return false;
    }
    return true;
  }

  void add_choices(size_t b, double d, int scale, int span) {
    for (int code = 0; code <= (scale == 0 ? 0 : top_ - span); ++code) {
      const double min = d * scale * code - blocks_[b].low;
      if (min >= -blocks_[b].tolerance) choices_[b].push_back({scale, std::max(0.0, min)});
    }
  }

  /// Any block's minimum is dmin times an integer, or zero.
  std::optional<ExactSuperLine> search_min(double d) const {
    if (const auto found = finish(d, 0.0)) return found;
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const auto nothing = [&](const Choice& choice) { return choice.min <= blocks_[b].tolerance; };
      for (const Choice& choice : choices_[b]) {
        if (nothing(choice)) continue;
        for (int min = most_; min > 0; --min) {
          const double dmin = nearest_half(choice.min / min, unit_);
          if (dmin <= 0.0 || !near(dmin * min, choice.min, blocks_[b].tolerance)) continue;
          if (const auto found = finish(d, dmin)) return found;
        }
      }
      if (std::none_of(choices_[b].begin(), choices_[b].end(), nothing)) break;  // one of these was the right one
    }
    return std::nullopt;
  }

  std::optional<ExactSuperLine> finish(double d, double dmin) const {
    ExactSuperLine line;
    line.d = static_cast<float>(d);
    line.dmin = static_cast<float>(dmin);
    for (size_t b = 0; b < blocks_.size(); ++b) {
      const auto fits = [&](const Choice& choice) {
        const double min = dmin > 0.0 ? std::nearbyint(choice.min / dmin) : 0.0;
        if (min > most_ || !near(min * dmin, choice.min, blocks_[b].tolerance)) return false;
        line.scale[b] = choice.scale;
        line.min[b] = static_cast<int>(min);
        return blocks_[b].decodes(line.d * static_cast<float>(choice.scale), line.dmin * static_cast<float>(min), top_);
      };
      if (std::none_of(choices_[b].begin(), choices_[b].end(), fits)) return std::nullopt;
    }
    return line;
  }

  int top_;
  int most_;
  float unit_;
  std::vector<Block> blocks_;
  std::vector<std::vector<int>> spans_;
  std::vector<std::vector<Choice>> choices_;
};

}  // namespace

bool find_exact_line(const float* x, size_t count, int top, float unit, ExactLine* line) {
  const Block block(x, count);
  const auto take = [&](double scale, double min) {
    const ExactLine now = {static_cast<float>(scale), static_cast<float>(min)};
    if (!block.decodes(now.scale, now.min, top)) return false;
    *line = now;
    return true;
  };
  if (block.range == 0.0) return take(0.0, -nearest_half(block.low, unit));
  for (const int span : possible_spans(block, top)) {
    const double scale = nearest_half(block.range / span, unit);
    if (!near(scale * span, block.range, block.tolerance)) continue;
    for (int code = 0; code <= top - span; ++code) {
      if (take(scale, -nearest_half(block.low - scale * code, unit))) return true;
    }
  }
  return false;
}

bool find_exact_super_line(const float* x, size_t blocks, int top, int most, float unit, ExactSuperLine* line) {
  const std::optional<ExactSuperLine> found = SuperSearch(x, blocks, top, most, unit).search();
  if (found) *line = *found;
  return found.has_value();
}

}  // namespace rung
