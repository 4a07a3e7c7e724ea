#include "panel/item_parts.h"

#include <array>
#include <nlohmann/json.hpp>

namespace rung {

PanelItem ask(std::string question, Grader grader, const nlohmann::ordered_json& answer, std::string gold) {
  using Json = nlohmann::ordered_json;
  PanelItem item;
  item.grader = grader;
  item.messages = std::make_shared<const Json>(Json::array({{{"role", "user"}, {"content", std::move(question)}}}));
  item.answer = std::make_shared<const Json>(answer);
  if (!gold.empty()) item.gold = std::move(gold);
  return item;
}

PanelItem ask_number(std::string question, int64_t answer) {
  return ask(std::move(question), Grader::kNumber, answer, std::to_string(answer));
}

PanelItem ask_words(std::string question, std::string_view answer) {
  return ask(std::move(question), Grader::kShortAnswer, std::string(answer), std::string(answer));
}

std::string_view number_only(Draw& draw) {
  constexpr std::string_view kPhrases[] = {"Answer with the number only.", "Give only the number.",
                                           "Reply with just the number.",  "Write the number, nothing else.",
                                           "Only the number, please.",     "Your whole answer must be one number."};
  return draw.pick(kPhrases);
}

std::string_view word_only(Draw& draw) {
  constexpr std::string_view kPhrases[] = {"Answer with one word.",     "Give only the word.",
                                           "Reply with a single word.", "Write one word, nothing else.",
                                           "Only one word, please.",    "Your whole answer must be one word."};
  return draw.pick(kPhrases);
}

std::string listed(std::span<const std::string> parts) {
  std::string text;
  for (size_t index = 0; index < parts.size(); ++index)
    text += (index == 0 ? "" : index + 1 == parts.size() ? " and " : ", ") + parts[index];
  return text;
}

std::string_view ordinal(size_t place) {
  constexpr std::array<std::string_view, 12> kNames = {"first",   "second", "third", "fourth", "fifth",    "sixth",
                                                       "seventh", "eighth", "ninth", "tenth",  "eleventh", "twelfth"};
  return kNames.at(place - 1);
}

std::string number_words(uint64_t number) {
  constexpr std::string_view kSmall[] = {
      "zero", "one",    "two",    "three",    "four",     "five",    "six",     "seven",     "eight",    "nine",
      "ten",  "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::string_view kTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                        "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (number < 20) return std::string(kSmall[number]);
  if (number < 100)
    return std::string(kTens[number / 10]) + (number % 10 == 0 ? "" : "-" + std::string(kSmall[number % 10]));
  return std::string(kSmall[number / 100 % 10]) + " hundred" +
         (number % 100 == 0 ? "" : " and " + number_words(number % 100));
}

std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

Words first_names() {
  static constexpr std::string_view kWords[] = {
      "Adam",   "Alma",  "Anton",  "Bela",   "Bruno",  "Carla", "Celia",  "Clara",  "Conrad", "Daria",
      "David",  "Doris", "Edgar",  "Elena",  "Elsa",   "Emil",  "Erik",   "Esther", "Felix",  "Fiona",
      "Frank",  "Gavin", "Greta",  "Hana",   "Harry",  "Helen", "Igor",   "Ines",   "Irene",  "Jonas",
      "Julia",  "Karl",  "Katya",  "Klaus",  "Laura",  "Leo",   "Linda",  "Louis",  "Lucia",  "Marco",
      "Maria",  "Marta", "Milan",  "Nadia",  "Nils",   "Olga",  "Oliver", "Omar",   "Pavel",  "Petra",
      "Peter",  "Quinn", "Rachel", "Ralph",  "Rita",   "Robin", "Sara",   "Simon",  "Sofia",  "Stefan",
      "Teresa", "Theo",  "Tobias", "Ursula", "Victor", "Viola", "Walter", "Wendy",  "Yara",   "Yusuf"};
  return kWords;
}

Words things() {
  static constexpr std::string_view kWords[] = {
      "stickers", "marbles", "pencils", "shells",  "buttons", "tickets", "postcards", "candles", "beads",   "pebbles",
      "coins",    "badges",  "tiles",   "bottles", "ribbons", "seeds",   "nails",     "bricks",  "magnets", "feathers"};
  return kWords;
}

Words objects() {
  static constexpr std::string_view kWords[] = {"wallet",  "umbrella", "camera", "notebook", "scarf",  "whistle",
                                                "compass", "candle",   "mug",    "flute",    "ticket", "brush",
                                                "lantern", "puzzle",   "radio",  "vase"};
  return kWords;
}

Words places() {
  static constexpr std::string_view kWords[] = {"kitchen", "garage",  "cellar",   "attic",    "library", "office",
                                                "garden",  "hallway", "bathroom", "workshop", "balcony", "pantry",
                                                "bedroom", "shed",    "studio",   "lobby"};
  return kWords;
}

Words colors() {
  static constexpr std::string_view kWords[] = {"red",    "blue", "green", "black",  "white",  "yellow",
                                                "orange", "gray", "brown", "purple", "silver", "golden"};
  return kWords;
}

Words kinds() {
  static constexpr std::string_view kWords[] = {"brimp", "dorvel", "fenk",   "glorp", "harn",  "jisk",  "kelmo",
                                                "lurn",  "mosk",   "nargle", "ospin", "plim",  "quorl", "rundle",
                                                "sniv",  "tarp",   "umbit",  "vorn",  "wixel", "yanto", "zorb",
                                                "crund", "blen",   "thrip",  "shont", "drelk", "flurm", "grint"};
  return kWords;
}

Words towns() {
  static constexpr std::string_view kWords[] = {"Bergen",  "Bilbao", "Bologna", "Bremen", "Cordoba", "Dresden",
                                                "Geneva",  "Ghent",  "Granada", "Graz",   "Leeds",   "Leipzig",
                                                "Malmo",   "Nantes", "Odessa",  "Parma",  "Seville", "Turin",
                                                "Utrecht", "Verona", "Warsaw",  "York",   "Zagreb",  "Zurich"};
  return kWords;
}

}  // namespace rung
