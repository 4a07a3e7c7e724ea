// Each loader on a small file of its format (testdata/tasks/README.md); expected prompts are written out by hand from
// the reference harness's templates.
#include "tasks/tasks.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/mapped_file.h"
#include "base/temp_folder_for_tests.h"
#include "measure/grader.h"
#include "measure/sandbox.h"
#include "tasks/task_checks_for_tests.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using test::check_golds;
using test::load;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kData = RUNG_SOURCE_DIR "/testdata/tasks/";

const PanelItem& item_of(const LoadedTask& task, std::string_view id) {
  for (const PanelItem& item : task.capability.items)
    if (item.id == id) return item;
  ADD_FAILURE() << "no item " << id;
  static const PanelItem none;
  return none;
}

TEST(Tasks, Gsm8k) {
  const LoadedTask task = load("gsm8k=" + kData + "gsm8k/test.jsonl");
  ASSERT_EQ(task.capability.items.size(), 6u);
  EXPECT_TRUE(task.notes.empty());
  const PanelItem& first = item_of(task, "gsm8k/0000");
  EXPECT_THAT(first.prompt, StartsWith("Question: "));
  EXPECT_THAT(first.prompt,
              testing::EndsWith("Question: Janet\u2019s ducks lay 16 eggs per day. She eats three for "
                                "breakfast every morning and bakes muffins for her friends every day with "
                                "four. She sells the remainder at the farmers' market daily for $2 per "
                                "fresh duck egg. How much in dollars does she make every day at the "
                                "farmers' market?\nAnswer:"));
  size_t shots = 0;
  for (size_t at = first.prompt.find("\n\nQuestion: "); at != std::string::npos;
       at = first.prompt.find("\n\nQuestion: ", at + 1))
    ++shots;
  EXPECT_EQ(shots, 5u);
  EXPECT_THAT(first.stops, ElementsAre("\n\n", "Question:"));
  EXPECT_EQ(*first.answer, 18);
  EXPECT_TRUE(grade(first, " Anything.\n#### 18\n\nQuestion: next"));
  for (const char* wrong : {" It is 18", " ####18", " #### 17", "\n\n#### 18"})
    EXPECT_FALSE(grade(first, wrong)) << wrong;
  EXPECT_EQ(check_golds(task.capability), 0u);
}

TEST(Tasks, Gsm8kWithoutTrainingFileShowsItsOwnFirst) {
  const test::TempFolder folder;
  std::filesystem::copy(kData + "gsm8k/test.jsonl", folder / "test.jsonl");
  const LoadedTask alone = load("gsm8k=" + (folder / "test.jsonl").string());
  ASSERT_EQ(alone.capability.items.size(), 1u);
  EXPECT_EQ(alone.capability.items[0].id, "gsm8k/0005");
  EXPECT_THAT(alone.notes, ElementsAre(HasSubstr("its first 5 problems are the examples and not scored")));
}

class RunTasks : public testing::Test {
 protected:
  void SetUp() override {
    if (!python_available()) GTEST_SKIP() << python_available().error().message;
  }
};

TEST_F(RunTasks, Humaneval) {
  const LoadedTask task = load("humaneval=" + kData + "humaneval/HumanEval.jsonl.gz");
  ASSERT_EQ(task.capability.items.size(), 4u);
  const PanelItem& first = item_of(task, "humaneval/HumanEval/0");
  EXPECT_THAT(first.prompt, StartsWith("from typing import List\n\n\ndef has_close_elements("));
  EXPECT_EQ(first.max_tokens, 1024u);
  EXPECT_TRUE(grade(first, *first.gold + "\n\ndef main():\n    raise SystemExit\n")) << "cut at the next function";
  for (const char* wrong : {"", "    pass\n", "    return True\n", "    return", "    import os; os._exit(0)\n"})
    EXPECT_FALSE(grade(first, wrong)) << wrong;
  EXPECT_EQ(check_golds(task.capability), 0u);
}

TEST_F(RunTasks, Mbpp) {
  const LoadedTask task = load("mbpp=" + kData + "mbpp/mbpp.jsonl");
  ASSERT_EQ(task.capability.items.size(), 3u) << "tasks 11 to 510 are the test";
  const PanelItem& vowels = item_of(task, "mbpp/11");
  EXPECT_THAT(
      vowels.prompt,
      StartsWith("You are an expert Python programmer, and here is your task: Write a function to double every "
                 "number of a list. Your code should pass these tests:\n\nassert double_all([1, 2]) == [2, 4]\n"
                 "assert double_all([]) == []\nassert double_all([-3]) == [-6]\n[BEGIN]\ndef double_all(xs):\r\n"
                 "  return [2 * x for x in xs]\n[DONE]\n\nYou are an expert"));
  EXPECT_THAT(vowels.prompt, testing::EndsWith("assert vowels(\"\") == 0\n[BEGIN]\n"));
  EXPECT_TRUE(grade(vowels, *vowels.gold + "\n[DONE]\nraise SystemExit"));
  EXPECT_EQ(check_golds(task.capability), 0u);
  const LoadedTask sanitized = load("mbpp=" + kData + "mbpp/sanitized-mbpp.json");
  EXPECT_EQ(sanitized.capability.items.size(), 2u);
  EXPECT_EQ(check_golds(sanitized.capability), 0u);
}

TEST_F(RunTasks, CruxevalOutputs) {
  const LoadedTask task = load("cruxeval_o=" + kData + "cruxeval/cruxeval.jsonl");
  ASSERT_EQ(task.capability.items.size(), 6u);
  const PanelItem& first = item_of(task, "cruxeval_o/sample_0");
  EXPECT_EQ(first.prompt, read_file(kData + "cruxeval/output_prompt_sample_0.txt").value());
  const std::string value = "[(4, 1), (4, 1), (4, 1), (4, 1), (2, 3), (2, 3)]";
  for (const std::string& right : {value, "assert f([1, 1, 3, 1, 3, 1]) == " + value + "\n[/ANSWER]\nmore",
                                   "f(x) ==" + value + " # so", std::string("x == [(4, 1)] * 4 + [(2, 3)] * 2")})
    EXPECT_TRUE(grade(first, right)) << right;
  for (const std::string& wrong : {std::string(), std::string("assert f([1, 1, 3, 1, 3, 1]) == f([1, 1, 3, 1, 3, 1])"),
                                   "[/ANSWER] " + value, "\"" + value + "\"", value + " " + value})
    EXPECT_FALSE(grade(first, wrong)) << wrong;
  EXPECT_EQ(check_golds(task.capability), 0u);
}

TEST_F(RunTasks, CruxevalInputs) {
  const LoadedTask task = load("cruxeval_i=" + kData + "cruxeval/cruxeval.jsonl");
  const PanelItem& second = item_of(task, "cruxeval_i/sample_3");
  EXPECT_EQ(item_of(task, "cruxeval_i/sample_0").prompt,
            read_file(kData + "cruxeval/input_prompt_sample_0.txt").value());
  for (const char* right : {"assert f('bcksrut', 'q') == 'bcksrutq'", "f('bcksru', 'tq')", "assert f('', 'bcksrutq')"})
    EXPECT_TRUE(grade(second, right)) << right;
  for (const char* wrong : {"assert f('a', 'q') == 'bcksrutq'", "'bcksrutq'", "", "assert True == True"})
    EXPECT_FALSE(grade(second, wrong)) << wrong;
  EXPECT_EQ(check_golds(task.capability), 0u);
}

TEST(Tasks, MmluFolderAndFile) {
  for (const char* path : {"mmlu", "mmlu/test/our_sums_test.csv"}) {
    const LoadedTask task = load("mmlu=" + kData + path);
    ASSERT_EQ(task.capability.items.size(), 6u);
    const PanelItem& second = item_of(task, "mmlu/our_sums/0001");
    EXPECT_THAT(second.prompt, StartsWith("The following are multiple choice questions (with answers) about our "
                                          "sums.\n\nWhat is 10 + 10?\nA. 20\nB. 21\nC. 35\nD. none\nAnswer: A\n\n"));
    EXPECT_THAT(second.prompt, testing::EndsWith("\n\nWhat is 2 + 2?\nA. none of these, \"really\"\nB. 4\nC. 5\nD. 11\n"
                                                 "Answer:"));
    EXPECT_EQ(*second.choices, ordered_json({"A", "B", "C", "D"}));
    EXPECT_EQ(*second.answer, "B");
    EXPECT_FALSE(second.by_length);
    EXPECT_EQ(check_golds(task.capability), 0u);
  }
}

TEST(Tasks, MmluPromptsOfGemma) {
  const LoadedTask task = load("mmlu=" + kData + "mmlu/gemma.json");
  ASSERT_EQ(task.capability.items.size(), 2u);
  const PanelItem& first = item_of(task, "mmlu/23");
  EXPECT_THAT(first.prompt, testing::EndsWith("Answer:"));
  EXPECT_EQ(*first.answer, "C");
  EXPECT_EQ(*first.choices, ordered_json({"A", "B", "C", "D"}));
}

TEST(Tasks, ArcInBothFormats) {
  for (const char* file : {"arc/ARC-Challenge-Test.jsonl", "arc/hugging-face.jsonl"}) {
    const LoadedTask task = load(std::string("arc=") + kData + file);
    ASSERT_EQ(task.capability.items.size(), 3u);
    const PanelItem& first = item_of(task, "arc/ours-1");
    EXPECT_EQ(first.prompt, "Question: Which of these is the largest?\nAnswer:");
    EXPECT_EQ(*first.choices, ordered_json({"a mouse", "a cat", "a whale", "a horse"}));
    EXPECT_EQ(*first.answer, "a whale");
    EXPECT_TRUE(first.by_length);
    EXPECT_EQ(*item_of(task, "arc/ours-3").answer, "a sparrow");
    EXPECT_EQ(check_golds(task.capability), 0u);
  }
}

TEST(Tasks, Hellaswag) {
  const LoadedTask task = load("hellaswag=" + kData + "hellaswag/hellaswag_val.jsonl");
  ASSERT_EQ(task.capability.items.size(), 3u);
  EXPECT_EQ(item_of(task, "hellaswag/4").prompt, "Baking bread: A woman kneads dough on a table. She");
  EXPECT_EQ(item_of(task, "hellaswag/12").prompt, "Sharpening knives: A man holds a knife. The man");
  const PanelItem& wiki = item_of(task, "hellaswag/9");
  // By hand after the harness's rule: brackets go, " [title]" becomes ". ", two spaces become one.
  EXPECT_EQ(wiki.prompt, "Home and Garden: How to water a plant. Check the soil. Push a finger into the soil.");
  EXPECT_EQ(wiki.choices->at(1), " If it barks, call the fire brigade.");
  EXPECT_TRUE(wiki.by_length);
  EXPECT_EQ(check_golds(task.capability), 0u);
}

TEST(Tasks, Ifeval) {
  const LoadedTask task = load("ifeval=" + kData + "ifeval/input_data.jsonl");
  ASSERT_EQ(task.capability.items.size(), 6u);
  const PanelItem& both = item_of(task, "ifeval/1233");
  EXPECT_THAT(both.messages->at(0).at("content"), StartsWith("How many feet off the ground"));
  EXPECT_EQ(both.max_tokens, 1280u);
  const std::string end = "Is there anything else I can help with?";
  std::string words;
  for (int count = 0; count < 8; ++count) words += "Skyscraper. ";
  EXPECT_TRUE(grade(both, words + end));
  EXPECT_FALSE(grade(both, words));
  EXPECT_FALSE(grade(both, "Skyscraper. " + end));
  const PanelItem& summary = item_of(task, "ifeval/1000");
  std::string long_text = "*a* *b* *c*";
  for (int count = 0; count < 300; ++count) long_text += " word";
  EXPECT_TRUE(grade(summary, long_text));
  EXPECT_FALSE(grade(summary, long_text + ","));
}

TEST(Tasks, Bfcl) {
  for (const char* file : {"simple_python", "multiple", "parallel"}) {
    const LoadedTask task = load(fmt::format("bfcl={}bfcl/BFCL_v4_{}.json", kData, file));
    EXPECT_EQ(task.capability.name, std::string("bfcl_") + file);
    ASSERT_EQ(task.capability.items.size(), 3u);
    EXPECT_EQ(check_golds(task.capability), 0u);
  }
  const LoadedTask simple = load("bfcl=" + kData + "bfcl/BFCL_v4_simple_python.json");
  const PanelItem& first = item_of(simple, "bfcl_simple_python/simple_python_0");
  const ordered_json& parameters = first.tools->at(0).at("function").at("parameters");
  EXPECT_EQ(parameters.at("type"), "object") << "Python's dict";
  const auto call = [](const std::string& arguments) {
    return "<tool_call>{\"name\": \"calculate_triangle_area\", \"arguments\": " + arguments + "}</tool_call>";
  };
  for (const char* right : {R"({"base": 10, "height": 5})", R"({"height": 5, "base": 10, "unit": "Units"})"})
    EXPECT_TRUE(grade(first, call(right))) << right;
  for (const char* wrong : {R"({"base": 10})", R"({"base": 10, "height": 5, "unit": "cm"})",
                            R"({"base": "10", "height": 5})", R"({"base": 10, "height": 5, "depth": 1})"})
    EXPECT_FALSE(grade(first, call(wrong))) << wrong;
  const LoadedTask none = load("bfcl=" + kData + "bfcl/BFCL_v4_irrelevance.json");
  EXPECT_TRUE(grade(none.capability.items[0], "None of my tools fits."));
  EXPECT_FALSE(grade(none.capability.items[0], *simple.capability.items[0].gold));
}

TEST(Tasks, JsonSchemaBench) {
  for (const char* path : {"jsonschemabench/ours", "jsonschemabench/rows.jsonl"}) {
    const LoadedTask task = load(std::string("jsonschemabench=") + kData + path);
    ASSERT_EQ(task.capability.items.size(), 2u);
    EXPECT_THAT(task.notes, ElementsAre(HasSubstr("1 of 3 schemas were left out")));
    EXPECT_THAT(task.notes, ElementsAre(HasSubstr("undecidable: ")));
    const PanelItem& address = item_of(task, "jsonschemabench/address");
    EXPECT_TRUE(grade(address, R"({"street": "Elm", "number": 4})"));
    for (const char* wrong :
         {R"({"street": "Elm"})", R"({"street": "Elm", "number": "4"})", R"({"tags": ["red"]})",
          R"({"street": "Elm", "number": 0})", R"({"street": "Elm", "number": 4, "x": 1})", "Elm 4"})
      EXPECT_FALSE(grade(address, wrong)) << wrong;
    EXPECT_TRUE(grade(item_of(task, "jsonschemabench/tags"), "```json\n{\"tags\": [\"red\"]}\n```"));
  }
}

TEST(Tasks, OrderDependsOnTheIdsOnly) {
  const LoadedTask task = load("arc=" + kData + "arc/ARC-Challenge-Test.jsonl");
  std::vector<std::string> lines;
  std::ifstream in(kData + "arc/ARC-Challenge-Test.jsonl");
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  const test::TempFolder folder;
  std::ofstream(folder / "backwards.jsonl") << lines[2] << "\n\n" << lines[1] << "\r\n" << lines[0];
  const LoadedTask backwards = load("arc=" + (folder / "backwards.jsonl").string());
  ASSERT_EQ(task.capability.items.size(), 3u);
  for (size_t at = 0; at < 3; ++at) EXPECT_EQ(task.capability.items[at].id, backwards.capability.items[at].id);
}

TEST(Tasks, NamesAndFiles) {
  const std::pair<std::string, const char*> wrong[] = {
      {"gms8k=x", "task 'gms8k': found no such task, allowed are gsm8k, humaneval, mbpp, cruxeval_o"},
      {"gsm8k", "task 'gsm8k': found no file, allowed is gsm8k=FILE"},
      {"gsm8k=", "found no file"},
      {"gsm8k=/nowhere/test.jsonl", "/nowhere/test.jsonl"},
      {"mmlu=" + kData, "found no test/*.csv in it"},
      {"jsonschemabench=" + kData, "found no .json file in it"}};
  for (const auto& [entry, message] : wrong) {
    const auto task = load_task(entry);
    ASSERT_FALSE(task) << entry;
    EXPECT_THAT(task.error().message, HasSubstr(message));
  }
  const std::string arc = "arc=" + kData + "arc/ARC-Challenge-Test.jsonl";
  EXPECT_THAT(load_tasks({arc, arc}).error().message, HasSubstr("found arc twice"));
  EXPECT_EQ(load_tasks({arc, "gsm8k=" + kData + "gsm8k/test.jsonl"})->size(), 2u);
  std::set<std::string_view> names;
  for (const Task& task : known_tasks()) EXPECT_TRUE(names.insert(task.name).second && !task.reference.empty());
}

}  // namespace
}  // namespace rung
