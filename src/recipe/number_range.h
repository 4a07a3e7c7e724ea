// A condition on a number, as recipes write it: "8", ">= 4", "< 1M", "4-16", ">= 75%". Suffixes k, M and G are powers
// of 1000, % a hundredth.
#pragma once

#include <limits>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;  ///< the end itself is not in it
  std::string text;                          ///< as written; empty: any number

  bool contains(double number) const {
    return (low_open ? number > low : number >= low) && (high_open ? number < high : number <= high);
  }
};

/// The error says what was found and what is allowed.
Result<NumberRange> parse_number_range(std::string_view text);

}  // namespace rung
