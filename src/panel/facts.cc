// Facts, closed book: what the model knows without being told. Every form has a choice or a list in it, so that a few
// hundred facts make many questions.
#include <algorithm>

#include "panel/item_parts.h"

namespace rung {
namespace {

/// Shared by the forms: the table, and its facts by level.
class FactDrawer {
 public:
  explicit FactDrawer(const FactTable& table) : table_(table), by_level_(kLevels + 1) {
    for (const Fact& fact : table_.facts) by_level_[fact.level].push_back(&fact);
  }

  /// A fact of the level, or where there is none of the nearest level that has one.
  const Fact& fact(Draw& draw, size_t level) const { return *draw.pick(nearest(level)); }

  /// `count` facts whose questions differ.
  std::vector<const Fact*> facts(Draw& draw, size_t level, size_t count) const {
    std::vector<const Fact*> chosen;
    for (size_t tries = 0; chosen.size() < count && tries < 100 * count; ++tries) {
      const Fact& next = fact(draw, tries < 50 * count ? level : 1 + draw.below(kLevels));
      const auto same = [&](const Fact* other) { return other->question == next.question; };
      if (std::none_of(chosen.begin(), chosen.end(), same)) chosen.push_back(&next);
    }
    return chosen;
  }

  /// `count` answers, or as many as the group has, one of them right, in random order.
  std::vector<std::string> options(Draw& draw, const Fact& fact, size_t count) const {
    const std::vector<std::string> wrong = table_.wrong_answers(fact);
    std::vector<std::string> all = draw.sample(wrong, std::min(count - 1, wrong.size()));
    all.push_back(fact.answer);
    draw.shuffle(all);
    return all;
  }

  std::string wrong_answer(Draw& draw, const Fact& fact) const { return draw.pick(table_.wrong_answers(fact)); }

 private:
  const std::vector<const Fact*>& nearest(size_t level) const {
    for (size_t distance = 0;; ++distance) {
      if (level + distance <= kLevels && !by_level_[level + distance].empty()) return by_level_[level + distance];
      if (distance < level && !by_level_[level - distance].empty()) return by_level_[level - distance];
    }
  }

  FactTable table_;  // a copy: the facts pointed to live as long as this
  std::vector<std::vector<const Fact*>> by_level_;
};

size_t options_at(size_t level) { return 4 + level / 3; }

PanelItem lettered(const FactDrawer& facts, Draw& draw, size_t level) {
  const Fact& fact = facts.fact(draw, level);
  const auto options = facts.options(draw, fact, options_at(level));
  std::string text = fact.question, right;
  for (size_t at = 0; at < options.size(); ++at) {
    const std::string letter(1, static_cast<char>('A' + at));
    text += fmt::format("\n{}. {}", letter, options[at]);
    if (options[at] == fact.answer) right = letter;
  }
  return ask_words(text + "\nAnswer with the letter only.", right);
}

PanelItem numbered(const FactDrawer& facts, Draw& draw, size_t level) {
  const Fact& fact = facts.fact(draw, level);
  const auto options = facts.options(draw, fact, options_at(level));
  std::string text = fact.question;
  int64_t right = 0;
  for (size_t at = 0; at < options.size(); ++at) {
    text += fmt::format("\n({}) {}", at + 1, options[at]);
    if (options[at] == fact.answer) right = static_cast<int64_t>(at + 1);
  }
  return ask_number(text + "\n" + std::string(number_only(draw)), right);
}

PanelItem choose_from(const FactDrawer& facts, Draw& draw, size_t level) {
  const Fact& fact = facts.fact(draw, level);
  return ask_words(fmt::format("{} Choose from: {}. Answer with the choice only.", fact.question,
                               fmt::join(facts.options(draw, fact, options_at(level)), ", ")),
                   fact.answer);
}

PanelItem quiz(const FactDrawer& facts, Draw& draw, size_t level) {
  const Fact& fact = facts.fact(draw, level);
  return ask_words(
      fmt::format("{} asks in a quiz: \"{}\" The answers offered are {}. Give only the right one.",
                  draw.pick(first_names()), fact.question, listed(facts.options(draw, fact, options_at(level)))),
      fact.answer);
}

PanelItem is_it_so(const FactDrawer& facts, Draw& draw, size_t level) {
  const Fact& fact = facts.fact(draw, level);
  const bool is_so = draw.chance(0.5);
  return ask_words(
      fmt::format("\"{}\" - \"{},\" answers {} from {}. Is that right? Answer yes or no.", fact.question,
                  is_so ? fact.answer : facts.wrong_answer(draw, fact), draw.pick(first_names()), draw.pick(towns())),
      is_so ? "yes" : "no");
}

/// Three to five questions, answered in one line.
PanelItem in_a_row(const FactDrawer& facts, Draw& draw, size_t level) {
  std::string text = "Answer these questions in one line, with commas between the answers and nothing else.", answers;
  for (const Fact* fact : facts.facts(draw, level, 3 + level / 4)) {
    text += "\n" + fact->question;
    answers += (answers.empty() ? "" : ", ") + fact->answer;
  }
  return ask_words(text, answers);
}

PanelItem which_question(const FactDrawer& facts, Draw& draw, size_t level) {
  const auto chosen = facts.facts(draw, level, options_at(level));
  const size_t right = draw.below(chosen.size());
  std::string text = fmt::format("Which of these questions has the answer \"{}\"?", chosen[right]->answer);
  for (size_t at = 0; at < chosen.size(); ++at) text += fmt::format("\n{}. {}", at + 1, chosen[at]->question);
  return ask_number(fmt::format("{}\n{}", text, number_only(draw)), static_cast<int64_t>(right + 1));
}

PanelItem how_many_are_right(const FactDrawer& facts, Draw& draw, size_t level) {
  std::string text = "How many of these answers are right?";
  int64_t right = 0;
  for (const Fact* fact : facts.facts(draw, level, 2 + level / 3)) {
    const bool is_right = draw.chance(0.5);
    text += fmt::format("\n{} {}", fact->question, is_right ? fact->answer : facts.wrong_answer(draw, *fact));
    right += is_right;
  }
  return ask_number(fmt::format("{}\n{}", text, number_only(draw)), right);
}

}  // namespace

Generator facts_generator(const FactTable& table) {
  const auto facts = std::make_shared<const FactDrawer>(table);
  const auto form = [&facts](std::string_view name, PanelItem (*draw_form)(const FactDrawer&, Draw&, size_t)) {
    return Form{name, [facts, draw_form](Draw& draw, size_t level) { return draw_form(*facts, draw, level); }};
  };
  return {"facts",
          "facts of a file, closed book",
          "how little known the fact is (as the file says), choices (4 to 6), questions at once",
          {form("lettered", lettered), form("numbered", numbered), form("choose_from", choose_from), form("quiz", quiz),
           form("is_it_so", is_it_so), form("in_a_row", in_a_row), form("which_question", which_question),
           form("how_many_are_right", how_many_are_right)}};
}

}  // namespace rung
