// Code, read: what a small Python program prints. Every value is computed here, beside the text of the program; the
// tests run the same programs by Python.
#include <algorithm>
#include <numeric>

#include "panel/item_parts.h"

namespace rung {
namespace {

constexpr std::string_view kVariables[] = {"a", "b", "c", "d", "e", "g", "h", "k", "m", "n",
                                           "p", "q", "r", "s", "t", "u", "v", "w", "x", "y"};
constexpr std::string_view kStrings[] = {"plum",   "stone",  "river",  "candle", "basket", "meadow",
                                         "winter", "copper", "garden", "ladder", "monkey", "silver",
                                         "thread", "window", "yellow", "pocket"};

std::string question(Draw& draw, const std::string& program) {
  constexpr std::string_view kBefore[] = {"What does this Python program print?", "What is the output of this program?",
                                          "Run this Python code in your head. What does it print?",
                                          "Say what the following code prints."};
  constexpr std::string_view kAfter[] = {"Answer with the output only.", "Give only what is printed.",
                                         "Write the printed text, nothing else."};
  return fmt::format("{}\n\n```python\n{}```\n\n{}", draw.pick(kBefore), program, draw.pick(kAfter));
}

PanelItem prints(Draw& draw, const std::string& program, int64_t value) {
  return ask_number(question(draw, program), value);
}

/// Python's // and %: rounded down.
int64_t floor_divide(int64_t value, int64_t by) { return (value - ((value % by) + by) % by) / by; }
int64_t floor_remainder(int64_t value, int64_t by) { return ((value % by) + by) % by; }

/// A step on a value that keeps it small; the text is the operator with its operand.
std::string step(Draw& draw, int64_t& value) {
  switch (draw.below(value > 200 || value < -200 ? 3 : 4)) {
    case 0: {
      const int64_t more = draw.between(2, 30);
      value += more;
      return fmt::format("+ {}", more);
    }
    case 1: {
      const int64_t less = draw.between(2, 30);
      value -= less;
      return fmt::format("- {}", less);
    }
    case 2: {
      const int64_t by = draw.between(2, 9);
      value = floor_remainder(value, 10 * by + 7);
      return fmt::format("% {}", 10 * by + 7);
    }
    default: {
      const int64_t by = draw.between(2, 5);
      value *= by;
      return fmt::format("* {}", by);
    }
  }
}

PanelItem assignments(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2 + level);
  std::vector<int64_t> values = {draw.between(2, 40), draw.between(2, 40)};
  std::string program = fmt::format("{} = {}\n{} = {}\n", names[0], values[0], names[1], values[1]);
  for (size_t line = 2; line < names.size(); ++line) {
    const size_t from = line - 1 - draw.below(2);
    int64_t value = values[from];
    program += fmt::format("{} = {} {}\n", names[line], names[from], step(draw, value));
    values.push_back(value);
  }
  const size_t other = draw.below(names.size() - 1);
  program += fmt::format("print({} + {})\n", names.back(), names[other]);
  return prints(draw, program, values.back() + values[other]);
}

PanelItem counting_loop(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2);
  const int64_t begin = draw.between(0, 9), rounds = static_cast<int64_t>(level) + draw.between(2, 4);
  const int64_t factor = draw.between(1, 3), modulus = draw.between(2, 4), skipped = draw.between(0, modulus - 1);
  int64_t sum = draw.between(0, 50);
  std::string program =
      fmt::format("{} = {}\nfor {} in range({}, {}):\n", names[0], sum, names[1], begin, begin + rounds);
  if (level > 2) program += fmt::format("    if {} % {} == {}:\n        continue\n", names[1], modulus, skipped);
  program += fmt::format("    {} += {} * {}\nprint({})\n", names[0], factor, names[1], names[0]);
  for (int64_t value = begin; value < begin + rounds; ++value)
    if (level <= 2 || value % modulus != skipped) sum += factor * value;
  return prints(draw, program, sum);
}

PanelItem while_loop(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2);
  const int64_t by = draw.between(3, 12), until = draw.between(2, 9);
  int64_t value = until + by * static_cast<int64_t>(level) + draw.between(1, 60), rounds = draw.between(0, 20);
  const bool is_halved = level > 3;
  std::string program =
      fmt::format("{} = {}\n{} = {}\nwhile {} > {}:\n", names[0], value, names[1], rounds, names[0], until);
  if (is_halved)
    program +=
        fmt::format("    if {0} % 2 == 0:\n        {0} = {0} // 2\n    else:\n        {0} -= {1}\n", names[0], by);
  else
    program += fmt::format("    {} -= {}\n", names[0], by);
  program += fmt::format("    {} += 1\nprint({} + {})\n", names[1], names[0], names[1]);
  for (; value > until; ++rounds) value = is_halved && value % 2 == 0 ? value / 2 : value - by;
  return prints(draw, program, value + rounds);
}

std::vector<int64_t> numbers(Draw& draw, size_t count, int64_t high) {
  std::vector<int64_t> list;
  for (size_t at = 0; at < count; ++at) list.push_back(draw.between(1, high));
  return list;
}

std::string list_text(const std::vector<int64_t>& list) { return fmt::format("[{}]", fmt::join(list, ", ")); }

/// One change of a list, as a statement.
std::string change_list(Draw& draw, std::string_view name, std::vector<int64_t>& list) {
  const int64_t value = draw.between(1, 60);
  const size_t at = draw.below(list.size());
  switch (draw.below(list.size() > 3 ? 5 : 4)) {
    case 0:
      list.push_back(value);
      return fmt::format("{}.append({})\n", name, value);
    case 1:
      list[at] += value;
      return fmt::format("{}[{}] += {}\n", name, at, value);
    case 2:
      std::reverse(list.begin(), list.end());
      return fmt::format("{}.reverse()\n", name);
    case 3:
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), value);
      return fmt::format("{}.insert({}, {})\n", name, at, value);
    default:
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
      return fmt::format("{}.pop({})\n", name, at);
  }
}

PanelItem list_changes(Draw& draw, size_t level) {
  const auto name = draw.pick(kVariables);
  std::vector<int64_t> list = numbers(draw, 3 + level / 2, 60);
  std::string program = fmt::format("{} = {}\n", name, list_text(list));
  for (size_t change = 0; change < level; ++change) program += change_list(draw, name, list);
  const size_t at = draw.below(list.size());
  const auto largest = *std::max_element(list.begin(), list.end());
  const auto smallest = *std::min_element(list.begin(), list.end());
  switch (draw.below(3)) {
    case 0:
      return prints(draw, program + fmt::format("print({}[{}])\n", name, at), list[at]);
    case 1:
      return prints(draw, program + fmt::format("print(max({0}) - min({0}))\n", name), largest - smallest);
    default:
      return prints(draw, program + fmt::format("print(sum({0}) + len({0}))\n", name),
                    std::accumulate(list.begin(), list.end(), static_cast<int64_t>(list.size())));
  }
}

PanelItem function_calls(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2);
  const int64_t factor = draw.between(2, 4), summand = draw.between(1, 20), modulus = draw.between(50, 99);
  const auto call = [&](int64_t first, int64_t second) { return (first * factor + second + summand) % modulus; };
  int64_t value = draw.between(1, 30);
  std::string expression = std::to_string(value);
  for (size_t depth = 0; depth < (level + 2) / 2; ++depth) {
    const int64_t other = draw.between(1, 30);
    expression = fmt::format("f({}, {})", expression, other);
    value = call(value, other);
  }
  if (level % 2 == 0) {
    const int64_t first = draw.between(1, 30), second = draw.between(1, 30);
    expression += fmt::format(" + f({}, {})", first, second);
    value += call(first, second);
  }
  return prints(draw,
                fmt::format("def f({0}, {1}):\n    return ({0} * {2} + {1} + {3}) % {4}\n\nprint({5})\n", names[0],
                            names[1], factor, summand, modulus, expression),
                value);
}

PanelItem branches(Draw& draw, size_t level) {
  const auto name = draw.pick(kVariables);
  int64_t value = draw.between(1, 99);
  std::string program = fmt::format("{} = {}\n", name, value);
  for (size_t branch = 0; branch < (level + 1) / 2 + 1; ++branch) {
    const int64_t bound = draw.between(20, 120);
    int64_t then = value, otherwise = value;
    const std::string then_step = step(draw, then), other_step = step(draw, otherwise);
    program +=
        fmt::format("if {0} > {1}:\n    {0} = {0} {2}\nelse:\n    {0} = {0} {3}\n", name, bound, then_step, other_step);
    value = value > bound ? then : otherwise;
  }
  return prints(draw, program + fmt::format("print({})\n", name), value);
}

/// One change of a string, as an expression; never empties it.
std::string change_string(Draw& draw, std::string_view name, std::string& text) {
  const std::string word(draw.pick(kStrings));
  switch (draw.below(text.size() > 3 ? 4 : 2)) {
    case 0:
      text += word.substr(0, 2);
      return fmt::format("{} + \"{}\"", name, word.substr(0, 2));
    case 1:
      std::reverse(text.begin(), text.end());
      return fmt::format("{}[::-1]", name);
    case 2: {
      const size_t begin = draw.below(text.size() - 2), end = begin + 2 + draw.below(text.size() - begin - 1);
      text = text.substr(begin, end - begin);
      return fmt::format("{}[{}:{}]", name, begin, end);
    }
    default: {
      const char from = text[draw.below(text.size())];
      std::replace(text.begin(), text.end(), from, word[0]);
      return fmt::format("{}.replace(\"{}\", \"{}\")", name, from, word[0]);
    }
  }
}

PanelItem string_changes(Draw& draw, size_t level) {
  const auto name = draw.pick(kVariables);
  std::string text = std::string(draw.pick(kStrings)) + std::string(draw.pick(kStrings)).substr(0, 3);
  std::string program = fmt::format("{} = \"{}\"\n", name, text);
  for (size_t change = 0; change < level; ++change)
    program += fmt::format("{} = {}\n", name, change_string(draw, name, text));
  return ask_words(question(draw, program + fmt::format("print({})\n", name)), text);
}

PanelItem dictionary(Draw& draw, size_t level) {
  const auto name = draw.pick(kVariables);
  const auto keys = draw.sample(kStrings, 2 + (level + 1) / 2);
  std::vector<int64_t> values = numbers(draw, keys.size(), 90);
  std::vector<std::string> pairs;
  for (size_t at = 0; at < keys.size(); ++at) pairs.push_back(fmt::format("\"{}\": {}", keys[at], values[at]));
  std::string program = fmt::format("{} = {{{}}}\n", name, fmt::join(pairs, ", "));
  for (size_t change = 0; change < level; ++change) {
    const size_t to = draw.below(keys.size()), from = draw.below(keys.size());
    const int64_t more = draw.between(1, 30);
    program += fmt::format("{0}[\"{1}\"] = {0}[\"{2}\"] + {3}\n", name, keys[to], keys[from], more);
    values[to] = values[from] + more;
  }
  const auto asked = draw.indices(keys.size(), 2);
  return prints(draw,
                program + fmt::format("print({0}[\"{1}\"] + {0}[\"{2}\"])\n", name, keys[asked[0]], keys[asked[1]]),
                values[asked[0]] + values[asked[1]]);
}

PanelItem nested_loops(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 3);
  const int64_t rows = draw.between(2, 2 + static_cast<int64_t>(level)), columns = draw.between(2, 3 + level / 2);
  const int64_t modulus = draw.between(2, 4), factor = draw.between(1, 9);
  const int64_t before = draw.between(0, 99);
  int64_t sum = before;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      if ((row + column) % modulus == 0) sum += row * factor + column;
  return prints(
      draw,
      fmt::format("{0} = {6}\nfor {1} in range({3}):\n    for {2} in range({4}):\n        if ({1} + {2}) % {5} "
                  "== 0:\n            {0} += {1} * {7} + {2}\nprint({0})\n",
                  names[0], names[1], names[2], rows, columns, modulus, before, factor),
      sum);
}

PanelItem recursion(Draw& draw, size_t level) {
  const auto name = draw.pick(kVariables);
  const int64_t base = draw.between(0, 40), stop = draw.between(0, 9), less = draw.between(1, 4);
  const int64_t start = stop + less * static_cast<int64_t>(level) + draw.between(0, less);
  const int64_t factor = level > 4 ? draw.between(2, 3) : 1, summand = draw.between(1, 20);
  std::vector<int64_t> arguments;
  for (int64_t argument = start; argument > stop; argument -= less) arguments.push_back(argument);
  int64_t value = base;
  for (auto argument = arguments.rbegin(); argument != arguments.rend(); ++argument)
    value = value * factor + *argument + summand;
  const std::string scaled = factor == 1 ? "" : fmt::format("{} * ", factor);
  return prints(draw,
                fmt::format("def f({0}):\n    if {0} <= {1}:\n        return {2}\n    return {3}f({0} - {4}) + {0} + "
                            "{5}\n\nprint(f({6}))\n",
                            name, stop, base, scaled, less, summand, start),
                value);
}

PanelItem comprehension(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2);
  const std::vector<int64_t> list = numbers(draw, 2 + level, level > 3 ? 40 : 15);
  const int64_t modulus = draw.between(2, 4), rest = draw.between(0, modulus - 1);
  const bool is_squared = level > 5;
  int64_t sum = 0;
  for (const int64_t value : list)
    if (value % modulus == rest) sum += is_squared ? value * value : value;
  return prints(draw,
                fmt::format("{0} = {2}\nprint(sum([{1}{3} for {1} in {0} if {1} % {4} == {5}]))\n", names[0], names[1],
                            list_text(list), is_squared ? fmt::format(" * {}", names[1]) : "", modulus, rest),
                sum);
}

PanelItem floor_division(Draw& draw, size_t level) {
  const auto names = draw.sample(kVariables, 2);
  const int64_t high = level < 3 ? 99 : level < 6 ? 999 : 99999;
  const int64_t value = draw.between(20, high), by = draw.between(3, 9 + 5 * static_cast<int64_t>(level));
  const int64_t factor = draw.between(2, 9);
  return prints(
      draw,
      fmt::format("{0} = {2}\n{1} = {3}\nprint({0} // {1} * {4} + {0} % {1})\n", names[0], names[1], value, by, factor),
      floor_divide(value, by) * factor + floor_remainder(value, by));
}

}  // namespace

Generator code_generator() {
  return {"code",
          "what a Python program prints",
          "statements, rounds of loops, depth of calls and branches",
          {{"assignments", assignments},
           {"counting_loop", counting_loop},
           {"while_loop", while_loop},
           {"list_changes", list_changes},
           {"function_calls", function_calls},
           {"branches", branches},
           {"string_changes", string_changes},
           {"dictionary", dictionary},
           {"nested_loops", nested_loops},
           {"recursion", recursion},
           {"comprehension", comprehension},
           {"floor_division", floor_division}}};
}

}  // namespace rung
