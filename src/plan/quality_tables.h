// Published measurements of what quantization costs, each with where it was published. Read for facts; the numbers are
// as printed there.
#pragma once

#include <span>
#include <string_view>

namespace rung {

struct PublishedPoint {
  std::string_view type;  ///< lower case
  double gib;             ///< size of the file
  double loss;            ///< as the curve says
};

struct PublishedCurve {
  std::string_view model;
  double weights;        ///< of the model
  double least_weights;  ///< of models that it stands for
  bool is_perplexity;    ///< loss is the relative rise of perplexity, else mean KL divergence in nats
  std::string_view source;
  std::span<const PublishedPoint> points;  ///< by falling size
};
/// From the largest models to the smallest.
std::span<const PublishedCurve> published_curves();

struct PublishedLoss {
  double least_weights, most_weights;  ///< of the models it stands for, in billions
  double least_bits, most_bits;        ///< a weight
  std::string_view capability;
  double change;  ///< relative to the unquantized score
  std::string_view finding, source;
};
std::span<const PublishedLoss> published_losses();

}  // namespace rung
