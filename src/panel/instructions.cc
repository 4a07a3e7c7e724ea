// Instructions that a program can verify: a short text under rules, as many at once as the level says. The rules are
// IFEval's kinds, checked by measure/instruction_checks.h.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

/// What a text must have so that every rule is kept; from it the gold answer is made.
struct GoldText {
  size_t words = 0;  ///< at least
  size_t bullets = 0, paragraphs = 1;
  std::vector<std::string> pieces;  ///< must stand in it
  std::string title, end;
  bool is_quoted = false;
};

struct Rule {
  std::string text;  ///< as it is told
  Json check;
};

Rule rule(std::string text, std::string_view id, Json arguments = Json::object()) {
  return {std::move(text), {{"id", id}, {"kwargs", std::move(arguments)}}};
}

constexpr std::string_view kSubjects[] = {"winter", "bridge",  "teacher", "harbor", "orchard", "journey", "neighbor",
                                          "music",  "weather", "market",  "letter", "island",  "village", "clock"};
constexpr std::string_view kEnds[] = {"that is all there is to say", "we will see what comes",
                                      "nothing more was needed", "and so the day was done", "no one could say why"};

Rule at_least_words(Draw& draw, size_t level, GoldText& gold) {
  gold.words = static_cast<size_t>(draw.between(20, 40)) + 10 * level;
  return rule(fmt::format("Use at least {} words.", gold.words), "length_constraints:number_words",
              {{"num_words", gold.words}, {"relation", "at least"}});
}
Rule fewer_words(Draw& draw, size_t level, GoldText&) {
  const auto words = static_cast<size_t>(draw.between(70, 120)) + 10 * level;
  return rule(fmt::format("Use fewer than {} words.", words), "length_constraints:number_words",
              {{"num_words", words}, {"relation", "less than"}});
}
Rule keywords(Draw& draw, size_t level, GoldText& gold) {
  const auto chosen = draw.sample(kSubjects, 2 + level / 4);
  std::vector<std::string> words(chosen.begin(), chosen.end());
  for (const std::string& word : words) gold.pieces.push_back(fmt::format("the {} was there", word));
  return rule(fmt::format("Use the words {}.", listed(words)), "keywords:existence", {{"keywords", words}});
}
Rule forbidden(Draw& draw, size_t, GoldText&) {
  constexpr std::string_view kForbidden[] = {"very", "really", "beautiful", "good",  "bad",
                                             "then", "also",   "because",   "great", "nice"};
  const auto chosen = draw.sample(kForbidden, 3);
  const std::vector<std::string> words(chosen.begin(), chosen.end());
  return rule(fmt::format("Do not use the words {}.", listed(words)), "keywords:forbidden_words",
              {{"forbidden_words", words}});
}
Rule frequency(Draw& draw, size_t level, GoldText& gold) {
  const std::string word(draw.pick(things()));
  const auto times = static_cast<size_t>(draw.between(2, 3)) + level / 4;
  for (size_t at = 0; at < times; ++at) gold.pieces.push_back(fmt::format("there were {}", word));
  return rule(fmt::format("Use the word {} at least {} times.", word, times), "keywords:frequency",
              {{"keyword", word}, {"frequency", times}, {"relation", "at least"}});
}
Rule lower_case(Draw&, size_t, GoldText&) {
  return rule("Write in lower case only, without a single capital letter.", "change_case:english_lowercase");
}
Rule no_comma(Draw&, size_t, GoldText&) { return rule("Do not use any comma.", "punctuation:no_comma"); }
Rule title(Draw&, size_t, GoldText& gold) {
  gold.title = "<<a short text>>";
  return rule("Give it a title in double angular brackets, such as <<a title>>.", "detectable_format:title");
}
Rule end_phrase(Draw& draw, size_t, GoldText& gold) {
  gold.end = draw.pick(kEnds);
  return rule(fmt::format("End with exactly these words and nothing after them, not even a full stop: {}", gold.end),
              "startend:end_checker", {{"end_phrase", gold.end}});
}
Rule placeholders(Draw& draw, size_t, GoldText& gold) {
  const auto count = static_cast<size_t>(draw.between(2, 4));
  for (size_t at = 0; at < count; ++at) gold.pieces.push_back("it was seen by [name]");
  return rule(fmt::format("Leave at least {} blanks in square brackets, such as [name].", count),
              "detectable_content:number_placeholders", {{"num_placeholders", count}});
}
Rule highlights(Draw& draw, size_t, GoldText& gold) {
  const auto count = static_cast<size_t>(draw.between(2, 4));
  for (size_t at = 0; at < count; ++at) gold.pieces.push_back("it was *not far* away");
  return rule(fmt::format("Highlight at least {} phrases with single asterisks, such as *this one*.", count),
              "detectable_format:number_highlighted_sections", {{"num_highlights", count}});
}
Rule bullets(Draw& draw, size_t, GoldText& gold) {
  gold.bullets = static_cast<size_t>(draw.between(2, 6));
  return rule(fmt::format("Include exactly {} bullet points, each on a line that begins with \"- \".", gold.bullets),
              "detectable_format:number_bullet_lists", {{"num_bullets", gold.bullets}});
}
Rule quoted(Draw&, size_t, GoldText& gold) {
  gold.is_quoted = true;
  return rule("Put the whole answer in double quotation marks.", "startend:quotation");
}
Rule paragraphs(Draw& draw, size_t, GoldText& gold) {
  gold.paragraphs = static_cast<size_t>(draw.between(2, 4));
  return rule(
      fmt::format("Write exactly {} paragraphs and put a line of three asterisks, ***, between them.", gold.paragraphs),
      "length_constraints:number_paragraphs", {{"num_paragraphs", gold.paragraphs}});
}

struct RuleKind {
  std::string_view name;
  Rule (*draw)(Draw&, size_t level, GoldText&);
  bool is_of_length = false;  ///< only one of these goes with others
};
constexpr RuleKind kRules[] = {{"at_least_words", at_least_words, true},
                               {"fewer_words", fewer_words, true},
                               {"keywords", keywords},
                               {"forbidden", forbidden},
                               {"frequency", frequency},
                               {"lower_case", lower_case},
                               {"no_comma", no_comma},
                               {"title", title},
                               {"end_phrase", end_phrase},
                               {"placeholders", placeholders},
                               {"highlights", highlights},
                               {"bullets", bullets},
                               {"quoted", quoted},
                               {"paragraphs", paragraphs}};

/// A text that keeps all the rules, in plain short sentences.
std::string gold_answer(const GoldText& gold) {
  std::string text = gold.title.empty() ? "" : gold.title + "\n";
  std::string sentences = "it was a quiet day.";
  for (const std::string& piece : gold.pieces) sentences += " " + piece + ".";
  for (size_t words = 0; words < gold.words; words += 8) sentences += " the people of the town walked slowly home.";
  text += sentences;
  for (size_t bullet = 0; bullet < gold.bullets; ++bullet) text += "\n- a small thing";
  for (size_t paragraph = 1; paragraph < gold.paragraphs; ++paragraph) text += "\n***\nit was late.";
  if (!gold.end.empty()) text += "\n" + gold.end;
  return gold.is_quoted ? "\"" + text + "\"" : text;
}

PanelItem under_rules(Draw& draw, size_t level, const RuleKind& first) {
  std::vector<const RuleKind*> chosen = {&first};
  bool has_length = first.is_of_length;
  for (const size_t index : draw.indices(std::size(kRules), std::size(kRules))) {
    const RuleKind& kind = kRules[index];
    if (chosen.size() == level) break;
    if (&kind == &first || (kind.is_of_length && has_length)) continue;
    chosen.push_back(&kind);
    has_length = has_length || kind.is_of_length;
  }
  GoldText gold;
  Json checks = Json::array();
  std::vector<std::string> rules;
  for (const RuleKind* kind : chosen) {
    Rule drawn = kind->draw(draw, level, gold);
    rules.push_back(std::move(drawn.text));
    checks.push_back(std::move(drawn.check));
  }
  constexpr std::string_view kRequests[] = {"Write a short text about {} {} in {}, for {}.",
                                            "Tell of {} {} that was left in {}; it is for {}.",
                                            "Describe {} {} from {} in a few lines to {}."};
  const std::string thing = fmt::format("{} {}", draw.pick(colors()), draw.pick(objects()));
  const std::string request = fmt::format(fmt::runtime(draw.pick(kRequests)), thing.front() == 'o' ? "an" : "a", thing,
                                          draw.pick(towns()), draw.pick(first_names()));
  return ask(draw.chance(0.5) ? fmt::format("{} {}", request, fmt::join(rules, " "))
                              : fmt::format("{} Keep to these rules:\n* {}", request, fmt::join(rules, "\n* ")),
             Grader::kInstructions, checks, gold_answer(gold));
}

}  // namespace

Generator instructions_generator() {
  Generator generator{"instructions", "a text under rules that a program can verify", "rules at once (1 to 8)", {}};
  for (const RuleKind& kind : kRules)
    generator.forms.push_back(
        {kind.name, [&kind](Draw& draw, size_t level) { return under_rules(draw, level, kind); }});
  return generator;
}

}  // namespace rung
