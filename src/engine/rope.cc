#include "engine/rope.h"

#include <cmath>

namespace rung {

Rope::Rope(const ModelConfig& config, const std::vector<float>& factors)
    : frequencies_(config.rope_dims / 2), adjacent_(config.architecture->rope == RopeLayout::kAdjacent) {
  for (size_t pair = 0; pair < frequencies_.size(); ++pair) {
    const double exponent = -2.0 * static_cast<double>(pair) / static_cast<double>(config.rope_dims);
    frequencies_[pair] = std::pow(static_cast<double>(config.rope_base), exponent) / config.rope_linear_factor;
    if (!factors.empty()) frequencies_[pair] /= factors[pair];
    step_cosine_.push_back(std::cos(frequencies_[pair]));
    step_sine_.push_back(std::sin(frequencies_[pair]));
  }
}

void Rope::angles(size_t position, float* cosine, float* sine) const {
  for (size_t pair = 0; pair < frequencies_.size(); ++pair) {
    const double angle = static_cast<double>(position) * frequencies_[pair];
    cosine[pair] = static_cast<float>(std::cos(angle));
    sine[pair] = static_cast<float>(std::sin(angle));
  }
}

/// From one position to the next the angle grows by the frequency: in doubles the sum formulas lose nothing over the
/// few positions of a call, and cosines are computed once for all of them.
void Rope::turn(size_t position, size_t count, size_t dim, float* heads) const {
  const size_t pairs = frequencies_.size();
  for (size_t pair = 0; pair < pairs; ++pair) {
    const double angle = static_cast<double>(position) * frequencies_[pair];
    double cosine = std::cos(angle), sine = std::sin(angle);
    float* first = heads + (adjacent_ ? 2 * pair : pair);
    const size_t apart = adjacent_ ? 1 : pairs;
    for (size_t row = 0; row < count; ++row, first += dim) {
      const auto c = static_cast<float>(cosine), s = static_cast<float>(sine);
      const float a = first[0], b = first[apart];
      first[0] = a * c - b * s;
      first[apart] = a * s + b * c;
      const double next = cosine * step_cosine_[pair] - sine * step_sine_[pair];
      sine = sine * step_cosine_[pair] + cosine * step_sine_[pair];
      cosine = next;
    }
  }
}

}  // namespace rung
