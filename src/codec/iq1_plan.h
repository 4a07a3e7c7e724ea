// How to find the best of the 2048 grid points of iq1_s and iq1_m with few operations. A point is two quads of four
// values in {-1, 0, 1}; the cost of a point is the sum of its quads' costs, so for each first quad only the minimum
// over the second quads that occur with it is needed: 2048 minima over 81 sets. The sets have much in common: minima
// that several sets share are taken once, which leaves about 960. Constant, made at first use; thread-safe.
#pragma once

#include <cstdint>

namespace rung {

struct Iq1Plan {
  static constexpr int kQuads = 81;
  static constexpr int kMostShared = 174;
  static constexpr int kMostMembers = 2048;

  /// Two bits a value, the first lowest: level + 1. By quad, whose number has the first value as its lowest ternary
  /// digit.
  uint8_t code[kQuads];
  /// Entry kQuads + n is the minimum of entries left[n] and right[n], which stand before it.
  int shared;
  uint8_t left[kMostShared];
  uint8_t right[kMostShared];
  /// First quad number first[n] occurs with the second quads that entries member[first_member[n]] and so on, up to
  /// first_member[n + 1], cover. In order of the number of members, so that a processor foresees the ends of the loops.
  uint8_t first[kQuads];
  uint16_t first_member[kQuads + 1];
  uint8_t member[kMostMembers];
  uint8_t quad_of_code[256];
  uint16_t point[kQuads][kQuads];  ///< grid index, by first and second quad
};

const Iq1Plan& iq1_plan();

}  // namespace rung
