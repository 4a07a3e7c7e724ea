// The numbers that a schema allows, as decimals written digit by digit: which prefixes can still become one of them.
// Without bounds: up to 19 digits before the point, 20 after it, an exponent of up to 2 digits. With bounds there is no
// exponent: an integer has up to 19 digits, another number up to 15 in all, because different decimals of up to 15
// digits are different doubles (IEEE 754 binary64), so that the validator's arithmetic agrees with ours.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/status.h"

namespace rung {

/// A number as far as it has been written.
struct DecimalPrefix {
  enum class State : uint8_t { kSign, kZero, kInteger, kPoint, kFraction, kExponent, kExponentSign, kExponentDigits };

  State state = State::kSign;
  bool is_negative = false;
  uint8_t integer_digits = 0;
  uint8_t later_digits = 0;  ///< of the fraction, then of the exponent
  uint64_t digits = 0;       ///< all digits so far as one number, where there are bounds; else 0

  bool operator==(const DecimalPrefix& other) const = default;
};

class DecimalRange {
 public:
  /// Reads minimum, maximum, exclusiveMinimum and exclusiveMaximum of a schema. An error names the keyword that leaves
  /// no number to write. `at`: the place of the schema in its document.
  static Result<DecimalRange> of_schema(const nlohmann::ordered_json& schema, bool is_integer, const std::string& at);

  /// False, and `prefix` is spoilt, where the byte cannot follow.
  bool start(DecimalPrefix& prefix, uint8_t byte) const;
  bool advance(DecimalPrefix& prefix, uint8_t byte) const;
  /// The number may end here.
  bool is_complete(const DecimalPrefix& prefix) const;

 private:
  /// In units of 10^-15: numbers below 10^19 fit with room.
  __extension__ using Wide = __int128;
  struct Bound;

  Status read_bound(const nlohmann::ordered_json& schema, const char* name, const std::string& at);
  bool append(DecimalPrefix& prefix, uint8_t byte) const;
  bool append_digit(DecimalPrefix& prefix, uint64_t digit) const;
  bool can_become_allowed(const DecimalPrefix& prefix) const;
  bool overlaps(bool is_negative, Wide low, Wide high) const;
  Wide step(unsigned integer_digits) const;
  unsigned most_digits() const;

  bool is_integer_ = false, is_bounded_ = false;
  Wide low_ = 0, high_ = 0;  ///< both allowed
};

}  // namespace rung
