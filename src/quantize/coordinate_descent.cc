#include "quantize/coordinate_descent.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "codec/codebook_points.h"

namespace rung {
namespace {

constexpr size_t kEight = 8;
constexpr int kRounds = 3;            // of sweeps and a fit of the scale
constexpr int kSweeps = 2;            // in a round
constexpr size_t kMostPoints = 1024;  // of a grid: iq2_s
constexpr size_t kCandidates = 8;     // points of eight, the nearest by each column alone, that are compared under H

using Eight = std::array<float, kEight>;
using Square = std::array<Eight, kEight>;

/// A choice for eight values.
struct Choice {
  std::array<uint16_t, 2> point{};
  float distance = 0;
};

/// The best few, nearest first.
template <size_t kCount>
struct Shortlist {
  std::array<Choice, kCount> choices;
  size_t count = 0;

  void offer(const Choice& choice) {
    size_t place = count < kCount ? count++ : kCount - 1;
    for (; place > 0 && choices[place - 1].distance > choice.distance; --place) choices[place] = choices[place - 1];
    choices[place] = choice;
  }
};

/// x with a x = b; a is positive definite.
Eight solve(Square a, Eight b) {
  for (size_t pivot = 0; pivot < kEight; ++pivot)
    for (size_t row = pivot + 1; row < kEight; ++row) {
      const float factor = a[row][pivot] / a[pivot][pivot];
      for (size_t column = pivot; column < kEight; ++column) a[row][column] -= factor * a[pivot][column];
      b[row] -= factor * b[pivot];
    }
  for (size_t row = kEight; row-- > 0;) {
    for (size_t column = row + 1; column < kEight; ++column) b[row] -= a[row][column] * b[column];
    b[row] /= a[row][row];
  }
  return b;
}

float quadratic(const Square& a, const Eight& x) {
  float sum = 0;
  for (size_t row = 0; row < kEight; ++row)
    for (size_t column = 0; column < kEight; ++column) sum += a[row][column] * x[row] * x[column];
  return sum;
}

class Descent {
 public:
  Descent(Format format, const float* target, const float* moments, uint8_t* block)
      : format_(format), points_(point_set(format)), target_(target), moments_(moments), block_(block) {
    for (size_t value = 0; value < points_.values; ++value)
      for (size_t point = 0; point < points_.points(); ++point)
        magnitudes_.push_back(points_.magnitudes[point * points_.values + value]);
    read();
  }

  void run() {
    for (int round = 0; round < kRounds; ++round) {
      bool moved = false;
      for (int sweep = 0; sweep < kSweeps; ++sweep) {
        bool any = false;
        for (size_t eight = 0; eight < kDescentValues / kEight; ++eight) any = improve(eight) || any;
        moved = moved || any;
        if (!any) break;
      }
      if (!fit_scale() && !moved) return;
    }
  }

 private:
  const float* row(size_t value) const { return moments_ + value * kDescentValues; }

  void read() {
    std::array<int8_t, kDescentValues> codes;
    std::array<float, kDescentValues> scale, unused;
    const size_t group = format_info(format_).group_values;
    unpack_row(format_, block_, kDescentValues, codes.data(), scale.data(), unused.data());
    for (size_t value = 0; value < kDescentValues; ++value) {
      scale_[value] = scale[value / group];
      decoded_[value] = scale_[value] * static_cast<float>(codes[value]);
      slope_[value] = 0;
    }
    for (size_t value = 0; value < kDescentValues; ++value)
      for (size_t other = 0; other < kDescentValues; ++other)
        slope_[other] += row(value)[other] * (target_[value] - decoded_[value]);
  }

  double cost() const {
    double sum = 0;
    for (size_t value = 0; value < kDescentValues; ++value)
      sum += double{slope_[value]} * (target_[value] - decoded_[value]);
    return sum;
  }

  /// With all other errors as they are, eight values cost a constant and (want - decoded) A (want - decoded).
  bool improve(size_t eight) {
    const size_t first = kEight * eight;
    const float scale = scale_[first];
    if (scale == 0.0f) return false;
    Square a;
    Eight want;
    for (size_t left = 0; left < kEight; ++left) {
      std::copy_n(row(first + left) + first, kEight, a[left].begin());
      want[left] = slope_[first + left];
    }
    want = solve(a, want);
    Eight present = want;  // the optimum's distance from the present choice
    for (size_t value = 0; value < kEight; ++value) want[value] += decoded_[first + value];
    float best = quadratic(a, present) * (1 - 1e-5f);  // less would be rounding
    Choice chosen;
    Eight values{};
    uint8_t signs = 0;
    for_each_candidate(a, want, scale, [&](const Choice& choice, uint8_t with, const Eight& decoded) {
      Eight error;
      for (size_t value = 0; value < kEight; ++value) error[value] = want[value] - decoded[value];
      const float candidate = quadratic(a, error);
      if (!(candidate < best)) return;
      best = candidate;
      chosen = choice;
      signs = with;
      values = decoded;
    });
    if (values == Eight{}) return false;
    set_points(format_, block_, eight, chosen.point.data(), signs);
    for (size_t value = 0; value < kEight; ++value) move(first + value, values[value]);
    return true;
  }

  void move(size_t value, float decoded) {
    const float step = decoded - decoded_[value];
    if (step == 0.0f) return;
    decoded_[value] = decoded;
    for (size_t other = 0; other < kDescentValues; ++other) slope_[other] -= row(value)[other] * step;
  }

  /// The points nearest to `want` with each column weighed by itself, signs as wanted, or all but one where their
  /// number must be even.
  template <typename Visit>
  void for_each_candidate(const Square& a, const Eight& want, float scale, const Visit& visit) const {
    Eight size, weight;
    unsigned signs = 0;
    for (size_t value = 0; value < kEight; ++value) {
      const float wanted = want[value] / scale;
      signs |= (wanted < 0 ? 1u : 0u) << value;
      size[value] = std::fabs(wanted);
      weight[value] = a[value][value];
    }
    const bool odd = points_.even_signs && std::popcount(signs) % 2 != 0;
    for (const Choice& choice : nearest(size, weight)) {
      unsigned with = signs;
      Eight magnitude;
      for (size_t value = 0; value < kEight; ++value) magnitude[value] = magnitude_of(choice, value);
      if (odd) {
        size_t cheapest = 0;
        for (size_t value = 1; value < kEight; ++value)
          if (weight[value] * size[value] * magnitude[value] < weight[cheapest] * size[cheapest] * magnitude[cheapest])
            cheapest = value;
        with ^= 1u << cheapest;
      }
      Eight decoded;
      for (size_t value = 0; value < kEight; ++value)
        decoded[value] = scale * ((with >> value & 1u) != 0 ? -magnitude[value] : magnitude[value]);
      visit(choice, static_cast<uint8_t>(with), decoded);
    }
  }

  float magnitude_of(const Choice& choice, size_t value) const {
    return points_.magnitudes[choice.point[value / points_.values] * points_.values + value % points_.values];
  }

  std::vector<Choice> nearest(const Eight& size, const Eight& weight) const {
    if (points_.values == kEight) {
      const auto list = nearest_from<kCandidates>(size, weight, 0);
      return {list.choices.begin(), list.choices.begin() + static_cast<ptrdiff_t>(list.count)};
    }
    const auto left = nearest_from<4>(size, weight, 0), right = nearest_from<4>(size, weight, 4);
    std::vector<Choice> pairs;
    for (const Choice& first : left.choices)
      for (const Choice& second : right.choices)
        pairs.push_back({{first.point[0], second.point[0]}, first.distance + second.distance});
    return pairs;
  }

  template <size_t kCount>
  Shortlist<kCount> nearest_from(const Eight& size, const Eight& weight, size_t first) const {
    std::array<float, kMostPoints> distance{};
    for (size_t value = 0; value < points_.values; ++value) {
      const float* magnitude = magnitudes_.data() + value * points_.points();
      const float wanted = size[first + value], heavy = weight[first + value];
      for (size_t point = 0; point < points_.points(); ++point) {
        const float miss = wanted - magnitude[point];
        distance[point] += heavy * miss * miss;
      }
    }
    Shortlist<kCount> list;
    for (size_t point = 0; point < points_.points(); ++point)
      if (list.count < kCount || distance[point] < list.choices[kCount - 1].distance)
        list.offer({{static_cast<uint16_t>(point), 0}, distance[point]});
    return list;
  }

  /// The scale d that costs least for the present codes; false: the present one.
  bool fit_scale() {
    double along = 0, power = 0;  // target H decoded, decoded H decoded
    for (size_t value = 0; value < kDescentValues; ++value) {
      double product = 0;
      for (size_t other = 0; other < kDescentValues; ++other) product += double{row(value)[other]} * decoded_[other];
      along += product * target_[value];
      power += product * decoded_[value];
    }
    if (!(power > 0) || !(along > 0)) return false;
    const double before = cost();
    const float scale = block_scale(block_);
    set_block_scale(block_, static_cast<float>(scale * along / power));
    if (block_scale(block_) == scale) return false;
    read();
    if (cost() < before) return true;
    set_block_scale(block_, scale);
    read();
    return false;
  }

  Format format_;
  PointSet points_;
  std::vector<float> magnitudes_;  ///< (values of a point, points): many points at a time
  const float* target_;
  const float* moments_;
  uint8_t* block_;
  std::array<float, kDescentValues> scale_, decoded_;
  std::array<float, kDescentValues> slope_;  ///< H (target - decoded)
};

}  // namespace

bool takes_descent(Format format) { return point_set(format).points() != 0; }

void descend_block(Format format, const float* target, const float* moments, uint8_t* block) {
  Descent(format, target, moments, block).run();
}

}  // namespace rung
