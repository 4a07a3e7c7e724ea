#include "recipe/layer_choice.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace rung {
namespace {

constexpr uint64_t kMaxNumber = 1'000'000;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// Takes a number off the front.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > kMaxNumber) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// "4", "6/43", "14%", "n/8", "7n/8".
std::optional<LayerAmount> amount_of(std::string_view text) {
  LayerAmount amount;
  const bool formula_of_one = text.starts_with('n');
  const auto number = formula_of_one ? std::optional<uint64_t>(1) : take_number(text);
  if (!number) return std::nullopt;
  amount.numerator = *number;
  if (text.empty()) return amount;
  if (take(text, "%")) {
    amount.kind = LayerAmount::Kind::kProportion;
    amount.denominator = 100;
    return text.empty() ? std::optional(amount) : std::nullopt;
  }
  amount.kind = take(text, "n") ? LayerAmount::Kind::kFormula : LayerAmount::Kind::kProportion;
  if (!take(text, "/")) return std::nullopt;
  const auto denominator = take_number(text);
  if (!denominator || *denominator == 0 || !text.empty()) return std::nullopt;
  amount.denominator = *denominator;
  return amount;
}

}  // namespace

uint64_t LayerAmount::of(uint64_t layers) const {
  switch (kind) {
    case Kind::kCount:
      return numerator;
    case Kind::kFormula:
      return numerator * layers / denominator;
    case Kind::kProportion:
      break;
  }
  return std::max<uint64_t>(1, (2 * numerator * layers + denominator) / (2 * denominator));
}

Result<LayerChoice::Part> LayerChoice::parse_part(std::string_view text) {
  Part part;
  std::string_view rest = trimmed(text);
  std::optional<LayerAmount> amount;
  if (rest == "more bits") {
    part.kind = Kind::kMoreBits;
    return part;
  }
  if (take(rest, "first ") || take(rest, "last ") || take(rest, "from ")) {
    const char initial = trimmed(text)[1];  // f_i_rst, l_a_st, f_r_om
    part.kind = initial == 'i' ? Kind::kFirst : initial == 'a' ? Kind::kLast : Kind::kFrom;
    amount = amount_of(trimmed(rest));
    if (amount) {
      part.amount = *amount;
      return part;
    }
  } else if (const auto first = take_number(rest)) {
    const auto last = take(rest, "-") ? take_number(rest) : first;
    if (last && *first <= *last && rest.empty()) {
      part.first = *first;
      part.last = *last;
      return part;
    }
  }
  return input_error(
      "found '{}', allowed are forms like 37-42, 5, first 4, last 6/43, last 14%, first n/8, from 7n/8, more bits, "
      "joined by commas",
      trimmed(text));
}

Result<LayerChoice> LayerChoice::parse(std::string_view text) {
  LayerChoice choice;
  choice.text_ = trimmed(text);
  std::string_view rest = text;
  while (true) {
    const size_t comma = rest.find(',');
    RUNG_TRY(const Part part, parse_part(rest.substr(0, comma)));
    choice.parts_.push_back(part);
    if (comma == std::string_view::npos) return choice;
    rest.remove_prefix(comma + 1);
  }
}

bool LayerChoice::contains(const Part& part, uint64_t layer, uint64_t layers) {
  const uint64_t eighth = layers / 8;
  switch (part.kind) {
    case Kind::kFirst:
      return layer < part.amount.of(layers);
    case Kind::kLast:
      return layer + part.amount.of(layers) >= layers;
    case Kind::kFrom:
      return layer >= part.amount.of(layers);
    case Kind::kRange:
      return layer >= part.first && layer <= part.last;
    case Kind::kMoreBits:
      break;
  }
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

bool LayerChoice::contains(uint64_t layer, uint64_t layers) const {
  return parts_.empty() ||
         std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return contains(part, layer, layers); });
}

}  // namespace rung
