#include "measure/instruction_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/lower_case.h"
#include "measure/answer_text.h"
#include "measure/panel_items.h"
#include "text/language.h"

namespace rung {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

/// A pattern of our own, or one made of quoted text: it compiles, or is too long for PCRE2 and matches nothing.
std::vector<std::string_view> matches(std::string_view text, std::string_view pattern, bool any_case, size_t limit) {
  const auto regex = Regex::compile(pattern, {.any_case = any_case});
  return regex ? regex->find_all(text, limit) : std::vector<std::string_view>();
}

bool is_match(std::string_view text, std::string_view pattern, bool any_case = true) {
  return !matches(text, pattern, any_case, 1).empty();
}

/// Lower case, without the last dot. The common ones of English prose, titles and months.
constexpr std::string_view kAbbreviations[] = {
    "mr",   "mrs", "ms",   "dr",   "prof", "st",  "sr",     "jr",   "gen", "rep", "sen", "gov",
    "capt", "lt",  "col",  "rev",  "hon",  "vs",  "etc",    "e.g",  "i.e", "cf",  "al",  "inc",
    "ltd",  "co",  "corp", "vol",  "pp",   "fig", "approx", "dept", "est", "jan", "feb", "mar",
    "apr",  "aug", "sep",  "sept", "oct",  "nov", "dec",    "a.m",  "p.m", "u.s", "u.k", "ph.d"};

bool is_abbreviation(std::string_view word) {
  std::string lower = lower_case(word);
  while (!lower.empty() && std::string_view("([\"'").find(lower.front()) != std::string_view::npos) lower.erase(0, 1);
  const bool is_initial = lower.size() == 1 && lower[0] >= 'a' && lower[0] <= 'z' && lower != "i";
  return is_initial ||
         std::find(std::begin(kAbbreviations), std::end(kAbbreviations), lower) != std::end(kAbbreviations);
}

/// Whether a sentence ends with this word, `next` being the one after it.
bool ends_sentence(std::string_view word, std::string_view next) {
  static const Regex kEnd = Regex::compile(R"(([.?!])["')\]}*_\x{201d}\x{2019}]*\z)").value();
  const auto mark = kEnd.find_all(word, 1);
  if (mark.empty()) return false;
  if (mark[0] != ".") return true;
  const std::string_view before = word.substr(0, static_cast<size_t>(mark[0].data() - word.data()));
  if (before.ends_with("..")) return next.empty() || !(next[0] >= 'a' && next[0] <= 'z');
  return !is_abbreviation(before);
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

}  // namespace

std::string shown(const nlohmann::ordered_json& value) {
  constexpr size_t kMaxShown = 60;
  std::string text = value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  return text.size() <= kMaxShown ? text
                                  : std::string(value.type_name()) + " of " + std::to_string(text.size()) + " bytes";
}

std::vector<std::string_view> find_pattern(std::string_view text, std::string_view pattern) {
  return matches(text, pattern, false, SIZE_MAX);
}

size_t count_pattern(std::string_view text, std::string_view pattern) { return find_pattern(text, pattern).size(); }

size_t count_text(std::string_view text, std::string_view part) {
  return matches(text, Regex::quote(part), true, SIZE_MAX).size();
}

bool contains(std::string_view text, std::string_view part) { return is_match(text, Regex::quote(part)); }

bool contains_word(std::string_view text, std::string_view word) {
  return is_match(text, "\\b" + Regex::quote(word) + "\\b");
}

bool starts_in_any_case(std::string_view text, std::string_view start) {
  return is_match(text, "\\A" + Regex::quote(start));
}

bool ends_in_any_case(std::string_view text, std::string_view end) { return is_match(text, Regex::quote(end) + "\\z"); }

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return is_match(left, "\\A" + Regex::quote(right) + "\\z");
}

std::vector<std::string_view> split_text(std::string_view text, std::string_view separator) {
  return Regex::compile(Regex::quote(separator)).value().split(text);
}

std::optional<std::vector<std::string_view>> filled_parts(std::string_view text, std::string_view pattern) {
  std::vector<std::string_view> parts = Regex::compile(pattern).value().split(text);
  const auto is_blank = [](std::string_view part) { return trim_space(part).empty(); };
  if (is_blank(parts.back())) parts.pop_back();
  if (!parts.empty() && is_blank(parts.front())) parts.erase(parts.begin());
  if (std::any_of(parts.begin(), parts.end(), is_blank)) return std::nullopt;
  return parts;
}

size_t count_words(std::string_view text) { return count_pattern(text, "\\w+"); }

size_t count_sentences(std::string_view text) {
  static const Regex kWord = Regex::compile("\\S+").value();
  const std::vector<std::string_view> words = kWord.find_all(text);
  size_t sentences = 0;
  bool is_open = false;
  for (size_t at = 0; at < words.size(); ++at) {
    is_open = !ends_sentence(words[at], at + 1 < words.size() ? words[at + 1] : std::string_view());
    if (!is_open) ++sentences;
  }
  return sentences + (is_open ? 1 : 0);
}

size_t count_capital_words(std::string_view text) {
  static const Regex kWord = Regex::compile(R"([^\s,;:@#$%&?!()\[\]{}<>"]+)").value();
  static const Regex kContraction = Regex::compile(R"(\w(?:'(?:S|M|D|LL|RE|VE)|N'T)\.*\z)").value();
  size_t count = 0;
  for (const std::string_view word : kWord.find_all(text)) {
    if (is_all_capital(word)) count += kContraction.is_in(word) ? 2 : 1;
  }
  return count;
}

std::string_view first_word(std::string_view paragraph) {
  std::string_view word = trim_space(paragraph);
  word = word.substr(0, word.find_first_of(kSpace));
  while (word.starts_with('\'')) word.remove_prefix(1);
  while (word.starts_with('"')) word.remove_prefix(1);
  return word.substr(0, word.find_first_of(".,?!'\""));
}

bool is_all_capital(std::string_view text) {
  return is_match(text, "\\p{Lu}", false) && !is_match(text, "[\\p{Ll}\\p{Lt}]", false);
}

bool is_all_lowercase(std::string_view text) {
  return is_match(text, "\\p{Ll}", false) && !is_match(text, "[\\p{Lu}\\p{Lt}]", false);
}

bool is_json(std::string_view text) {
  std::string_view rest = trim_space(text);
  for (const char* const fence : {"```json", "```Json", "```JSON", "```"}) rest = without_prefix(rest, fence);
  if (rest.ends_with("```")) rest.remove_suffix(3);
  return parse_bounded_json(trim_space(rest)).has_value();
}

bool may_be_in(std::string_view text, std::string_view language) {
  const std::string found = detect_language(text);
  return found.empty() || found == language;
}

}  // namespace rung
