#include "measure/loops.h"

#include <algorithm>

namespace rung {
namespace {

constexpr size_t kLongestBlock = 64;
constexpr size_t kRepetitions = 3;
constexpr size_t kFewestTokens = 24;

}  // namespace

bool ends_in_loop(std::span<const Token> tokens) {
  for (size_t period = 1; period <= kLongestBlock; ++period) {
    const size_t tail = std::max(kRepetitions * period, kFewestTokens);
    if (tail > tokens.size()) return false;
    const auto last = tokens.last(tail);
    if (std::equal(last.begin() + static_cast<ptrdiff_t>(period), last.end(), last.begin())) return true;
  }
  return false;
}

}  // namespace rung
