#include "grammar/decimal_range.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

using State = DecimalPrefix::State;
__extension__ using Wide = __int128;

constexpr unsigned kMostIntegerDigits = 19, kMostFractionDigits = 20, kMostExponentDigits = 2;
/// Of a number with bounds that is no integer; also the decimals of Wide's unit.
constexpr unsigned kBoundedDigits = 15;

constexpr Wide power_of_ten(unsigned exponent) {
  Wide power = 1;
  for (unsigned digit = 0; digit < exponent; ++digit) power *= 10;
  return power;
}

constexpr Wide kOne = power_of_ten(kBoundedDigits);
constexpr Wide kHuge = power_of_ten(kMostIntegerDigits) * kOne;

bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// The size of a number, in units of 10^-15: cut there (`is_cut`) and at kHuge.
struct Magnitude {
  Wide value = 0;
  bool is_cut = false;
};

/// `text`: a JSON number without its sign.
Magnitude magnitude_of(std::string_view text) {
  const size_t mark = std::min(text.find_first_of("eE"), text.size());
  int exponent = kBoundedDigits;
  if (mark < text.size()) {
    const size_t begin = mark + (text[mark + 1] == '+' ? 2 : 1);
    int written = 0;
    std::from_chars(text.data() + begin, text.data() + text.size(), written);
    exponent += written;
  }
  Magnitude result;
  bool after_point = false;
  for (const char c : text.substr(0, mark)) {
    if (c == '.') after_point = true;
    if (c == '.') continue;
    if (after_point) --exponent;
    result.value = result.value * 10 + (c - '0');
  }
  for (; exponent > 0 && result.value != 0 && result.value < kHuge; --exponent) result.value *= 10;
  for (; exponent < 0 && result.value != 0; ++exponent) {
    result.is_cut = result.is_cut || result.value % 10 != 0;
    result.value /= 10;
  }
  result.value = std::min(result.value, kHuge);
  return result;
}

unsigned integer_digits_of(Wide magnitude) {
  unsigned digits = 1;
  for (Wide rest = magnitude / kOne / 10; rest > 0; rest /= 10) ++digits;
  return digits;
}

}  // namespace

unsigned DecimalRange::most_digits() const { return is_integer_ ? kMostIntegerDigits : kBoundedDigits; }

/// Between neighbours among the numbers with so many digits before the point.
DecimalRange::Wide DecimalRange::step(unsigned integer_digits) const {
  return is_integer_ ? kOne : power_of_ten(integer_digits);
}

/// Moves the bound inwards to a number that can be written.
Status DecimalRange::read_bound(const nlohmann::ordered_json& schema, const char* name, const std::string& at) {
  const auto found = schema.find(name);
  if (found == schema.end()) return {};
  const std::string text = found->dump();
  const bool is_negative = text.starts_with('-');
  const bool is_lower = std::string_view(name).ends_with("inimum"),
             is_exclusive = std::string_view(name).starts_with("ex");
  const Magnitude magnitude = magnitude_of(std::string_view(text).substr(is_negative ? 1 : 0));
  const Wide most = power_of_ten(most_digits()) * kOne - step(most_digits());
  if (magnitude.value > most) {
    if (is_lower == is_negative) return {};  // beyond all that can be written
    return input_error("schema at '{}/{}': found {}, allowed in a grammar is a bound within 10^{}", at, name, text,
                       most_digits());
  }
  const Wide unit = step(integer_digits_of(magnitude.value));
  const bool grows = is_lower != is_negative;
  const bool is_off = magnitude.is_cut || magnitude.value % unit != 0;
  Wide value = magnitude.value - magnitude.value % unit;
  // Doubles below 2^64 are at most 2048 apart: so far from the bound, the validator sees a difference.
  const Wide apart = is_integer_ && magnitude.value >= (Wide(1) << 53) * kOne ? Wide(2049) * kOne : unit;
  if (grows && is_off) value += unit;
  if (!is_off && is_exclusive) value += grows ? apart : -apart;
  if (is_negative) value = -value;
  (is_lower ? low_ : high_) = is_lower ? std::max(low_, value) : std::min(high_, value);
  is_bounded_ = true;
  return {};
}

Result<DecimalRange> DecimalRange::of_schema(const nlohmann::ordered_json& schema, bool is_integer,
                                             const std::string& at) {
  DecimalRange range;
  range.is_integer_ = is_integer;
  range.high_ = power_of_ten(range.most_digits()) * kOne - range.step(range.most_digits());
  range.low_ = -range.high_;
  for (const char* name : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
    RUNG_CHECK(range.read_bound(schema, name, at));
  if (range.low_ > range.high_)
    return input_error("schema at '{}': minimum and maximum leave no {} that a grammar can write", at,
                       is_integer ? "integer" : "number");
  return range;
}

bool DecimalRange::overlaps(bool is_negative, Wide low, Wide high) const {
  if (is_negative) return low_ < 0 && -high <= high_ && -low >= low_;
  return low <= high_ && high >= low_;
}

bool DecimalRange::can_become_allowed(const DecimalPrefix& prefix) const {
  const auto digits = static_cast<Wide>(prefix.digits);
  switch (prefix.state) {
    case State::kSign:
      return overlaps(prefix.is_negative, 0, kHuge);
    case State::kInteger:
      for (unsigned more = 0; prefix.integer_digits + more <= most_digits(); ++more) {
        const Wide scale = power_of_ten(more) * kOne;
        if (overlaps(prefix.is_negative, digits * scale, (digits + 1) * scale - step(prefix.integer_digits + more)))
          return true;
      }
      return false;
    default:
      const Wide scale = power_of_ten(kBoundedDigits - prefix.later_digits);
      return overlaps(prefix.is_negative, digits * scale, (digits + 1) * scale - step(prefix.integer_digits));
  }
}

bool DecimalRange::append_digit(DecimalPrefix& prefix, uint64_t digit) const {
  const unsigned most_later = is_bounded_ ? kBoundedDigits - prefix.integer_digits : kMostFractionDigits;
  switch (prefix.state) {
    case State::kSign:
      prefix.state = digit == 0 ? State::kZero : State::kInteger;
      ++prefix.integer_digits;
      break;
    case State::kInteger:
      if (prefix.integer_digits == (is_bounded_ ? most_digits() : kMostIntegerDigits)) return false;
      ++prefix.integer_digits;
      break;
    case State::kPoint:
    case State::kFraction:
      if (prefix.later_digits == most_later) return false;
      prefix.state = State::kFraction;
      ++prefix.later_digits;
      break;
    case State::kExponent:
    case State::kExponentSign:
      prefix.state = State::kExponentDigits;
      prefix.later_digits = 1;
      break;
    case State::kExponentDigits:
      if (prefix.later_digits++ == kMostExponentDigits) return false;
      break;
    case State::kZero:
      return false;
  }
  if (is_bounded_) prefix.digits = prefix.digits * 10 + digit;
  return true;
}

bool DecimalRange::append(DecimalPrefix& prefix, uint8_t byte) const {
  if (is_digit(byte)) return append_digit(prefix, byte - uint64_t{'0'});
  const bool in_integer = prefix.state == State::kZero || prefix.state == State::kInteger;
  if (byte == '.') {
    if (!in_integer || is_integer_ || (is_bounded_ && prefix.integer_digits == kBoundedDigits)) return false;
    prefix.state = State::kPoint;
    return true;
  }
  if (byte == 'e' || byte == 'E') {
    if ((!in_integer && prefix.state != State::kFraction) || is_integer_ || is_bounded_) return false;
    prefix.state = State::kExponent;
    prefix.later_digits = 0;
    return true;
  }
  if ((byte != '+' && byte != '-') || prefix.state != State::kExponent) return false;
  prefix.state = State::kExponentSign;
  return true;
}

bool DecimalRange::start(DecimalPrefix& prefix, uint8_t byte) const {
  prefix = {};
  prefix.is_negative = byte == '-';
  if (byte != '-') return advance(prefix, byte);
  return can_become_allowed(prefix);
}

bool DecimalRange::advance(DecimalPrefix& prefix, uint8_t byte) const {
  return append(prefix, byte) && (!is_bounded_ || can_become_allowed(prefix));
}

bool DecimalRange::is_complete(const DecimalPrefix& prefix) const {
  if (prefix.state == State::kExponentDigits) return true;
  if (prefix.state != State::kZero && prefix.state != State::kInteger && prefix.state != State::kFraction) return false;
  if (!is_bounded_) return true;
  const Wide value = static_cast<Wide>(prefix.digits) * power_of_ten(kBoundedDigits - prefix.later_digits);
  return overlaps(prefix.is_negative, value, value);
}

}  // namespace rung
