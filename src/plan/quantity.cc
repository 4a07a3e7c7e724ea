#include "plan/quantity.h"

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "base/lower_case.h"

namespace rung {
namespace {

constexpr double kMostBytes = 1152921504606846976.0;  // 2^60: beyond it somebody has mistyped

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array kByteUnits = {Unit{"B", 1},           Unit{"kB", 1e3},           Unit{"MB", 1e6},
                                   Unit{"GB", 1e9},        Unit{"TB", 1e12},          Unit{"KiB", 1024.0},
                                   Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0}, Unit{"TiB", 1099511627776.0}};
constexpr std::array kTokenUnits = {Unit{"", 1}, Unit{"k", 1024.0}, Unit{"M", 1048576.0}};
constexpr std::array kOperationUnits = {Unit{"GFLOPS", 1e9}, Unit{"TFLOPS", 1e12}, Unit{"PFLOPS", 1e15}};

struct Number {
  double value = 0;
  std::string_view unit;  ///< what stands behind, without blanks
};

/// Digits with at most one point; no signs, exponents or names of numbers.
std::optional<Number> split_number(std::string_view text) {
  size_t length = 0, points = 0;
  while (length < text.size() && (std::isdigit(static_cast<unsigned char>(text[length])) != 0 || text[length] == '.'))
    points += text[length++] == '.';
  if (length == points || points > 1 || length > 30) return std::nullopt;
  const double value = std::strtod(std::string(text.substr(0, length)).c_str(), nullptr);
  std::string_view unit = text.substr(length);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return Number{value, unit};
}

/// In capitals or small letters, but never Gb or Gib: a small b among capitals means bits.
template <size_t kCount>
const Unit* find_unit(const std::array<Unit, kCount>& units, std::string_view text) {
  const bool all_small = text == lower_case(text);
  for (const Unit& unit : units)
    if (text == unit.name || (lower_case(text) == lower_case(unit.name) && (all_small || !text.ends_with('b'))))
      return &unit;
  return nullptr;
}

template <size_t kCount>
std::optional<double> amount(const std::array<Unit, kCount>& units, std::string_view text) {
  const std::optional<Number> number = split_number(text);
  if (!number) return std::nullopt;
  const Unit* unit = find_unit(units, number->unit);
  if (unit == nullptr) return std::nullopt;
  return number->value * unit->factor;
}

/// Three digits, as "7.49", "13.8", "512".
std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

}  // namespace

Result<uint64_t> parse_bytes(std::string_view text, std::string_view option) {
  const auto bytes = amount(kByteUnits, text);
  if (!bytes)
    return input_error(
        "{}: found '{}', allowed is a number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, "
        "TiB (of 1024), for example 24GiB",
        option, text);
  if (*bytes < 1 || *bytes > kMostBytes)
    return input_error("{}: found '{}', allowed are 1 B to 1048576 TiB", option, text);
  return static_cast<uint64_t>(std::llround(*bytes));
}

Result<uint64_t> parse_tokens(std::string_view text, std::string_view option) {
  constexpr double kMost = 1073741824.0;
  const auto tokens = amount(kTokenUnits, text);
  if (!tokens || *tokens != std::floor(*tokens))
    return input_error("{}: found '{}', allowed is a number of tokens, plain or with k (1024) or M, for example 32k",
                       option, text);
  if (*tokens < 1 || *tokens > kMost) return input_error("{}: found '{}', allowed are 1 to 1024M tokens", option, text);
  return static_cast<uint64_t>(*tokens);
}

Result<Device> parse_device(std::string_view text, std::string_view option) {
  Device device;
  const size_t first = text.find('@');
  RUNG_TRY(device.bytes, parse_bytes(text.substr(0, first), option));
  if (first == std::string_view::npos) return device;
  const std::string_view rest = text.substr(first + 1);
  const size_t second = rest.find('@');
  const std::string_view rate = rest.substr(0, second);
  const auto bandwidth = rate.ends_with("/s") ? amount(kByteUnits, rate.substr(0, rate.size() - 2)) : std::nullopt;
  if (!bandwidth || *bandwidth <= 0 || *bandwidth > kMostBytes)
    return input_error("{}: found '{}' in '{}', allowed is a bandwidth in MB/s, GB/s, TB/s, for example 24GiB@1000GB/s",
                       option, rate, text);
  device.bandwidth = *bandwidth;
  if (second == std::string_view::npos) return device;
  const std::string_view speed = rest.substr(second + 1);
  const auto operations = amount(kOperationUnits, speed);
  if (!operations || *operations <= 0 || *operations > 1e24)
    return input_error(
        "{}: found '{}' in '{}', allowed is a speed in GFLOPS, TFLOPS, PFLOPS, for example "
        "24GiB@1000GB/s@80TFLOPS",
        option, speed, text);
  device.operations = *operations;
  return device;
}

std::optional<ModelSize> parse_model_size(std::string_view text) {
  constexpr std::array kUnits = {Unit{"M", 1e6}, Unit{"B", 1e9}, Unit{"T", 1e12}};
  constexpr double kMost = 1e14;
  ModelSize size;
  if (const size_t dash = text.find("-A"); dash != std::string_view::npos) {
    size.active = amount(kUnits, text.substr(dash + 2));
    if (!size.active || *size.active <= 0) return std::nullopt;
    text = text.substr(0, dash);
  } else if (const size_t cross = text.find('x'); cross != std::string_view::npos) {
    const auto experts = split_number(text.substr(0, cross));
    if (!experts || !experts->unit.empty() || experts->value < 2 || experts->value > 1024) return std::nullopt;
    size.experts = static_cast<uint64_t>(experts->value);
    if (static_cast<double>(size.experts) != experts->value) return std::nullopt;
    text = text.substr(cross + 1);
  }
  const auto weights = amount(kUnits, text);
  if (!weights || *weights < 1e6 || *weights > kMost || size.active.value_or(0) > *weights) return std::nullopt;
  size.weights = *weights;
  return size;
}

std::string binary_size(uint64_t bytes) {
  constexpr std::array<const char*, 5> kNames = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kNames.size()) value /= 1024, ++unit;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{} {}", three_digits(value), kNames[unit]);
}

uint64_t saturating_product(std::initializer_list<uint64_t> factors) {
  uint64_t product = 1;
  bool over = false;
  for (const uint64_t factor : factors) {
    if (factor == 0) return 0;
    over = over || __builtin_mul_overflow(product, factor, &product);
  }
  return over ? UINT64_MAX : product;
}

uint64_t saturating_sum(std::initializer_list<uint64_t> terms) {
  uint64_t sum = 0;
  for (const uint64_t term : terms)
    if (__builtin_add_overflow(sum, term, &sum)) return UINT64_MAX;
  return sum;
}

}  // namespace rung
