// Prose: the ending that good English needs, against one that is wrong by one word. Judged by likelihood, nothing is
// generated, so base models take it as well. After the minimal pairs of BLiMP (Warstadt et al. 2020), with the distance
// between the words that must agree growing with the level.
#include <array>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

struct Noun {
  std::string_view one, many;
};
constexpr Noun kNouns[] = {
    {"author", "authors"},   {"pilot", "pilots"},     {"doctor", "doctors"},     {"neighbor", "neighbors"},
    {"teacher", "teachers"}, {"farmer", "farmers"},   {"painter", "painters"},   {"sailor", "sailors"},
    {"lawyer", "lawyers"},   {"singer", "singers"},   {"visitor", "visitors"},   {"manager", "managers"},
    {"student", "students"}, {"officer", "officers"}, {"gardener", "gardeners"}, {"dancer", "dancers"}};
struct Verb {
  std::string_view one, many, past, participle;
};
constexpr Verb kVerbs[] = {{"knows", "know", "knew", "known"},
                           {"sees", "see", "saw", "seen"},
                           {"takes", "take", "took", "taken"},
                           {"gives away", "give away", "gave away", "given away"},
                           {"writes about", "write about", "wrote about", "written about"},
                           {"chooses", "choose", "chose", "chosen"},
                           {"forgets", "forget", "forgot", "forgotten"},
                           {"draws", "draw", "drew", "drawn"},
                           {"steals", "steal", "stole", "stolen"},
                           {"breaks", "break", "broke", "broken"}};
constexpr std::string_view kAdjectives[] = {"tall",  "quiet", "famous", "angry",  "clever", "tired",
                                            "young", "proud", "busy",   "lonely", "honest", "patient"};
constexpr std::string_view kLinks[] = {"near", "behind", "beside", "with", "in front of"};
constexpr std::string_view kHer[] = {"Maria", "Helen", "Laura", "Greta", "Sofia",
                                     "Linda", "Clara", "Julia", "Irene", "Rita"};
constexpr std::string_view kHim[] = {"Peter",  "Frank", "Oliver", "Simon", "David",
                                     "Walter", "Ralph", "Victor", "Louis", "Harry"};

/// "the old farmer beside the lawyers near the clever singer": the number of the head against that of what follows it.
std::string noun_phrase(Draw& draw, bool is_plural, size_t attractors) {
  const Noun& noun = draw.pick(kNouns);
  std::string text = fmt::format("the {} {}", draw.pick(kAdjectives), is_plural ? noun.many : noun.one);
  for (size_t at = 0; at < attractors; ++at) {
    const Noun& other = draw.pick(kNouns);
    text += fmt::format(" {} the {} {}", draw.pick(kLinks), draw.pick(kAdjectives), is_plural ? other.one : other.many);
  }
  return text;
}

/// Words between those that must agree.
size_t distance(size_t level) { return level - 1; }

std::string thing(Draw& draw) { return fmt::format("the {} {}", draw.pick(colors()), draw.pick(objects())); }

/// The wrong ending first or second at random.
PanelItem pair(Draw& draw, const std::string& begin, const std::string& right, const std::string& wrong) {
  constexpr std::string_view kRequests[] = {"Finish this sentence: ", "Complete the sentence: ",
                                            "Write the end of this sentence: ", "Go on with this sentence: "};
  PanelItem item = ask(std::string(draw.pick(kRequests)) + capitalized(begin), Grader::kChoice, right, right);
  const bool right_first = draw.chance(0.5);
  item.choices = std::make_shared<const nlohmann::ordered_json>(
      nlohmann::ordered_json::array({right_first ? right : wrong, right_first ? wrong : right}));
  return item;
}

PanelItem subject_and_verb(Draw& draw, size_t level) {
  const bool is_plural = draw.chance(0.5);
  const Verb& verb = draw.pick(kVerbs);
  const std::string what = thing(draw);
  const std::string one = fmt::format("{} {}.", verb.one, what), many = fmt::format("{} {}.", verb.many, what);
  return pair(draw, noun_phrase(draw, is_plural, distance(level)), is_plural ? many : one, is_plural ? one : many);
}

PanelItem was_or_were(Draw& draw, size_t level) {
  const bool is_plural = draw.chance(0.5);
  const auto adjective = draw.pick(kAdjectives), town = draw.pick(towns());
  const std::string one = fmt::format("was {} in {}.", adjective, town),
                    many = fmt::format("were {} in {}.", adjective, town);
  return pair(draw, noun_phrase(draw, is_plural, distance(level)), is_plural ? many : one, is_plural ? one : many);
}

PanelItem has_or_have(Draw& draw, size_t level) {
  const bool is_plural = draw.chance(0.5);
  const Verb& verb = draw.pick(kVerbs);
  const std::string rest = fmt::format("{} {}.", verb.participle, thing(draw));
  const std::string one = "has " + rest, many = "have " + rest;
  return pair(draw, noun_phrase(draw, is_plural, distance(level)), is_plural ? many : one, is_plural ? one : many);
}

PanelItem reflexive_gender(Draw& draw, size_t level) {
  const bool is_her = draw.chance(0.5);
  std::string text(is_her ? draw.pick(kHer) : draw.pick(kHim));
  for (size_t at = 0; at < distance(level); ++at)
    text += fmt::format("{} knew {}", at == 0 ? ", who" : " and", is_her ? draw.pick(kHim) : draw.pick(kHer));
  text += fmt::format("{} {} {} in {} and blamed", distance(level) > 0 ? "," : "", draw.chance(0.5) ? "lost" : "forgot",
                      thing(draw), draw.pick(towns()));
  return pair(draw, text, is_her ? "herself." : "himself.", is_her ? "himself." : "herself.");
}

PanelItem reflexive_number(Draw& draw, size_t level) {
  const bool is_plural = draw.chance(0.5);
  const std::string begin =
      fmt::format("in {}, {} had to defend", draw.pick(towns()), noun_phrase(draw, is_plural, distance(level)));
  return pair(draw, begin, is_plural ? "themselves." : "himself or herself.",
              is_plural ? "himself or herself." : "themselves.");
}

/// The verb form after "has" and after "did not".
PanelItem verb_form(Draw& draw, size_t level) {
  const Verb& verb = draw.pick(kVerbs);
  const bool after_has = draw.chance(0.5);
  const std::string what = thing(draw);
  const std::string begin =
      fmt::format("{} {}", noun_phrase(draw, false, distance(level)), after_has ? "had" : "did not");
  const std::string right = fmt::format("{} {}.", after_has ? verb.participle : verb.many, what);
  const std::string wrong = fmt::format("{} {}.", after_has ? verb.many : verb.participle, what);
  return pair(draw, begin, right, wrong);
}

PanelItem this_or_these(Draw& draw, size_t level) {
  const Noun& noun = draw.pick(kNouns);
  const bool is_plural = draw.chance(0.5);
  std::string begin = fmt::format("{} spoke in {} about {}", draw.pick(first_names()), draw.pick(towns()),
                                  is_plural ? "these" : "this");
  for (const std::string_view adjective : draw.sample(kAdjectives, distance(level) + 1))
    begin += fmt::format(" {}", adjective);
  const std::string one = fmt::format("{}.", noun.one), many = fmt::format("{}.", noun.many);
  return pair(draw, begin, is_plural ? many : one, is_plural ? one : many);
}

/// "neither ... nor", "both ... and", "either ... or", "not only ... but also" across what stands between.
PanelItem paired_words(Draw& draw, size_t level) {
  struct Pair {
    std::string_view first, second, wrong;
  };
  constexpr Pair kPairs[] = {
      {"neither", "nor", "but"}, {"both", "and", "nor"}, {"either", "or", "nor"}, {"not only", "but also", "or"}};
  const Pair& words = draw.pick(kPairs);
  std::string begin = fmt::format("{} bought {} {}", draw.pick(first_names()), words.first, thing(draw));
  for (size_t at = 0; at < distance(level); ++at)
    begin += fmt::format("{} {} {}", at == 0 ? " that stood" : " and", draw.pick(kLinks), thing(draw));
  const std::string other = thing(draw);
  return pair(draw, begin, fmt::format("{} {}.", words.second, other), fmt::format("{} {}.", words.wrong, other));
}

/// Who is meant, where only one of the two fits the pronoun used before.
PanelItem thread_of_talk(Draw& draw, size_t level) {
  const auto her = draw.pick(kHer), him = draw.pick(kHim);
  const bool is_her = draw.chance(0.5);
  std::string begin = fmt::format("{} met {} in {}.", her, him, draw.pick(towns()));
  for (size_t at = 0; at < distance(level); ++at) begin += fmt::format(" They talked about {}.", thing(draw));
  const std::string what = thing(draw);
  begin += fmt::format(" Because {} was {}, {} asked {} for", is_her ? her : him, draw.pick(kAdjectives),
                       is_her ? "she" : "he", is_her ? him : her);
  return pair(draw, begin, fmt::format("{} help with {}.", is_her ? "his" : "her", what),
              fmt::format("{} help with {}.", is_her ? "her" : "his", what));
}

}  // namespace

Generator prose_generator() {
  return {"prose",
          "the likelier of two endings of a sentence, one of them wrong by a word",
          "words between those that must agree",
          {{"subject_and_verb", subject_and_verb},
           {"was_or_were", was_or_were},
           {"has_or_have", has_or_have},
           {"reflexive_gender", reflexive_gender},
           {"reflexive_number", reflexive_number},
           {"verb_form", verb_form},
           {"this_or_these", this_or_these},
           {"paired_words", paired_words},
           {"thread_of_talk", thread_of_talk}}};
}

}  // namespace rung
