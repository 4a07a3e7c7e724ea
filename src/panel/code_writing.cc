// Code, written: a function on a list of whole numbers, described as steps. Graded by running it on cases whose results
// are computed here; the steps' Python is only the gold answer.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "panel/item_parts.h"

namespace rung {
namespace {

using List = std::vector<int64_t>;

/// One step: what it says and does, with a number where `says` has {}.
struct Step {
  std::string_view name, says, python;
  int64_t low, high;  ///< of the number
  void (*run)(List&, int64_t);
};

void keep_if(List& list, const std::function<bool(int64_t)>& keeps) {
  list.erase(std::remove_if(list.begin(), list.end(), [&](int64_t value) { return !keeps(value); }), list.end());
}

void drop_multiples(List& list, int64_t of) {
  keep_if(list, [of](int64_t value) { return value % of != 0; });
}
void keep_larger(List& list, int64_t than) {
  keep_if(list, [than](int64_t value) { return value > than; });
}
void add(List& list, int64_t more) {
  for (int64_t& value : list) value += more;
}
void multiply(List& list, int64_t by) {
  for (int64_t& value : list) value *= by;
}
void reverse(List& list, int64_t) { std::reverse(list.begin(), list.end()); }
void sort_up(List& list, int64_t) { std::sort(list.begin(), list.end()); }
void sort_down(List& list, int64_t) { std::sort(list.begin(), list.end(), std::greater<>()); }
void every_nth(List& list, int64_t nth) {
  List kept;
  for (size_t at = 0; at < list.size(); at += static_cast<size_t>(nth)) kept.push_back(list[at]);
  list = std::move(kept);
}
void first_of_each(List& list, int64_t) {
  std::set<int64_t> seen;
  keep_if(list, [&](int64_t value) { return seen.insert(value).second; });
}
void leave_first(List& list, int64_t count) {
  list.erase(list.begin(), list.begin() + std::min<std::ptrdiff_t>(count, std::ssize(list)));
}
void running_totals(List& list, int64_t) {
  for (size_t at = 1; at < list.size(); ++at) list[at] += list[at - 1];
}
void cap(List& list, int64_t high) {
  for (int64_t& value : list) value = std::min(value, high);
}

constexpr Step kSteps[] = {
    {"drop_multiples", "drop every number that {} divides", "xs = [x for x in xs if x % {} != 0]", 2, 7,
     drop_multiples},
    {"keep_larger", "keep only the numbers larger than {}", "xs = [x for x in xs if x > {}]", 5, 60, keep_larger},
    {"add", "add {} to each number", "xs = [x + {} for x in xs]", 2, 90, add},
    {"multiply", "multiply each number by {}", "xs = [x * {} for x in xs]", 2, 9, multiply},
    {"reverse", "reverse the order", "xs = xs[::-1]", 0, 0, reverse},
    {"sort_up", "sort the numbers, the smallest first", "xs = sorted(xs)", 0, 0, sort_up},
    {"sort_down", "sort the numbers, the largest first", "xs = sorted(xs, reverse=True)", 0, 0, sort_down},
    {"every_nth", "keep one in {}: the first, then each one {} places further on", "xs = xs[::{}]", 2, 4, every_nth},
    {"first_of_each", "of equal numbers keep only the first", "xs = list(dict.fromkeys(xs))", 0, 0, first_of_each},
    {"leave_first", "leave out the first {} numbers", "xs = xs[{}:]", 2, 4, leave_first},
    {"running_totals", "replace each number by the sum of itself and all before it",
     "xs = [sum(xs[:i + 1]) for i in range(len(xs))]", 0, 0, running_totals},
    {"cap", "replace every number above {0} by {0}", "xs = [min(x, {0}) for x in xs]", 40, 90, cap}};

struct Ending {
  std::string_view says, python;
  int64_t (*result)(const List&);  ///< null: the list itself
};

int64_t total(const List& list) {
  int64_t sum = 0;
  for (const int64_t value : list) sum += value;
  return sum;
}
int64_t count(const List& list) { return std::ssize(list); }
int64_t largest(const List& list) { return list.empty() ? 0 : *std::max_element(list.begin(), list.end()); }

constexpr Ending kEndings[] = {{"return the list", "xs", nullptr},
                               {"return the sum", "sum(xs)", total},
                               {"return how many are left", "len(xs)", count},
                               {"return the largest, or 0 if there is none", "max(xs, default=0)", largest}};

struct ChosenStep {
  const Step* step;
  int64_t number;

  std::string with_number(std::string_view text) const {
    std::string result(text);
    for (const std::string_view place : {"{0}", "{}"})
      for (size_t at = result.find(place); at != std::string::npos; at = result.find(place))
        result.replace(at, place.size(), std::to_string(number));
    return result;
  }
};

std::string text_of(const List& list) { return fmt::format("[{}]", fmt::join(list, ", ")); }

/// Assertions on random lists, the empty one among them.
std::string tests(Draw& draw, std::string_view name, const std::vector<ChosenStep>& steps, const Ending& ending) {
  constexpr size_t kCases = 8;
  std::string text;
  for (size_t number = 0; number < kCases; ++number) {
    List list;
    for (size_t at = 0; at < number + (number > 3 ? 4 : 0); ++at) list.push_back(draw.between(0, 99));
    if (list.size() > 3) list.back() = list.front();
    text += fmt::format("assert {}({}) == ", name, text_of(list));
    for (const ChosenStep& chosen : steps) chosen.step->run(list, chosen.number);
    text += (ending.result == nullptr ? text_of(list) : std::to_string(ending.result(list))) + "\n";
  }
  return text;
}

std::string described(Draw& draw, std::string_view name, const std::vector<ChosenStep>& steps, const Ending& ending) {
  constexpr std::string_view kRequests[] = {"Write a Python function {}(xs) for a list of whole numbers.",
                                            "Implement the Python function {}(xs); xs is a list of integers.",
                                            "I need a Python function {}(xs) that works on a list of integers."};
  const bool is_list = steps.size() > 1 && draw.chance(0.5);
  std::string text = fmt::format(fmt::runtime(draw.pick(kRequests)), name);
  text += is_list ? " It must, in this order:" : " It must ";
  for (size_t at = 0; at < steps.size(); ++at)
    text += fmt::format("{}{}",
                        is_list   ? fmt::format("\n{}. ", at + 1)
                        : at == 0 ? ""
                                  : ", then ",
                        steps[at].with_number(steps[at].step->says));
  text += is_list ? fmt::format("\n{}. {}", steps.size() + 1, ending.says) : fmt::format(", and then {}", ending.says);
  return text + (is_list ? "\n" : ". ") + "Reply with the code only.";
}

PanelItem write_function(Draw& draw, size_t level, const Step& first) {
  std::vector<ChosenStep> steps;
  for (size_t at = 0; at < level; ++at) {
    const Step& step = at == 0 ? first : draw.pick(kSteps);
    steps.push_back({&step, draw.between(step.low, step.high)});
  }
  draw.shuffle(steps);
  const Ending& ending = draw.pick(kEndings);
  const std::string name = fmt::format("{}_{}_{}", draw.pick(colors()), draw.pick(kinds()), draw.pick(objects()));
  std::string gold = fmt::format("def {}(xs):\n", name);
  for (const ChosenStep& chosen : steps) gold += fmt::format("    {}\n", chosen.with_number(chosen.step->python));
  gold += fmt::format("    return {}\n", ending.python);
  return ask(described(draw, name, steps, ending), Grader::kCode, {{"after", tests(draw, name, steps, ending)}}, gold);
}

}  // namespace

Generator code_writing_generator() {
  Generator generator{"code_writing", "a Python function, graded by running it", "steps of the function (1 to 8)", {}};
  for (const Step& step : kSteps)
    generator.forms.push_back(
        {step.name, [&step](Draw& draw, size_t level) { return write_function(draw, level, step); }});
  return generator;
}

}  // namespace rung
