#include "panel/pico_tasks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"
#include "panel/md5.h"
#include "panel/pico_parts.h"
#include "panel/pico_words.h"

namespace rung {
namespace pico {
namespace {

Task number_task(std::string question, int64_t answer, std::string key) {
  return {ask_number(std::move(question), answer), std::move(key)};
}

Task exact_task(std::string question, const std::string& answer, std::string key) {
  return {ask(std::move(question), Grader::kExact, answer, answer), std::move(key)};
}

Task chained_sum(Draw& draw) {
  const int64_t a = draw.between(1, 30), b = draw.between(1, 30), c = draw.between(1, 30);
  return number_task(fmt::format("What is {} + {} + {}?", a, b, c), a + b + c, fmt::format("chain|{}|{}|{}", a, b, c));
}

Task product(Draw& draw) {
  const int64_t a = draw.between(2, 12), b = draw.between(2, 12);
  return number_task(fmt::format("What is {} * {}?", a, b), a * b, fmt::format("mul|{}|{}", a, b));
}

Task sum_or_difference(Draw& draw, bool is_sum, bool in_words) {
  int64_t a = draw.between(0, 99), b = draw.between(0, 99);
  const auto name = draw.pick(kNames), thing = draw.pick(kCounted);
  if (!is_sum && b > a) std::swap(a, b);
  const std::string key = fmt::format("{}|{}|{}", is_sum ? "add" : "sub", a, b);
  if (!in_words)
    return number_task(fmt::format("What is {} {} {}?", a, is_sum ? '+' : '-', b), is_sum ? a + b : a - b, key);
  const std::string question =
      is_sum ? fmt::format("{} has {} {} and gets {} more. How many {} does {} have?", name, a, thing, b, thing, name)
             : fmt::format("{} has {} {} and gives away {}. How many {} are left?", name, a, thing, b, thing);
  return number_task(question, is_sum ? a + b : a - b, key);
}

/// Of eight kinds two are bare sums and two bare differences.
Task math(Draw& draw) {
  switch (draw.below(8)) {
    case 0:
    case 1:
      return sum_or_difference(draw, true, false);
    case 2:
    case 3:
      return sum_or_difference(draw, false, false);
    case 4:
      return product(draw);
    case 5:
      return sum_or_difference(draw, true, true);
    case 6:
      return sum_or_difference(draw, false, true);
    default:
      return chained_sum(draw);
  }
}

Task order(Draw& draw) {
  const auto who = draw.sample(kNames, draw.below(3) < 2 ? 3 : 4);
  constexpr std::array<std::string_view, 3> kWords[] = {{"taller", "tallest", "shortest"},
                                                        {"older", "oldest", "youngest"},
                                                        {"faster", "fastest", "slowest"},
                                                        {"richer", "richest", "poorest"}};
  const auto& [word, most, least] = draw.pick(kWords);
  std::vector<std::string> facts;
  for (size_t at = 0; at + 1 < who.size(); ++at)
    facts.push_back(fmt::format("{} is {} than {}.", who[at], word, who[at + 1]));
  draw.shuffle(facts);
  const bool asks_most = draw.chance(0.5);
  return exact_task(fmt::format("{} Who is the {}?", fmt::join(facts, " "), asks_most ? most : least),
                    std::string(asks_most ? who.front() : who.back()),
                    fmt::format("order|{}|{}", python_tuple(who), asks_most ? "True" : "False"));
}

Task track(Draw& draw) {
  const auto object = draw.pick(kObjects);
  std::string_view at = draw.pick(kPlaces);
  const auto names = draw.sample(kNames, 3);
  std::string text = fmt::format("The {} is in the {}.", object, at);
  const size_t steps = 1 + draw.below(3);
  for (size_t step = 0; step < steps; ++step) {
    if (draw.chance(0.3)) {
      text += fmt::format(" {} looks in the {}.", names[step], draw.pick(kPlaces));
      continue;
    }
    std::string_view next = at;
    while (next == at) next = draw.pick(kPlaces);
    at = next;
    text += fmt::format(" {} moves the {} to the {}.", names[step], object, at);
  }
  text += fmt::format(" Where is the {}?", object);
  return exact_task(text, std::string(at), "track|" + text);
}

Task kind(Draw& draw) {
  const auto kinds = draw.sample(kKinds, 3);
  const auto name = draw.pick(kNames), color = draw.pick(kColors);
  std::vector<std::string> facts = {fmt::format("Every {} is a {}.", kinds[0], kinds[1]),
                                    fmt::format("Every {} is {}.", kinds[1], color)};
  draw.shuffle(facts);
  std::string_view other = color;
  while (other == color) other = draw.pick(kColors);
  const bool is_so = draw.chance(0.5);
  const std::string text =
      fmt::format("{} {} is a {}. Is {} {}?", fmt::join(facts, " "), name, kinds[0], name, is_so ? color : other);
  return exact_task(text, is_so ? "yes" : "no", "kind|" + text);
}

Task reasoning(Draw& draw) {
  const size_t which = draw.below(5);
  return which < 2 ? order(draw) : which < 4 ? track(draw) : kind(draw);
}

Task fact(Draw& draw) {
  const Land& land = draw.pick(lands());
  switch (draw.below(3)) {
    case 0:
      return exact_task(draw.chance(0.5) ? fmt::format("What is the capital of {}?", land.name)
                                         : fmt::format("Name the capital of {}.", land.name),
                        land.capital, "");
    case 1:
      return exact_task(draw.chance(0.5) ? fmt::format("What color is the flag of {}?", land.name)
                                         : fmt::format("Tell me the flag color of {}.", land.name),
                        land.color, "");
    default:
      return exact_task(draw.chance(0.5) ? fmt::format("What do people eat in {}?", land.name)
                                         : fmt::format("Name the main food of {}.", land.name),
                        land.food, "");
  }
}

/// What stands in lists to be recalled: names, cities, objects.
const std::vector<std::string>& recall_keys() {
  static const std::vector<std::string> kKeys = [] {
    std::vector<std::string> keys(std::begin(kNames), std::end(kNames));
    keys.insert(keys.end(), std::begin(kCities), std::end(kCities));
    for (const std::string_view object : kObjects) keys.push_back(capitalized(std::string(object)));
    return keys;
  }();
  return kKeys;
}

std::string recall_value(Draw& draw) {
  const std::string number = std::to_string(draw.between(100, 999));
  const std::array<std::string, 4> values = {number, std::string(draw.pick(kColors)), std::string(draw.pick(kFoods)),
                                             std::string(draw.pick(kPlaces))};
  return draw.pick(values);
}

/// 4 to 60 entries, their logarithm uniform.
Task recall(Draw& draw) {
  const auto count = static_cast<size_t>(std::lround(4 * std::pow(60.0 / 4, draw.uniform())));
  const auto keys = draw.sample(recall_keys(), count);
  const size_t asked = draw.below(count);
  std::string text = "Remember this list.\n", right;
  for (size_t at = 0; at < count; ++at) {
    const std::string value = recall_value(draw);
    text += fmt::format("{}: {}\n", keys[at], value);
    if (at == asked) right = value;
  }
  const std::vector<std::string_view> first(keys.begin(),
                                            keys.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(6, count)));
  Task task = exact_task(text + fmt::format("What is {}?", keys[asked]), right,
                         fmt::format("recall|{}|('{}',)", python_tuple(first), keys[asked]));
  task.item.entries = count;
  return task;
}

struct Kind {
  std::string_view capability;
  Task (*draw)(Draw&);
};
constexpr Kind kCapabilities[] = {{"code", code},     {"facts", fact},    {"math", math},  {"reasoning", reasoning},
                                  {"recall", recall}, {"schema", schema}, {"tools", tools}};

}  // namespace

std::string python_tuple(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", part);
  return fmt::format("({}{})", text, parts.size() == 1 ? "," : "");
}

}  // namespace pico

std::vector<std::string_view> pico_capabilities() {
  std::vector<std::string_view> names;
  for (const pico::Kind& kind : pico::kCapabilities) names.push_back(kind.capability);
  return names;
}

bool is_held_out_of_pico(std::string_view key) { return md5(key)[0] < 26; }

PanelItem draw_pico_item(std::string_view capability, Draw& draw) {
  const auto kind = std::find_if(std::begin(pico::kCapabilities), std::end(pico::kCapabilities),
                                 [&](const pico::Kind& one) { return one.capability == capability; });
  for (;;) {
    pico::Task task = kind->draw(draw);
    task.item.capability = capability;
    if (task.key.empty() || is_held_out_of_pico(task.key)) return std::move(task.item);
  }
}

}  // namespace rung
