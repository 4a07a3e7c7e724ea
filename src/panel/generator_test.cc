// All generators: forms, levels, repetitions; the gold answer is right and near misses are wrong.
#include "panel/generator.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "grammar/grammar.h"
#include "measure/grader.h"
#include "measure/sandbox.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Generator> all() { return make_generators({shipped_facts(), true}); }

/// What a model would be asked.
std::string asked(const PanelItem& item) {
  std::string text = item.messages->dump();
  for (const PanelItem::Json& part : {item.tools, item.choices})
    if (part) text += part->dump();
  return text;
}

/// A right answer: the gold text, for calls the expected ones in the first of the notations.
std::string right_answer(const PanelItem& item) {
  if (item.grader == Grader::kNoToolCall) return "None of the functions fits.";
  if (item.gold) return *item.gold;
  std::string text;
  for (const Json& call : item.answer->is_array() ? *item.answer : Json::array({*item.answer}))
    text += std::string(text.empty() ? "" : "\n") + "<tool_call>" + call.dump() + "</tool_call>";
  return text;
}

/// Calls `check` with `draws` items of each generator and level.
template <typename Check>
void for_items(size_t draws, Check check) {
  for (const Generator& generator : all())
    for (size_t level = 1; level <= kLevels; ++level) {
      Draw draw(17 * level);
      for (size_t count = 0; count < draws; ++count) check(generator, generator.draw(draw, level));
    }
}

TEST(Generators, HaveLevelsAndForms) {
  std::set<std::string_view> capabilities;
  for (const Generator& generator : all()) {
    EXPECT_TRUE(capabilities.insert(generator.capability).second);
    std::set<std::string_view> names;
    for (const Form& form : generator.forms) EXPECT_TRUE(names.insert(form.name).second) << form.name;
    EXPECT_GE(names.size(), 8u) << generator.capability;
  }
  EXPECT_EQ(capabilities.size(), 10u);
  static_assert(kLevels >= 5);
}

/// At the easiest level, where the fewest different items are; further up a part of the draws must do.
TEST(Generators, RepeatLessThanOneDrawInAHundred) {
  for (const Generator& generator : all())
    for (const auto& [level, draws] : {std::pair<size_t, size_t>{1, 10000}, {2, 10000}, {4, 1000}, {kLevels, 100}}) {
      Draw draw(level);
      std::set<size_t> seen;
      for (size_t count = 0; count < draws; ++count)
        seen.insert(std::hash<std::string>()(asked(generator.draw(draw, level))));
      EXPECT_LT((draws - seen.size()) * 100, draws) << generator.capability << " level " << level;
    }
}

TEST(Generators, TheSameSeedGivesTheSameItems) {
  for (const Generator& generator : all()) {
    Draw one(5), same(5), other(6);
    const std::string text = asked(generator.draw(one, 3));
    EXPECT_EQ(text, asked(generator.draw(same, 3)));
    EXPECT_NE(text, asked(generator.draw(other, 3)));
  }
}

TEST(Generators, LevelsAskForMore) {
  for (const Generator& generator : all()) {
    if (generator.capability == "facts") continue;  // grow by what is asked, not by how long
    std::vector<size_t> bytes;
    for (const size_t level : {size_t{1}, kLevels}) {
      Draw draw(3);
      size_t sum = 0;
      for (size_t count = 0; count < 200; ++count) sum += asked(generator.draw(draw, level)).size();
      bytes.push_back(sum);
    }
    EXPECT_GT(bytes[1], bytes[0] * 11 / 10) << generator.capability;
  }
}

TEST(Generators, GoldAnswersAreRight) {
  for_items(40, [](const Generator& generator, const PanelItem& item) {
    if (item.grader == Grader::kCode) return;
    EXPECT_TRUE(grade(item, right_answer(item)))
        << generator.capability << ' ' << item.form << ' ' << *item.level << '\n'
        << asked(item) << '\n'
        << right_answer(item);
  });
}

// Otherwise --panel builtin could not tell what a grammar repairs.
TEST(Generators, GrammarsAcceptGoldAnswers) {
  size_t tried = 0;
  for_items(40, [&](const Generator& generator, const PanelItem& item) {
    const bool is_call = item.grader == Grader::kToolCall || item.grader == Grader::kToolCalls;
    if (item.grader != Grader::kJson && !is_call) return;
    const auto grammar =
        is_call ? Grammar::of_tools(*item.tools, {ToolCallStyle::kTagged, true, 8}) : Grammar::of_schema(*item.schema);
    ASSERT_TRUE(grammar) << generator.capability << ' ' << grammar.error().message;
    EXPECT_TRUE(grammar->accepts(right_answer(item))) << asked(item) << '\n' << right_answer(item);
    ++tried;
  });
  EXPECT_GT(tried, 400u);
}

TEST(Generators, GoldAnswersOfOtherItemsAreWrong) {
  size_t right = 0, tried = 0;
  for_items(10, [&, last = std::string()](const Generator& generator, const PanelItem& item) mutable {
    const bool is_told_apart = item.grader != Grader::kCode && item.grader != Grader::kNoToolCall &&
                               item.grader != Grader::kInstructions && generator.capability != "facts";
    if (is_told_apart) right += grade(item, last), ++tried;
    last = right_answer(item);
  });
  EXPECT_GT(tried, 400u);
  EXPECT_LT(right * 10, tried) << "yes and no, small counts, compass points may agree by chance";
}

TEST(Generators, GoldProgramsRunAndSpoiledOnesDoNot) {
  if (!python_available()) GTEST_SKIP() << python_available().error().message;
  for (const Generator& generator : all()) {
    if (generator.capability != "code_writing") continue;
    for (const Form& form : generator.forms) {
      Draw draw(11);
      const PanelItem item = form.draw(draw, 3);
      EXPECT_TRUE(grade(item, *item.gold)) << *item.gold << item.answer->dump();
      EXPECT_FALSE(
          grade(item, *item.gold + "    \n" + item.gold->substr(0, item.gold->find('\n')) + "\n    return 7\n"));
    }
  }
}

/// The programs of "what does this print", run by Python: an independent rule for every gold answer.
TEST(Generators, PythonPrintsWhatTheCodeItemsSay) {
  if (!python_available()) GTEST_SKIP() << python_available().error().message;
  std::string program, expected;
  for (const Generator& generator : all()) {
    if (generator.capability != "code") continue;
    for (const Form& form : generator.forms)
      for (size_t level = 1; level <= kLevels; ++level)
        for (uint64_t seed = 0; seed < 6; ++seed) {
          Draw draw(seed * 100 + level);
          const PanelItem item = form.draw(draw, level);
          const std::string text = item.messages->at(0).at("content").get<std::string>();
          const size_t begin = text.find("```python\n") + 10;
          program += text.substr(begin, text.find("```", begin) - begin);
          expected += *item.gold + "\n";
        }
  }
  EXPECT_EQ(run_python(program).output, expected);
}

/// Sums and products in figures, computed by Python from the question's own text.
TEST(Generators, PythonComputesTheBareSums) {
  if (!python_available()) GTEST_SKIP() << python_available().error().message;
  std::string program, expected;
  for (const Generator& generator : all()) {
    if (generator.capability != "math") continue;
    for (const Form& form : generator.forms) {
      if (form.name != "plus" && form.name != "minus" && form.name != "times" && form.name != "chain") continue;
      for (uint64_t seed = 0; seed < 60; ++seed) {
        Draw draw(seed);
        const PanelItem item = form.draw(draw, 1 + seed % kLevels);
        const std::string text = item.messages->at(0).at("content").get<std::string>();
        const size_t begin = text.find_first_of("0123456789");
        const std::string sum = text.substr(begin, text.find_first_not_of("0123456789+-* ", begin) - begin);
        if (sum.find_first_of("+-*") == std::string::npos) continue;  // "Add 3 and 4."
        program += "print(" + sum + ")\n";
        expected += *item.gold + "\n";
      }
    }
  }
  EXPECT_GT(expected.size(), 400u);
  EXPECT_EQ(run_python(program).output, expected);
}

TEST(Generators, NumbersNextToTheRightOneAreWrong) {
  for_items(10, [](const Generator&, const PanelItem& item) {
    if (item.grader != Grader::kNumber) return;
    const auto value = item.answer->get<int64_t>();
    for (const int64_t wrong : {value - 1, value + 1, value * 10, -value - 1})
      EXPECT_EQ(grade(item, std::to_string(wrong)), wrong == value) << value << ' ' << wrong;
    EXPECT_TRUE(grade(item, "The answer is " + std::to_string(value) + "."));
  });
}

}  // namespace
}  // namespace rung
