// Arithmetic: sums with and without carries, products, chains, word problems.
#include <array>

#include "panel/item_parts.h"

namespace rung {
namespace {

// Digits of a term, and of both factors, at each level. The last still fits a double exactly.
constexpr std::array<int, kLevels> kTermDigits = {2, 2, 3, 4, 5, 7, 10, 14};
constexpr std::array<std::pair<int, int>, kLevels> kFactorDigits = {
    {{1, 1}, {2, 1}, {2, 2}, {3, 2}, {3, 3}, {4, 4}, {5, 5}, {7, 7}}};

int64_t power_of_ten(int digits) { return digits == 0 ? 1 : 10 * power_of_ten(digits - 1); }

int64_t with_digits(Draw& draw, int digits) {
  return draw.between(digits == 1 ? 2 : power_of_ten(digits - 1), power_of_ten(digits) - 1);
}

bool carries(int64_t left, int64_t right) {
  for (; left > 0 && right > 0; left /= 10, right /= 10)
    if (left % 10 + right % 10 > 9) return true;
  return false;
}

/// Two terms whose sum carries at every level but the first.
std::pair<int64_t, int64_t> terms(Draw& draw, size_t level) {
  const int digits = kTermDigits[level - 1];
  for (;;) {
    const int64_t left = with_digits(draw, digits), right = with_digits(draw, digits);
    if (carries(left, right) == (level > 1)) return {left, right};
  }
}

std::pair<int64_t, int64_t> factors(Draw& draw, size_t level) {
  const auto [left, right] = kFactorDigits[level - 1];
  return {with_digits(draw, left), with_digits(draw, right)};
}

/// One of the wordings, with the request for a bare number.
template <size_t kCount>
PanelItem worded(Draw& draw, const std::string_view (&wordings)[kCount], int64_t left, int64_t right, int64_t answer) {
  const std::string question = fmt::format(fmt::runtime(draw.pick(wordings)), left, right);
  return ask_number(fmt::format("{} {}", question, number_only(draw)), answer);
}

PanelItem plus(Draw& draw, size_t level) {
  constexpr std::string_view kWordings[] = {"What is {} + {}?", "Compute {} + {}.", "Add {} and {}.", "{} + {} = ?",
                                            "What do you get for {} plus {}?"};
  const auto [left, right] = terms(draw, level);
  return worded(draw, kWordings, left, right, left + right);
}

PanelItem minus(Draw& draw, size_t level) {
  constexpr std::string_view kWordings[] = {"What is {} - {}?", "Compute {} - {}.", "{} - {} = ?",
                                            "What do you get for {} minus {}?", "Take {1} away from {0}."};
  const auto [left, right] = terms(draw, level);
  return worded(draw, kWordings, left + right, left, right);
}

PanelItem bare_expression(Draw& draw, const std::string& expression, int64_t value) {
  constexpr std::string_view kWordings[] = {"What is {}?", "Compute {}.", "{} = ?", "Work out {}.",
                                            "What is the value of {}?"};
  const std::string question = fmt::format(fmt::runtime(draw.pick(kWordings)), expression);
  return ask_number(fmt::format("{} {}", question, number_only(draw)), value);
}

PanelItem times(Draw& draw, size_t level) {
  const auto [left, right] = factors(draw, level);
  const int64_t more = with_digits(draw, kTermDigits[level - 1] > 3 ? 3 : 2);
  return bare_expression(draw, fmt::format("{} * {} + {}", left, right, more), left * right + more);
}

PanelItem chain(Draw& draw, size_t level) {
  const size_t count = 3 + (level + 1) / 3;
  int64_t value = with_digits(draw, kTermDigits[level - 1]);
  std::string terms_text = std::to_string(value);
  for (size_t term = 1; term < count; ++term) {
    const int64_t next = with_digits(draw, kTermDigits[level - 1]);
    const bool is_minus = next <= value && draw.chance(0.4);
    terms_text += fmt::format(" {} {}", is_minus ? '-' : '+', next);
    value += is_minus ? -next : next;
  }
  return bare_expression(draw, terms_text, value);
}

PanelItem missing(Draw& draw, size_t level) {
  constexpr std::string_view kWordings[] = {"Which number must be added to {} to make {}?", "{} + ? = {}.",
                                            "{} plus some number is {}. Which number?",
                                            "How far is it from {} up to {}?"};
  const auto [left, right] = terms(draw, level);
  return worded(draw, kWordings, left, left + right, right);
}

PanelItem gains(Draw& draw, size_t level) {
  const auto [left, right] = terms(draw, level);
  const auto name = draw.pick(first_names()), thing = draw.pick(things());
  const std::string question = draw.chance(0.5)
                                   ? fmt::format("{} has {} {} and gets {} more. How many {} does {} have now?", name,
                                                 left, thing, right, thing, name)
                                   : fmt::format("Yesterday {} found {} {}, today {} more. How many {} is that in all?",
                                                 name, left, thing, right, thing);
  return ask_number(fmt::format("{} {}", question, number_only(draw)), left + right);
}

PanelItem gives(Draw& draw, size_t level) {
  const auto [left, right] = terms(draw, level);
  const auto name = draw.pick(first_names()), thing = draw.pick(things());
  const std::string question =
      draw.chance(0.5)
          ? fmt::format("{} had {} {} and gave away {}. How many {} are left?", name, left + right, thing, left, thing)
          : fmt::format("Of {}'s {} {}, {} are lost. How many {} does {} still have?", name, left + right, thing, left,
                        thing, name);
  return ask_number(fmt::format("{} {}", question, number_only(draw)), right);
}

PanelItem groups(Draw& draw, size_t level) {
  const auto [left, right] = factors(draw, level);
  const auto name = draw.pick(first_names()), thing = draw.pick(things());
  const std::string question =
      draw.chance(0.5)
          ? fmt::format("{} fills {} boxes with {} {} each. How many {} is that?", name, right, left, thing, thing)
          : fmt::format("{} sells {} {} a day for {} days. How many {} is that altogether?", name, left, thing, right,
                        thing);
  return ask_number(fmt::format("{} {}", question, number_only(draw)), left * right);
}

PanelItem boxes_less_some(Draw& draw, size_t level) {
  const auto [left, right] = factors(draw, level);
  const auto name = draw.pick(first_names()), thing = draw.pick(things());
  const int64_t away = draw.between(1, left * right - 1);
  return ask_number(fmt::format("{} buys {} boxes of {} {} and then gives away {}. How many {} does {} keep? {}", name,
                                right, left, thing, away, thing, name, number_only(draw)),
                    left * right - away);
}

PanelItem how_many_more(Draw& draw, size_t level) {
  const auto [left, right] = terms(draw, level);
  const auto names = draw.sample(first_names(), 2);
  const auto thing = draw.pick(things());
  const bool first_has_more = draw.chance(0.5);
  return ask_number(
      fmt::format("{} has {} {} and {} has {}. How many more {} does {} have than {}? {}", names[0],
                  first_has_more ? left + right : left, thing, names[1], first_has_more ? left : left + right, thing,
                  names[first_has_more ? 0 : 1], names[first_has_more ? 1 : 0], number_only(draw)),
      right);
}

PanelItem relay(Draw& draw, size_t level) {
  const auto [left, right] = terms(draw, level);
  const auto names = draw.sample(first_names(), 3);
  const auto thing = draw.pick(things());
  const int64_t fewer = draw.between(1, left + right - 1);
  return ask_number(fmt::format("{} owns {} {}. {} owns {} more than {}. {} owns {} fewer than {}. How many {} does {} "
                                "own? {}",
                                names[0], left, thing, names[1], right, names[0], names[2], fewer, names[1], thing,
                                names[2], number_only(draw)),
                    left + right - fewer);
}

PanelItem days(Draw& draw, size_t level) {
  constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  const size_t count = 2 + (level + 1) / 2;
  int64_t sum = 0;
  std::vector<std::string> parts;
  for (size_t day = 0; day < count; ++day) {
    const int64_t sold = with_digits(draw, kTermDigits[level - 1]);
    parts.push_back(fmt::format("{} on {}", sold, kDays[day]));
    sum += sold;
  }
  const auto thing = draw.pick(things());
  return ask_number(fmt::format("{}'s shop sold {} {}. How many {} did it sell in all? {}", draw.pick(first_names()),
                                listed(parts), thing, thing, number_only(draw)),
                    sum);
}

}  // namespace

Generator math_generator() {
  return {"math",
          "arithmetic, bare and in word problems",
          "digits of the numbers (2 to 14), carries from level 2, more terms",
          {{"plus", plus},
           {"minus", minus},
           {"times", times},
           {"chain", chain},
           {"missing", missing},
           {"gains", gains},
           {"gives", gives},
           {"groups", groups},
           {"boxes_less_some", boxes_less_some},
           {"how_many_more", how_many_more},
           {"relay", relay},
           {"days", days}}};
}

}  // namespace rung
