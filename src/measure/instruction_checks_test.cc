#include "measure/instruction_checks.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "measure/instruction_text.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

ordered_json list_of(const char* id, const char* kwargs) {
  return ordered_json::array({{{"id", id}, {"kwargs", ordered_json::parse(kwargs)}}});
}

bool follows(const char* id, const char* kwargs, std::string_view answer, Strictness how = Strictness::kStrict) {
  const ordered_json list = list_of(id, kwargs);
  const Status status = check_instructions(list);
  EXPECT_TRUE(status) << status.error().message;
  return status && instructions_followed(list, answer, how).at(0);
}

struct Case {
  const char* id;
  const char* kwargs;
  std::vector<std::string> right, wrong;
};

/// By hand from the definitions that IFEval publishes.
const Case kCases[] = {
    {"change_case:capital_word_frequency",
     R"({"capital_relation": "less than", "capital_frequency": 3})",
     {"two BIG WORDS", "Big words", "A WELL-KNOWN one"},
     {"three VERY BIG WORDS", "IT'S ME", "I, A, THE"}},
    {"change_case:english_capital",
     "{}",
     {"THIS IS AN ENGLISH SENTENCE, AND ALL OF ITS LETTERS ARE CAPITAL."},
     {"THIS IS AN ENGLISH SENTENCE BUT not ALL OF IT", "123", "DIESER SATZ IST NICHT ENGLISCH, SONDERN DEUTSCH."}},
    {"change_case:english_lowercase",
     "{}",
     {"this is an english sentence, and none of its letters is a capital."},
     {"This is an english sentence", "questa frase non \xc3\xa8 in inglese ma in italiano, come si vede."}},
    {"combination:repeat_prompt",
     R"({"prompt_to_repeat": "Write a song. "})",
     {"Write a song.\nLa la", " write A song.", "Write a song."},
     {"Sure! Write a song. La", "Write a long song."}},
    {"combination:two_responses",
     "{}",
     {"one\n******\ntwo", "one******two******", "******one******two"},
     {"one", "one******one", "one *** two", "one******two******three", "one************two"}},
    {"detectable_content:number_placeholders",
     R"({"num_placeholders": 2})",
     {"[name] and [address]", "[][]", "[a] [b] [c]"},
     {"[name", "[name]", "(name) (address)", "[[name]]"}},
    {"detectable_content:postscript",
     R"({"postscript_marker": "P.S."})",
     {"Bye\nP.S. more", "bye p. s. more"},
     {"Bye", "P.P.S more", "PS more"}},
    {"detectable_content:postscript", R"({"postscript_marker": "P.P.S"})", {"P.P.S more", "p. p. s."}, {"P.S. more"}},
    {"detectable_format:constrained_response",
     "{}",
     {"My answer is yes.", "Well. My answer is maybe. "},
     {"My answer is yes", "my answer is no.", "Yes."}},
    {"detectable_format:json_format",
     "{}",
     {"{\"a\": [1, 2]}", "```json\n{\"a\": 1}\n```", "```\n[]\n```", "3"},
     {"Here: {\"a\": 1}", "{'a': 1}", "{\"a\": 1,}", "```json {\"a\": 1}``` done"}},
    {"detectable_format:multiple_sections",
     R"({"section_spliter": "SECTION", "num_sections": 2})",
     {"SECTION 1 a SECTION 2 b", "SECTION1SECTION2", "SECTION 1\nx\nSECTION 2\ny\nSECTION 3"},
     {"SECTION 1 a", "Section 1 a Section 2 b", "SECTION A SECTION B"}},
    {"detectable_format:number_bullet_lists",
     R"({"num_bullets": 2})",
     {"* a\n* b", "- a\n  * b", "text\n* a\ntext\n- b"},
     {"* a", "* a\n* b\n* c", "a * b * c", "** a\n** b"}},
    {"detectable_format:number_highlighted_sections",
     R"({"num_highlights": 2})",
     {"*a* and *b*", "**a** and **b**", "**a** *b*", "*a b* *c*"},
     {"*a*", "**a**", "* *  ** **", "*a\nb*", "2 * 3 and"}},
    {"detectable_format:title", "{}", {"<<Joy>>\ntext", "x << a b >>"}, {"<Joy>", "<<>>", "<< >>", "<<a\nb>>"}},
    {"keywords:existence",
     R"({"keywords": ["sea", "C++"]})",
     {"The SEA of c++", "overseas C++"},
     {"the sea", "C++", "sea CCC"}},
    {"keywords:forbidden_words",
     R"({"forbidden_words": ["rock", "roll"]})",
     {"rocks and a stroll", "paper"},
     {"a Rock.", "let it roll"}},
    {"keywords:frequency",
     R"({"keyword": "tea", "relation": "less than", "frequency": 2})",
     {"tea", "none"},
     {"tea, Tea", "tea and steam"}},
    {"keywords:letter_frequency",
     R"({"letter": "q", "let_relation": "at least", "let_frequency": 2})",
     {"Quick quote", "qq"},
     {"quick", "o"}},
    {"keywords:letter_frequency",
     R"({"letter": "#", "let_relation": "at least", "let_frequency": 2})",
     {"#a #b"},
     {"#"}},
    {"language:response_language",
     R"({"language": "de"})",
     {"Dieser Satz ist auf Deutsch geschrieben, wie es verlangt war.", "42"},
     {"This sentence is not written in the language that was asked for."}},
    {"length_constraints:nth_paragraph_first_word",
     R"({"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Weather"})",
     {"One.\n\nweather, as", "One\ntwo.\n\n\"Weather\" is"},
     {"Weather\n\nOne", "One.\n\nWeather\n\nthree", "One.\n\nThe weather", "One. Weather"}},
    {"length_constraints:number_paragraphs",
     R"({"num_paragraphs": 2})",
     {"a\n***\nb", "a *** b\n***", "***a***b"},
     {"a", "a\n\nb", "a***b***c", "a*** ***b"}},
    {"length_constraints:number_sentences",
     R"({"relation": "at least", "num_sentences": 3})",
     {"One. Two! Three?", "Dr. No came. He left. Why", "\"Yes.\" \"No.\" Maybe (not)."},
     {"One, two, three.", "Mr. A. B. Smith paid 3.50 e.g. for tea. And left.", "Well... so it goes. Yes."}},
    {"length_constraints:number_words",
     R"({"relation": "less than", "num_words": 4})",
     {"one two three", "na\xc3\xafve"},
     {"one two three four", "a-b-c d"}},
    {"punctuation:no_comma", "{}", {"a; b"}, {"a, b"}},
    {"startend:end_checker",
     R"({"end_phrase": "The end."})",
     {"Well. the END.", "\"Well. The end.\"\n"},
     {"The end. Really.", "The end"}},
    {"startend:quotation", "{}", {"\"text\"", " \"\" "}, {"text", "\"text", "\"", "'text'"}},
};

TEST(Instructions, AreFollowedAsIfEvalDefinesThem) {
  for (const Case& one : kCases) {
    for (const std::string& answer : one.right)
      EXPECT_TRUE(follows(one.id, one.kwargs, answer)) << one.id << ": " << answer;
    for (const std::string& answer : one.wrong)
      EXPECT_FALSE(follows(one.id, one.kwargs, answer)) << one.id << ": " << answer;
    for (const char* blank : {"", " \n"}) EXPECT_FALSE(follows(one.id, one.kwargs, blank)) << one.id;
  }
}

TEST(Instructions, LooseReadingDropsFirstAndLastLineAndAsterisks) {
  const char* const end = R"({"end_phrase": "The end."})";
  const char* const answer = "Sure:\n\"*The* end.\"\nHope this helps!";
  EXPECT_FALSE(follows("startend:quotation", "{}", answer));
  EXPECT_TRUE(follows("startend:quotation", "{}", answer, Strictness::kLoose));
  EXPECT_FALSE(follows("startend:end_checker", end, answer));
  EXPECT_TRUE(follows("startend:end_checker", end, answer, Strictness::kLoose));
  EXPECT_FALSE(follows("startend:end_checker", end, "Sure:\nHope this helps!", Strictness::kLoose));
  EXPECT_FALSE(follows("punctuation:no_comma", "{}", "a,\nb,\nc,", Strictness::kLoose));
  EXPECT_TRUE(follows("punctuation:no_comma", "{}", "a,\nb\nc,", Strictness::kLoose));
}

TEST(Instructions, EachOfTheListIsJudged) {
  const ordered_json list = ordered_json::parse(
      R"([{"id": "punctuation:no_comma", "kwargs": {"language": null}}, {"id": "startend:quotation"}])");
  ASSERT_TRUE(check_instructions(list));
  EXPECT_THAT(instructions_followed(list, "no comma", Strictness::kStrict), ElementsAre(true, false));
  EXPECT_THAT(instructions_followed(list, "\"a, b\"", Strictness::kStrict), ElementsAre(false, true));
}

TEST(Instructions, ErrorsNamePlaceFieldAndWhatIsAllowed) {
  const std::pair<ordered_json, const char*> wrong[] = {
      {ordered_json::object(), "found {}, allowed is a list, not empty"},
      {ordered_json::array(), "found [], allowed is a list, not empty"},
      {ordered_json::array({3}), "instruction 1: field 'id': found nothing, allowed are the 25 of IFEval"},
      {list_of("no:such", "{}"), "instruction 1: field 'id': found \"no:such\""},
      {list_of("keywords:existence", "{}"), "field 'kwargs.keywords': found nothing, allowed is a list"},
      {list_of("keywords:existence", R"({"keywords": ["a", 3]})"), "found [\"a\",3]"},
      {list_of("keywords:existence", "[]"), "instruction 1: field 'kwargs': found [], allowed is an object"},
      {list_of("length_constraints:number_words", R"({"relation": "at most", "num_words": 3})"),
       "instruction 1 (length_constraints:number_words): field 'kwargs.relation': found \"at most\", allowed is \"at "
       "least\" or \"less than\""},
      {list_of("detectable_format:number_bullet_lists", R"({"num_bullets": -1})"),
       "found -1, allowed is a whole number"},
      {list_of("detectable_format:number_bullet_lists", R"({"num_bullets": 1.5})"), "found 1.5"},
      {list_of("detectable_format:number_bullet_lists", R"({"num_bullets": 1e300})"), "found 1e+300"},
      {list_of("startend:end_checker", R"({"end_phrase": " "})"),
       "found \" \", allowed is a string that is not blank"}};
  for (const auto& [list, message] : wrong) {
    const Status status = check_instructions(list);
    ASSERT_FALSE(status) << list;
    EXPECT_THAT(status.error().message, HasSubstr(message));
  }
}

TEST(Instructions, AnyBytesAreAnAnswer) {
  const std::string bytes = "\xff\xc3 * \x80[<<\xf0\x9f>>]\n\n\"";
  for (const Case& one : kCases) {
    const ordered_json list = list_of(one.id, one.kwargs);
    EXPECT_EQ(instructions_followed(list, bytes, Strictness::kLoose).size(), 1u);
    EXPECT_EQ(instructions_followed(list, std::string(200000, '*'), Strictness::kStrict).size(), 1u);
  }
}

/// By hand, from the rule in the header.
TEST(InstructionText, CountsSentences) {
  const std::pair<const char*, size_t> texts[] = {
      {"", 0},
      {"No mark at all", 1},
      {"One. Two.", 2},
      {"It costs 3.50 in the U.S. today.", 1},
      {"He met Mr. Smith. They ate.", 2},
      {"Wait... what? Yes!", 2},
      {"Wait... What?", 2},
      {"- item one\n- item two", 1},
      {"\"Is it?\" she asked.", 2},
  };
  for (const auto& [text, sentences] : texts) EXPECT_EQ(count_sentences(text), sentences) << text;
}

}  // namespace
}  // namespace rung
