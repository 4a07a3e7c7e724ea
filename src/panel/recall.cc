// Recall: one thing out of a long context. The context doubles with each level.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

size_t entries_at(size_t level) { return size_t{2} << level; }

/// `count` different names of two words: "Rita Dorvel".
std::vector<std::string> full_names(Draw& draw, size_t count) {
  const Words firsts = first_names(), lasts = kinds();
  std::vector<std::string> names;
  for (const size_t index : draw.indices(firsts.size() * lasts.size(), count))
    names.push_back(
        fmt::format("{} {}", firsts[index / lasts.size()], capitalized(std::string(lasts[index % lasts.size()]))));
  return names;
}

/// As many different numbers of four digits.
std::vector<int64_t> codes(Draw& draw, size_t count) {
  std::vector<int64_t> all;
  for (const size_t index : draw.indices(9000, count)) all.push_back(static_cast<int64_t>(1000 + index));
  return all;
}

/// A list of names and codes, asked about one of them.
struct Directory {
  std::vector<std::string> names;
  std::vector<int64_t> numbers;
  size_t asked = 0;

  template <typename Line>
  std::string lines(Line line) const {
    std::string text;
    for (size_t at = 0; at < names.size(); ++at) text += line(names[at], numbers[at]) + "\n";
    return text;
  }
  const std::string& name() const { return names[asked]; }
  int64_t number() const { return numbers[asked]; }
};

Directory draw_directory(Draw& draw, size_t level) {
  const size_t count = entries_at(level);
  return {full_names(draw, count), codes(draw, count), draw.below(count)};
}

PanelItem with_entries(PanelItem item, size_t level) {
  item.entries = entries_at(level);
  return item;
}

std::string plain_line(const std::string& name, int64_t number) { return fmt::format("{}: {}", name, number); }

PanelItem list(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level);
  return with_entries(ask_number(fmt::format("Here is a list.\n{}What number stands beside {}? {}",
                                             all.lines(plain_line), all.name(), number_only(draw)),
                                 all.number()),
                      level);
}

PanelItem sentences(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level);
  const auto line = [&](const std::string& name, int64_t number) {
    return draw.chance(0.5) ? fmt::format("The locker of {} has the code {}.", name, number)
                            : fmt::format("{} opens a locker with the code {}.", name, number);
  };
  const std::string text = all.lines(line);
  return with_entries(
      ask_number(fmt::format("{}What is the code of {}'s locker? {}", text, all.name(), number_only(draw)),
                 all.number()),
      level);
}

PanelItem table(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level);
  const auto line = [&](const std::string& name, int64_t number) {
    return fmt::format("| {} | {} | {} |", name, draw.pick(towns()), number);
  };
  const std::string text = all.lines(line);
  return with_entries(ask_number(fmt::format("| name | town | desk |\n|---|---|---|\n{}Which desk number has {}? {}",
                                             text, all.name(), number_only(draw)),
                                 all.number()),
                      level);
}

PanelItem json_object(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level);
  nlohmann::ordered_json object;
  for (size_t at = 0; at < all.names.size(); ++at) object[all.names[at]] = all.numbers[at];
  return with_entries(ask_number(fmt::format("{}\nWhat is the value of \"{}\" in this object? {}", object.dump(),
                                             all.name(), number_only(draw)),
                                 all.number()),
                      level);
}

PanelItem backwards(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level);
  return with_entries(
      ask_words(fmt::format("Telephone numbers:\n{}Who has the number {}? Answer with the full name only.",
                            all.lines(plain_line), all.number()),
                all.name()),
      level);
}

/// Some entries are corrected further down; the last word counts.
PanelItem corrected(Draw& draw, size_t level) {
  Directory all = draw_directory(draw, level);
  std::string text = all.lines(plain_line);
  const size_t corrections = std::max<size_t>(2, all.names.size() / 4);
  const auto changed = draw.indices(all.names.size(), corrections);
  const auto numbers = codes(draw, corrections);
  for (size_t at = 0; at < corrections; ++at) {
    all.numbers[changed[at]] = numbers[at];
    text += fmt::format("Correction: {} now has {}.\n", all.names[changed[at]], numbers[at]);
  }
  if (draw.chance(0.7)) all.asked = draw.pick(changed);
  return with_entries(ask_number(fmt::format("Room numbers.\n{}Which room number does {} have now? {}", text,
                                             all.name(), number_only(draw)),
                                 all.number()),
                      level);
}

/// Name to desk, desk to key: two look-ups.
PanelItem two_steps(Draw& draw, size_t level) {
  const Directory all = draw_directory(draw, level - (level > 1 ? 1 : 0));
  std::vector<std::string> lines;
  for (size_t at = 0; at < all.names.size(); ++at)
    lines.push_back(
        fmt::format("Desk {} has the {} {} key.", all.numbers[at], draw.pick(colors()), draw.pick(kinds())));
  const std::string& asked = lines[all.asked];
  const size_t begin = asked.find(" has the ") + 9;
  const std::string key = asked.substr(begin, asked.find(" key") - begin);
  draw.shuffle(lines);
  const auto line = [](const std::string& name, int64_t number) {
    return fmt::format("{} sits at desk {}.", name, number);
  };
  return with_entries(
      ask_words(fmt::format("{}{}\nWhich key has the desk of {}? Answer with two words, color and name.",
                            all.lines(line), fmt::join(lines, "\n"), all.name()),
                key),
      level);
}

/// What stands before or after an entry.
PanelItem neighbour(Draw& draw, size_t level) {
  const auto names = full_names(draw, entries_at(level));
  const size_t at = 1 + draw.below(names.size() - 2);
  const bool is_after = draw.chance(0.5);
  return with_entries(
      ask_words(
          fmt::format("People in a queue, from the front:\n{}\nWho stands right {} {}? Answer with the full name only.",
                      fmt::join(names, "\n"), is_after ? "behind" : "before", names[at]),
          is_after ? names[at + 1] : names[at - 1]),
      level);
}

/// One fact somewhere in talk about other things.
PanelItem needle(Draw& draw, size_t level) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < entries_at(level); ++at)
    lines.push_back(fmt::format("{} bought {} {} {} in {}.", draw.pick(first_names()), draw.between(2, 99),
                                draw.pick(colors()), draw.pick(things()), draw.pick(towns())));
  const int64_t code = draw.between(100000, 999999);
  const auto object = draw.pick(objects());
  lines[draw.below(lines.size())] = fmt::format("The secret number of the {} is {}.", object, code);
  return with_entries(ask_number(fmt::format("{}\nWhat is the secret number of the {}? {}", fmt::join(lines, "\n"),
                                             object, number_only(draw)),
                                 code),
                      level);
}

}  // namespace

Generator recall_generator() {
  return {"recall",
          "one entry of a long context",
          "entries of the context (4, doubling to 512)",
          {{"list", list},
           {"sentences", sentences},
           {"table", table},
           {"json_object", json_object},
           {"backwards", backwards},
           {"corrected", corrected},
           {"two_steps", two_steps},
           {"neighbour", neighbour},
           {"needle", needle}}};
}

}  // namespace rung
