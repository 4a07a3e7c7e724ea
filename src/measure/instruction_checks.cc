#include "measure/instruction_checks.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "measure/answer_text.h"
#include "measure/instruction_text.h"
#include "text/tokenizer.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMaxCount = 1e6;

enum class Field { kCount, kText, kTexts, kRelation };

struct FieldRow {
  const char* name = nullptr;
  Field kind = Field::kCount;
};

/// The arguments of one instruction, checked before.
class Arguments {
 public:
  explicit Arguments(const Json& kwargs) : kwargs_(kwargs) {}
  size_t count(const char* name) const { return static_cast<size_t>(kwargs_.at(name).get<double>()); }
  std::string_view text(const char* name) const { return trim_space(kwargs_.at(name).get_ref<const std::string&>()); }
  std::vector<std::string> texts(const char* name) const { return kwargs_.at(name).get<std::vector<std::string>>(); }
  /// Whether `found` stands in the wanted relation to the wanted number.
  bool compares(size_t found, const char* relation, const char* number) const {
    return text(relation) == "at least" ? found >= count(number) : found < count(number);
  }

 private:
  const Json& kwargs_;
};

using Check = bool (*)(const Arguments&, std::string_view);

struct Instruction {
  std::string_view id;
  std::array<FieldRow, 3> fields;
  Check follows;
};

bool has_keywords(const Arguments& wanted, std::string_view answer) {
  const auto words = wanted.texts("keywords");
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) { return contains(answer, word); });
}

bool has_no_forbidden_word(const Arguments& wanted, std::string_view answer) {
  const auto words = wanted.texts("forbidden_words");
  return std::none_of(words.begin(), words.end(), [&](const std::string& word) { return contains_word(answer, word); });
}

bool has_keyword_often(const Arguments& wanted, std::string_view answer) {
  return wanted.compares(count_text(answer, wanted.text("keyword")), "relation", "frequency");
}

bool has_letter_often(const Arguments& wanted, std::string_view answer) {
  return wanted.compares(count_text(answer, wanted.text("letter")), "let_relation", "let_frequency");
}

bool is_in_language(const Arguments& wanted, std::string_view answer) {
  return may_be_in(answer, wanted.text("language"));
}

bool has_sentences(const Arguments& wanted, std::string_view answer) {
  return wanted.compares(count_sentences(answer), "relation", "num_sentences");
}

bool has_words(const Arguments& wanted, std::string_view answer) {
  return wanted.compares(count_words(answer), "relation", "num_words");
}

bool has_paragraphs(const Arguments& wanted, std::string_view answer) {
  const auto parts = filled_parts(answer, "\\s?\\*\\*\\*\\s?");
  return parts && parts->size() == wanted.count("num_paragraphs");
}

bool has_first_word(const Arguments& wanted, std::string_view answer) {
  const std::vector<std::string_view> all = split_text(answer, "\n\n");
  const auto filled = static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [](std::string_view paragraph) { return !trim_space(paragraph).empty(); }));
  const size_t place = wanted.count("nth_paragraph");
  if (filled != wanted.count("num_paragraphs") || place == 0 || place > filled) return false;
  return equal_in_any_case(first_word(all[place - 1]), wanted.text("first_word"));
}

bool has_placeholders(const Arguments& wanted, std::string_view answer) {
  return count_pattern(answer, "\\[.*?\\]") >= wanted.count("num_placeholders");
}

bool has_postscript(const Arguments& wanted, std::string_view answer) {
  const std::string_view marker = wanted.text("postscript_marker");
  if (marker == "P.P.S") return count_pattern(answer, "(?i)p\\.\\s?p\\.\\s?s") > 0;
  if (marker == "P.S.") return count_pattern(answer, "(?i)p\\.\\s?s\\.") > 0;
  return contains(answer, marker);
}

bool has_bullets(const Arguments& wanted, std::string_view answer) {
  return count_pattern(answer, "(?m)^\\s*\\*[^*].*$") + count_pattern(answer, "(?m)^\\s*-.*$") ==
         wanted.count("num_bullets");
}

bool is_one_of_three(const Arguments&, std::string_view answer) {
  constexpr std::string_view kOptions[] = {"My answer is yes.", "My answer is no.", "My answer is maybe."};
  return std::any_of(std::begin(kOptions), std::end(kOptions),
                     [&](std::string_view option) { return answer.find(option) != std::string_view::npos; });
}

/// Whether something is left of a marked text without its marks.
size_t count_filled(const std::vector<std::string_view>& marked, std::string_view marks) {
  return static_cast<size_t>(std::count_if(marked.begin(), marked.end(), [&](std::string_view text) {
    return text.find_first_not_of(std::string(marks) + " \t\r\n\v\f") != std::string_view::npos;
  }));
}

bool has_highlights(const Arguments& wanted, std::string_view answer) {
  // In **one** the first pattern finds two that are empty.
  return count_filled(find_pattern(answer, "\\*[^\\n*]*\\*"), "*") +
             count_filled(find_pattern(answer, "\\*\\*[^\\n*]*\\*\\*"), "*") >=
         wanted.count("num_highlights");
}

bool has_sections(const Arguments& wanted, std::string_view answer) {
  const std::string mark = Regex::quote(wanted.text("section_spliter"));
  return count_pattern(answer, "\\s?" + mark + "\\s?\\d+\\s?") >= wanted.count("num_sections");
}

bool has_title(const Arguments&, std::string_view answer) {
  return count_filled(find_pattern(answer, "<<[^\\n]+>>"), "<>") > 0;
}

bool has_two_responses(const Arguments&, std::string_view answer) {
  const auto parts = filled_parts(answer, "\\*{6}");
  return parts && parts->size() == 2 && trim_space(parts->front()) != trim_space(parts->back());
}

bool repeats_prompt(const Arguments& wanted, std::string_view answer) {
  return starts_in_any_case(trim_space(answer), wanted.text("prompt_to_repeat"));
}

bool has_end(const Arguments& wanted, std::string_view answer) {
  std::string_view rest = trim_space(answer);
  while (rest.starts_with('"')) rest.remove_prefix(1);
  while (rest.ends_with('"')) rest.remove_suffix(1);
  return ends_in_any_case(rest, wanted.text("end_phrase"));
}

bool has_capital_words(const Arguments& wanted, std::string_view answer) {
  return wanted.compares(count_capital_words(answer), "capital_relation", "capital_frequency");
}

bool is_quoted(const Arguments&, std::string_view answer) {
  const std::string_view rest = trim_space(answer);
  return rest.size() > 1 && rest.front() == '"' && rest.back() == '"';
}

constexpr Instruction kInstructions[] = {
    {"change_case:capital_word_frequency",
     {{{"capital_relation", Field::kRelation}, {"capital_frequency", Field::kCount}}},
     has_capital_words},
    {"change_case:english_capital",
     {},
     [](const Arguments&, std::string_view answer) { return is_all_capital(answer) && may_be_in(answer, "en"); }},
    {"change_case:english_lowercase",
     {},
     [](const Arguments&, std::string_view answer) { return is_all_lowercase(answer) && may_be_in(answer, "en"); }},
    {"combination:repeat_prompt", {{{"prompt_to_repeat", Field::kText}}}, repeats_prompt},
    {"combination:two_responses", {}, has_two_responses},
    {"detectable_content:number_placeholders", {{{"num_placeholders", Field::kCount}}}, has_placeholders},
    {"detectable_content:postscript", {{{"postscript_marker", Field::kText}}}, has_postscript},
    {"detectable_format:constrained_response", {}, is_one_of_three},
    {"detectable_format:json_format", {}, [](const Arguments&, std::string_view answer) { return is_json(answer); }},
    {"detectable_format:multiple_sections",
     {{{"section_spliter", Field::kText}, {"num_sections", Field::kCount}}},
     has_sections},
    {"detectable_format:number_bullet_lists", {{{"num_bullets", Field::kCount}}}, has_bullets},
    {"detectable_format:number_highlighted_sections", {{{"num_highlights", Field::kCount}}}, has_highlights},
    {"detectable_format:title", {}, has_title},
    {"keywords:existence", {{{"keywords", Field::kTexts}}}, has_keywords},
    {"keywords:forbidden_words", {{{"forbidden_words", Field::kTexts}}}, has_no_forbidden_word},
    {"keywords:frequency",
     {{{"keyword", Field::kText}, {"relation", Field::kRelation}, {"frequency", Field::kCount}}},
     has_keyword_often},
    {"keywords:letter_frequency",
     {{{"letter", Field::kText}, {"let_relation", Field::kRelation}, {"let_frequency", Field::kCount}}},
     has_letter_often},
    {"language:response_language", {{{"language", Field::kText}}}, is_in_language},
    {"length_constraints:nth_paragraph_first_word",
     {{{"num_paragraphs", Field::kCount}, {"nth_paragraph", Field::kCount}, {"first_word", Field::kText}}},
     has_first_word},
    {"length_constraints:number_paragraphs", {{{"num_paragraphs", Field::kCount}}}, has_paragraphs},
    {"length_constraints:number_sentences",
     {{{"relation", Field::kRelation}, {"num_sentences", Field::kCount}}},
     has_sentences},
    {"length_constraints:number_words", {{{"relation", Field::kRelation}, {"num_words", Field::kCount}}}, has_words},
    {"punctuation:no_comma",
     {},
     [](const Arguments&, std::string_view answer) { return answer.find(',') == std::string_view::npos; }},
    {"startend:end_checker", {{{"end_phrase", Field::kText}}}, has_end},
    {"startend:quotation", {}, is_quoted},
};

const Instruction* find_instruction(const Json& entry) {
  const auto id = entry.find("id");
  if (id == entry.end() || !id->is_string()) return nullptr;
  const auto found = std::find_if(std::begin(kInstructions), std::end(kInstructions),
                                  [&](const Instruction& row) { return row.id == id->get_ref<const std::string&>(); });
  return found != std::end(kInstructions) ? found : nullptr;
}

bool is_text(const Json& value) {
  return value.is_string() && !trim_space(value.get_ref<const std::string&>()).empty();
}

/// What the field's kind allows; empty where the value is of it.
std::string_view fault(const Json& value, Field kind) {
  const bool is_count = value.is_number() && value.get<double>() >= 0 && value.get<double>() <= kMaxCount &&
                        value.get<double>() == static_cast<double>(static_cast<size_t>(value.get<double>()));
  switch (kind) {
    case Field::kCount:
      return is_count ? "" : "a whole number from 0 to 1000000";
    case Field::kText:
      return is_text(value) ? "" : "a string that is not blank";
    case Field::kTexts:
      return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_text)
                 ? ""
                 : "a list, not empty, of strings";
    case Field::kRelation:
      return value == "at least" || value == "less than" ? "" : "\"at least\" or \"less than\"";
  }
  return "";
}

Status check_instruction(const Json& entry, size_t position) {
  const Instruction* const row = entry.is_object() ? find_instruction(entry) : nullptr;
  if (row == nullptr)
    return input_error("instruction {}: field 'id': found {}, allowed are the {} of IFEval, such as \"{}\"", position,
                       entry.is_object() && entry.contains("id") ? shown(entry.at("id")) : "nothing",
                       std::size(kInstructions), kInstructions[0].id);
  const auto kwargs = entry.find("kwargs");
  if (kwargs != entry.end() && !kwargs->is_object() && !kwargs->is_null())
    return input_error("instruction {}: field 'kwargs': found {}, allowed is an object", position, shown(*kwargs));
  for (const FieldRow& field : row->fields) {
    if (field.name == nullptr) break;
    const Json* const value = kwargs != entry.end() && kwargs->is_object() && kwargs->contains(field.name)
                                  ? &kwargs->at(field.name)
                                  : nullptr;
    const std::string_view allowed = fault(value != nullptr ? *value : Json(), field.kind);
    if (!allowed.empty())
      return input_error("instruction {} ({}): field 'kwargs.{}': found {}, allowed is {}", position, row->id,
                         field.name, value != nullptr ? shown(*value) : "nothing", allowed);
  }
  return {};
}

/// The answer itself, then what the loose reading also accepts.
std::vector<std::string> readings(std::string_view answer, Strictness strictness) {
  std::vector<std::string> result = {std::string(answer)};
  if (strictness == Strictness::kStrict) return result;
  const size_t first_end = answer.find('\n'), last_begin = answer.rfind('\n');
  const bool has_lines = first_end != std::string_view::npos;
  const auto add = [&](std::string_view text) { result.emplace_back(trim_space(text)); };
  if (has_lines) {
    add(answer.substr(first_end + 1));
    add(answer.substr(0, last_begin));
    if (last_begin > first_end) add(answer.substr(first_end + 1, last_begin - first_end - 1));
  }
  const size_t plain = result.size();
  for (size_t at = 0; at < plain; ++at) {
    std::string text = result[at];
    std::erase(text, '*');
    result.push_back(std::move(text));
  }
  return result;
}

}  // namespace

Status check_instructions(const Json& list) {
  if (!list.is_array() || list.empty())
    return input_error("found {}, allowed is a list, not empty, of {{\"id\": ..., \"kwargs\": {{...}}}}", shown(list));
  for (size_t at = 0; at < list.size(); ++at) RUNG_CHECK(check_instruction(list[at], at + 1));
  return {};
}

std::vector<bool> instructions_followed(const Json& list, std::string_view answer, Strictness strictness) {
  static const Json kNoArguments = Json::object();
  Utf8Stream stream;
  const std::vector<std::string> texts = readings(stream.push(answer) + stream.flush(), strictness);
  std::vector<bool> followed;
  for (const Json& entry : list) {
    const auto kwargs = entry.find("kwargs");
    const Arguments arguments(kwargs != entry.end() ? *kwargs : kNoArguments);
    const Check follows = find_instruction(entry)->follows;
    followed.push_back(std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return !trim_space(text).empty() && follows(arguments, text);
    }));
  }
  return followed;
}

}  // namespace rung
