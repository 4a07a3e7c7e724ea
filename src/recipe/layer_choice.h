// Which layers of a model a rule is for, as recipes write it; parts are joined by commas.
//   37-42, 5      by number, from 0
//   first 4       the first four; last 6
//   last 6/43     in proportion, to the nearest layer and at least one; also 14%
//   first n/8     with n the number of layers, divided as integers are: of 6 layers none; from 7n/8: layer 5 of 6
//   more bits     llama.cpp's choice: the first n/8, from 7n/8, and every third layer between
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

/// A number of layers.
struct LayerAmount {
  enum class Kind : uint8_t {
    kCount,       ///< numerator
    kProportion,  ///< of the model: rounded, at least one
    kFormula,     ///< numerator * n / denominator, rounded down
  };
  Kind kind = Kind::kCount;
  uint64_t numerator = 0, denominator = 1;

  uint64_t of(uint64_t layers) const;
};

class LayerChoice {
 public:
  /// The error says what was found and what is allowed.
  static Result<LayerChoice> parse(std::string_view text);

  const std::string& text() const { return text_; }  ///< as written; empty: every layer
  bool contains(uint64_t layer, uint64_t layers) const;

 private:
  enum class Kind : uint8_t { kFirst, kLast, kFrom, kRange, kMoreBits };
  struct Part {
    Kind kind = Kind::kRange;
    LayerAmount amount;
    uint64_t first = 0, last = 0;  ///< of kRange
  };
  static Result<Part> parse_part(std::string_view text);
  static bool contains(const Part& part, uint64_t layer, uint64_t layers);

  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace rung
