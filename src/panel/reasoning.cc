// Reasoning in several steps: orderings, things and people tracked, chains of kinds, turns.
#include <algorithm>
#include <array>

#include "panel/item_parts.h"

namespace rung {
namespace {

using Names = std::vector<std::string_view>;

struct Comparison {
  std::string_view more, less, most, least;
};
constexpr Comparison kComparisons[] = {
    {"taller", "shorter", "tallest", "shortest"},   {"older", "younger", "oldest", "youngest"},
    {"faster", "slower", "fastest", "slowest"},     {"richer", "poorer", "richest", "poorest"},
    {"heavier", "lighter", "heaviest", "lightest"}, {"stronger", "weaker", "strongest", "weakest"},
    {"busier", "calmer", "busiest", "calmest"}};

std::string joined(Draw& draw, std::vector<std::string> facts, bool in_order) {
  if (!in_order) draw.shuffle(facts);
  return fmt::format("{}", fmt::join(facts, " "));
}

/// Neighbours of the order, the greatest first; each either way round if `mixed`.
std::string order_facts(Draw& draw, const Names& order, const Comparison& words, bool mixed) {
  std::vector<std::string> facts;
  for (size_t at = 0; at + 1 < order.size(); ++at)
    facts.push_back(mixed && draw.chance(0.5) ? fmt::format("{} is {} than {}.", order[at + 1], words.less, order[at])
                                              : fmt::format("{} is {} than {}.", order[at], words.more, order[at + 1]));
  return joined(draw, std::move(facts), false);
}

PanelItem extreme(Draw& draw, size_t level, bool mixed) {
  const Names order = draw.sample(first_names(), level + 2);
  const Comparison& words = draw.pick(kComparisons);
  const bool asks_most = draw.chance(0.5);
  return ask_words(fmt::format("{} Who is the {}? {}", order_facts(draw, order, words, mixed),
                               asks_most ? words.most : words.least, word_only(draw)),
                   asks_most ? order.front() : order.back());
}

PanelItem ordering(Draw& draw, size_t level) { return extreme(draw, level, false); }
PanelItem mixed_ordering(Draw& draw, size_t level) { return extreme(draw, level, true); }

PanelItem rank(Draw& draw, size_t level) {
  const Names order = draw.sample(first_names(), level + 2);
  const Comparison& words = draw.pick(kComparisons);
  const size_t place = static_cast<size_t>(draw.between(2, static_cast<int64_t>(order.size()) - 1));
  return ask_words(fmt::format("{} Who is the {} {}? {}", order_facts(draw, order, words, level > 3), ordinal(place),
                               words.most, word_only(draw)),
                   order[place - 1]);
}

PanelItem race(Draw& draw, size_t level) {
  const Names order = draw.sample(first_names(), level + 2);
  std::vector<std::string> facts;
  for (size_t at = 0; at + 1 < order.size(); ++at)
    facts.push_back(draw.chance(0.5) ? fmt::format("{} finished right after {}.", order[at + 1], order[at])
                                     : fmt::format("{} finished right before {}.", order[at], order[at + 1]));
  const size_t place = static_cast<size_t>(draw.between(1, static_cast<int64_t>(order.size())));
  return ask_words(fmt::format("{} ran a race. {} Who came in {}? {}", capitalized(number_words(order.size())),
                               joined(draw, std::move(facts), false), ordinal(place), word_only(draw)),
                   order[place - 1]);
}

/// A thing of the list other than the one given.
std::string_view another(Draw& draw, Words words, std::string_view than) {
  for (;;)
    if (const std::string_view word = draw.pick(words); word != than) return word;
}

PanelItem moves(Draw& draw, size_t level) {
  const Names names = draw.sample(first_names(), 4);
  const Names tracked = draw.sample(objects(), 1 + std::min<size_t>(level, 4));
  std::vector<std::string_view> at;
  std::vector<std::string> facts;
  for (const std::string_view object : tracked) {
    at.push_back(draw.pick(places()));
    facts.push_back(fmt::format("The {} is in the {}.", object, at.back()));
  }
  for (size_t step = 0; step < 2 * level; ++step) {
    const size_t object = step == 0 ? 0 : draw.below(tracked.size());
    at[object] = another(draw, places(), at[object]);
    facts.push_back(fmt::format("{} moves the {} to the {}.", draw.pick(names), tracked[object], at[object]));
  }
  return ask_words(
      fmt::format("{} Where is the {} now? {}", joined(draw, std::move(facts), true), tracked[0], word_only(draw)),
      at[0]);
}

PanelItem handing_over(Draw& draw, size_t level) {
  const Names names = draw.sample(first_names(), 3 + level / 2);
  const Names things_held = draw.sample(objects(), 2);
  std::array<std::string_view, 2> holder = {names[0], names[1]};
  std::vector<std::string> facts = {fmt::format("{} has the {}.", holder[0], things_held[0]),
                                    fmt::format("{} has the {}.", holder[1], things_held[1])};
  for (size_t step = 0; step < level + 1; ++step) {
    const size_t thing = step == 0 ? 0 : draw.below(2);
    const std::string_view next = another(draw, names, holder[thing]);
    facts.push_back(draw.chance(0.5)
                        ? fmt::format("{} gives the {} to {}.", holder[thing], things_held[thing], next)
                        : fmt::format("{} takes the {} from {}.", next, things_held[thing], holder[thing]));
    holder[thing] = next;
  }
  return ask_words(fmt::format("{} Who has the {} at the end? {}", joined(draw, std::move(facts), true), things_held[0],
                               word_only(draw)),
                   holder[0]);
}

PanelItem swaps(Draw& draw, size_t level) {
  const size_t count = 3 + level / 3;
  const Names names = draw.sample(first_names(), count);
  Names held = draw.sample(objects(), count);
  std::vector<std::string> facts;
  for (size_t at = 0; at < count; ++at) facts.push_back(fmt::format("{} holds the {}.", names[at], held[at]));
  for (size_t step = 0; step < level; ++step) {
    const auto pair = draw.indices(count, 2);
    std::swap(held[pair[0]], held[pair[1]]);
    facts.push_back(fmt::format("Then {} and {} swap what they hold.", names[pair[0]], names[pair[1]]));
  }
  const size_t asked = draw.below(count);
  return ask_words(fmt::format("{} What does {} hold at the end? {}", joined(draw, std::move(facts), true),
                               names[asked], word_only(draw)),
                   held[asked]);
}

/// `chains` chains of kinds of the same length that end in different colors; facts shuffled.
struct KindChains {
  std::vector<Names> chains;
  Names ends;
  std::string text;
};

KindChains kind_chains(Draw& draw, size_t length, size_t chains) {
  const Names all = draw.sample(kinds(), length * chains);
  KindChains result;
  result.ends = draw.sample(colors(), chains);
  std::vector<std::string> facts;
  for (size_t chain = 0; chain < chains; ++chain) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(chain * length);
    const Names& one = result.chains.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(length));
    for (size_t at = 0; at + 1 < length; ++at) facts.push_back(fmt::format("Every {} is a {}.", one[at], one[at + 1]));
    facts.push_back(fmt::format("Every {} is {}.", one.back(), result.ends[chain]));
  }
  result.text = joined(draw, std::move(facts), false);
  return result;
}

PanelItem color_of_kind(Draw& draw, size_t level) {
  const KindChains chains = kind_chains(draw, 2 + level / 2, 2 + level / 3);
  const auto name = draw.pick(first_names());
  return ask_words(fmt::format("{} {} is a {}. Which color is {}? {}", chains.text, name, chains.chains[0][0], name,
                               word_only(draw)),
                   chains.ends[0]);
}

PanelItem syllogism(Draw& draw, size_t level) {
  const KindChains chains = kind_chains(draw, 2 + level / 2, 2 + level / 3);
  const auto name = draw.pick(first_names());
  const bool is_so = draw.chance(0.5);
  return ask_words(fmt::format("{} Nothing has two colors. {} is a {}. Is {} {}? Answer yes or no.", chains.text, name,
                               chains.chains[0][0], name, is_so ? chains.ends[0] : chains.ends[1]),
                   is_so ? "yes" : "no");
}

/// Which of the people must be that color: the others' kinds lead elsewhere.
PanelItem who_is_that_color(Draw& draw, size_t level) {
  const size_t people = 2 + level / 3;
  const KindChains chains = kind_chains(draw, 1 + (level + 1) / 2, people);
  const Names names = draw.sample(first_names(), people);
  std::vector<std::string> facts;
  for (size_t at = 0; at < people; ++at) facts.push_back(fmt::format("{} is a {}.", names[at], chains.chains[at][0]));
  return ask_words(fmt::format("{} {} Who is {}? {}", chains.text, joined(draw, std::move(facts), false),
                               chains.ends[0], word_only(draw)),
                   names[0]);
}

PanelItem turns(Draw& draw, size_t level) {
  constexpr std::array<std::string_view, 4> kWinds = {"north", "east", "south", "west"};
  constexpr std::array<std::string_view, 4> kTurns = {"", "turns right", "turns around", "turns left"};
  const auto name = draw.pick(first_names());
  size_t facing = draw.below(kWinds.size());
  std::string text = fmt::format("{} stands in the {} and faces {}.", name, draw.pick(places()), kWinds[facing]);
  for (size_t step = 0; step < level + 1; ++step) {
    const size_t turn = 1 + draw.below(3);
    facing = (facing + turn) % kWinds.size();
    text += fmt::format(" {} {}.", draw.chance(0.5) ? std::string(name) : fmt::format("Then {}", name), kTurns[turn]);
  }
  return ask_words(
      fmt::format("{} Which way does {} face now: north, east, south or west? {}", text, name, word_only(draw)),
      kWinds[facing]);
}

}  // namespace

Generator reasoning_generator() {
  return {"reasoning",
          "orderings, things tracked through moves, chains of kinds, turns",
          "people ordered (3 to 10), moves followed (2 to 16), links in a chain, chains beside it",
          {{"ordering", ordering},
           {"mixed_ordering", mixed_ordering},
           {"rank", rank},
           {"race", race},
           {"moves", moves},
           {"handing_over", handing_over},
           {"swaps", swaps},
           {"color_of_kind", color_of_kind},
           {"syllogism", syllogism},
           {"who_is_that_color", who_is_that_color},
           {"turns", turns}}};
}

}  // namespace rung
