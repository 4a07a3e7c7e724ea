// Files as they should not be: each gives one line that names file, place, field, what was found and what is allowed.
#include "tasks/records.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "base/rng.h"
#include "base/temp_folder_for_tests.h"
#include "tasks/tasks.h"

namespace rung {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kData = RUNG_SOURCE_DIR "/testdata/tasks/";

class TaskFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  /// The error that a task gives for a file; empty where it is read.
  std::string error_of(const std::string& task, const std::string& name, const std::string& text) const {
    const auto loaded = load_task(task + "=" + write(name, text));
    if (loaded) return "";
    EXPECT_EQ(loaded.error().message.find('\n'), std::string::npos) << loaded.error().message;
    EXPECT_LT(loaded.error().message.size(), 600u) << loaded.error().message;
    EXPECT_EQ(loaded.error().kind, ErrorKind::kInput);
    return loaded.error().message;
  }

  test::TempFolder folder_;
};

TEST_F(TaskFiles, RecordsComeFromLinesListsOrOneObject) {
  const std::pair<const char*, size_t> texts[] = {{"{\"a\": 1}\n\n{\"a\": 2}\r\n", 2},
                                                  {"[{\"a\": 1}, {\"a\": 2}]", 2},
                                                  {"[\n {\"a\": 1}\n]\n", 1},
                                                  {"{\n \"a\": 1\n}\n", 1},
                                                  {"{\"a\": 1}", 1},
                                                  {"\xef\xbb\xbf{\"a\": 1}\n{\"a\": 2}", 2}};
  for (const auto& [text, count] : texts) {
    const auto records = read_records(write("x.json", text));
    ASSERT_TRUE(records) << text << records.error().message;
    EXPECT_EQ(records->size(), count) << text;
  }
}

TEST_F(TaskFiles, RecordsThatAreNoneGiveOneLine) {
  const std::pair<std::string, const char*> texts[] = {
      {"", "found no records"},
      {"[]", "found no records"},
      {"3", "x.json:1: found number, allowed is a JSON object"},
      {"[3]", "x.json: entry 1: found number, allowed is a JSON object"},
      {"{\"a\": 1}\n[2]", "x.json:2: found array"},
      {"{\"a\": 1}\n{\"a\": ", "x.json:2: found no valid JSON"},
      {"{\n\"a\": 1", "x.json: found no valid JSON"},
      {std::string(1000, '['), "nested deeper"},
      {std::string("{\"a\": \"\xff\"}"), "found no valid JSON"},
      {std::string("\x1f\x8b\x08\x00garbage", 11), "found a gzip file that is damaged or cut off"}};
  for (const auto& [text, message] : texts) {
    const auto records = read_records(write("x.json", text));
    ASSERT_FALSE(records) << text;
    EXPECT_THAT(records.error().message, HasSubstr(message));
  }
}

TEST_F(TaskFiles, GzippedFilesCutAnywhereAreErrors) {
  const std::string packed = read_file(kData + "humaneval/HumanEval.jsonl.gz").value();
  const auto whole = read_unpacked(write("whole.gz", packed));
  ASSERT_TRUE(whole);
  EXPECT_THAT(*whole, testing::StartsWith("{\"task_id\": \"HumanEval/0\""));
  EXPECT_EQ(read_unpacked(write("two.gz", packed + packed))->size(), 2 * whole->size()) << "two members";
  for (size_t size = 2; size < packed.size(); size += 97)
    EXPECT_FALSE(read_unpacked(write("cut.gz", packed.substr(0, size)))) << size;
}

// Rows and cells by RFC 4180, section 2.
TEST_F(TaskFiles, CommaSeparatedValues) {
  const auto rows = read_csv(write("x.csv", "a,\"b, \"\"c\"\"\nd\",\r\n\n1,2,3"));
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_THAT((*rows)[0].cells, ElementsAre("a", "b, \"c\"\nd", ""));
  EXPECT_THAT((*rows)[1].cells, ElementsAre("1", "2", "3"));
  const std::pair<std::string, const char*> wrong[] = {
      {"", "found no rows"},
      {"a,\"b", "x.csv: row 1: found a quoted cell that does not end"},
      {"a\n\"b\"c,d", "x.csv: row 2: found text after the quoted cell 1"},
      {"a,\xff", "x.csv: row 1: found bytes that are not UTF-8"}};
  for (const auto& [text, message] : wrong)
    EXPECT_THAT(read_csv(write("x.csv", text)).error().message, HasSubstr(message)) << text;
}

/// A good record of each task, and what is wrong with it once a field is replaced.
struct Case {
  const char* task;
  const char* file;
  const char* record;
  std::vector<std::tuple<const char*, const char*, const char*>> faults;  ///< field, value, message
};

const Case kCases[] = {
    {"humaneval",
     "h.jsonl",
     R"({"task_id": "t", "prompt": "def f():\n", "entry_point": "f", "canonical_solution": "  return 1", "test": "x"})",
     {{"prompt", "3", "h.jsonl:1: field 'prompt': found 3, allowed is a string that is not empty"},
      {"entry_point", R"x("f()")x", "found \"f()\", allowed is the name of a function"},
      {"test", "\"\"", "field 'test': found \"\""},
      {"canonical_solution", "null", "field 'canonical_solution': found null"}}},
    {"mbpp",
     "m.jsonl",
     R"({"task_id": 11, "text": "t", "code": "c", "test_list": ["a"], "test_setup_code": ""})",
     {{"task_id", "-1", "m.jsonl:1: field 'task_id': found -1, allowed is a number from 0 to 999999"},
      {"task_id", "700", "found no task of the test split, allowed are those with task_id 11 to 510"},
      {"test_list", "[]", "field 'test_list': found [], allowed is a list, not empty, of strings"},
      {"test_list", R"(["a", 3])", "field 'test_list'"},
      {"test_setup_code", "3", "field 'test_setup_code': found 3"},
      {"test_imports", "[3]", "field 'test_imports': found [3]"}}},
    {"cruxeval_o",
     "c.jsonl",
     R"({"id": "s", "code": "def f(a): return a", "input": "1", "output": "1"})",
     {{"id", "[]", "c.jsonl:1: field 'id': found []"},
      {"input", "1", "field 'input': found 1, allowed is a string"},
      {"output", "\"\"", "field 'output'"}}},
    {"cruxeval_i",
     "c.jsonl",
     R"({"id": "s", "code": "def f(a): return a", "input": "1", "output": "1"})",
     {{"code", "[1]", "c.jsonl:1: field 'code': found [1]"}}},
    {"mmlu",
     "m.json",
     R"({"samples": [{"i": 1, "prompt": "p", "options": [" A", " B"], "input_label": 0}]})",
     {{"samples", "[]", "m.json:1: field 'samples': found []"},
      {"samples", R"([{"i": 1, "prompt": "p", "options": [" A", " B"], "input_label": 2}])",
       "m.json:1: in 'samples' 1: field 'input_label': found 2, allowed is a number from 0 to 1"}}},
    {"arc",
     "a.jsonl",
     R"({"id": "x", "question": {"stem": "q", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]},
         "answerKey": "A"})",
     {{"answerKey", R"("C")", "field 'answerKey': found \"C\", allowed is one of A, B"},
      {"question", "3", "field 'question': found 3, allowed is an object"},
      {"question", R"({"stem": "q", "choices": [{"text": "a", "label": "A"}]})", "allowed is at least two choices"},
      {"question", R"({"stem": "q", "choices": [{"text": "a"}]})", "in 'choices' 1: field 'label': found nothing"}}},
    {"hellaswag",
     "s.jsonl",
     R"({"ind": 1, "activity_label": "a", "ctx_a": "x", "ctx_b": "", "label": 0, "endings": ["a", "b"]})",
     {{"label", "2", "field 'label': found 2, allowed is a number from 0 to 1"},
      {"label", R"("x")", "field 'label': found \"x\""},
      {"label", R"("")", "field 'label': found \"\""},
      {"endings", R"(["a", "[x]"])", "field 'endings'"},
      {"ctx_b", "null", "field 'ctx_b': found null"}}},
    {"ifeval",
     "i.jsonl",
     R"({"key": 1, "prompt": "p", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]})",
     {{"kwargs", "[]", "i.jsonl:1: field 'kwargs': found [], allowed is a list of 1 objects"},
      {"kwargs", "[3]", "instruction 1: field 'kwargs': found 3, allowed is an object"},
      {"instruction_id_list", R"(["punctuation:no_semicolon"])",
       "i.jsonl:1: instruction 1: field 'id': found \"punctuation:no_semicolon\", allowed are the 25 of IFEval"},
      {"instruction_id_list", R"(["startend:end_checker"])", "field 'kwargs.end_phrase': found nothing"}}},
    {"bfcl",
     "BFCL_v4_irrelevance.json",
     R"({"id": "i", "question": [[{"role": "user", "content": "q"}]],
         "function": [{"name": "f", "description": "d", "parameters": {"type": "dict", "properties": {}}}]})",
     {{"question", R"([[{"role": "user", "content": "q"}], [{"role": "user", "content": "r"}]])",
       "multi-turn files need their tools to be run"},
      {"question", "[]", "field 'question': found []"},
      {"function", "{}", "field 'function': found {}, allowed is a list, not empty, of objects"},
      {"function", R"([{"name": "f", "description": "d"}])", "in 'function' 1: field 'parameters': found nothing"},
      {"function", R"([{"name": "f", "description": "d", "parameters": {"type": "HashMap"}}])",
       "found the type \"HashMap\", allowed are Python's"}}},
    {"jsonschemabench",
     "j.jsonl",
     R"({"unique_id": "u", "json_schema": "{}"})",
     {{"json_schema", R"("{")", "j.jsonl:1: field 'json_schema': found no valid JSON"},
      {"json_schema", "{}", "field 'json_schema': found {}, allowed is a string"},
      {"json_schema", R"("{\"uniqueItems\": true}")", "found no schema that can be decided here (u: "}}}};

TEST_F(TaskFiles, EveryFieldIsChecked) {
  for (const Case& one : kCases) {
    const auto good = nlohmann::ordered_json::parse(one.record);
    const std::string none = error_of(one.task, one.file, good.dump() + "\n");
    if (none.find("python3") != std::string::npos) continue;  // nothing can be run here
    EXPECT_EQ(none, "") << one.task;
    EXPECT_THAT(error_of(one.task, one.file, good.dump() + "\n{"), HasSubstr("found no valid JSON")) << one.task;
    EXPECT_NE(error_of(one.task, one.file, "{}\n"), "") << one.task;
    for (const auto& [field, value, message] : one.faults) {
      auto record = good;
      record[field] = nlohmann::ordered_json::parse(value);
      EXPECT_THAT(error_of(one.task, one.file, record.dump() + "\n"), HasSubstr(message)) << one.task << " " << field;
    }
  }
  const std::string twice = nlohmann::ordered_json::parse(kCases[7].record).dump();
  EXPECT_THAT(error_of("ifeval", "i.jsonl", twice + "\n" + twice), HasSubstr("found the id \"1\" twice"));
}

TEST_F(TaskFiles, Gsm8k) {
  const std::string line = "{\"question\": \"q\", \"answer\": \"#### 1\"}\n";
  EXPECT_THAT(error_of("gsm8k", "test.jsonl", line), HasSubstr("found 1 problems and no train.jsonl beside it"));
  write("train.jsonl", line);
  EXPECT_EQ(error_of("gsm8k", "test.jsonl", line), "");
  for (const char* answer : {"1", "#### ", "#### one", "#### 1 2", "#### true"})
    EXPECT_THAT(error_of("gsm8k", "test.jsonl", fmt::format("{{\"question\": \"q\", \"answer\": \"{}\"}}", answer)),
                HasSubstr("test.jsonl:1: field 'answer'"))
        << answer;
  write("train.jsonl", "{}");
  EXPECT_THAT(error_of("gsm8k", "test.jsonl", line), HasSubstr("train.jsonl:1: field 'question': found nothing"));
}

TEST_F(TaskFiles, MmluRows) {
  const std::pair<const char*, const char*> wrong[] = {
      {"q,a,b,c,A\n", "x_test.csv: row 1: found 5 cells, allowed are 6"},
      {"q,a,b,c,d,A\nq,a,b,c,d,E\n", "x_test.csv: row 2: answer: found \"E\", allowed is A, B, C or D"},
      {"q,a,b,c,d,A\n", "found 1 rows and no"}};
  for (const auto& [text, message] : wrong)
    EXPECT_THAT(error_of("mmlu", "test/x_test.csv", text), HasSubstr(message)) << text;
  write("dev/x_dev.csv", "q,a,b\n");
  EXPECT_THAT(error_of("mmlu", "test/x_test.csv", "q,a,b,c,d,A\n"), HasSubstr("x_dev.csv: row 1: found 3 cells"));
}

TEST_F(TaskFiles, BfclNeedsItsAnswers) {
  const std::string questions = nlohmann::ordered_json::parse(kCases[8].record).dump() + "\n";
  EXPECT_THAT(error_of("bfcl", "BFCL_v4_x.json", questions), HasSubstr("possible_answer/BFCL_v4_x.json beside it"));
  const std::pair<const char*, const char*> answers[] = {
      {R"({"id": "other", "ground_truth": [{"f": {}}]})",
       "BFCL_v4_x.json:1: field 'id': found \"i\", allowed is one of"},
      {R"({"id": "i", "ground_truth": []})", "field 'ground_truth': found []"},
      {R"({"id": "i", "ground_truth": [{"f": {}, "g": {}}]})", "allowed is calls of one function each"},
      {R"({"id": "i", "ground_truth": [{"f": {"a": 1}}]})", "field 'ground_truth': found "},
      {R"({"id": "i", "ground_truth": [{"f": {"a": [1]}}]})", ""}};
  for (const auto& [answer, message] : answers) {
    write("possible_answer/BFCL_v4_x.json", answer);
    EXPECT_THAT(error_of("bfcl", "BFCL_v4_x.json", questions), HasSubstr(message)) << answer;
  }
}

/// Single bytes changed anywhere: an error of one line or items, never more.
TEST_F(TaskFiles, DamagedBytesNeverCrash) {
  const std::pair<const char*, const char*> files[] = {{"gsm8k", "gsm8k/test.jsonl"},
                                                       {"humaneval", "humaneval/HumanEval.jsonl.gz"},
                                                       {"mbpp", "mbpp/sanitized-mbpp.json"},
                                                       {"cruxeval_i", "cruxeval/cruxeval.jsonl"},
                                                       {"mmlu", "mmlu/gemma.json"},
                                                       {"mmlu", "mmlu/test/our_sums_test.csv"},
                                                       {"arc", "arc/ARC-Challenge-Test.jsonl"},
                                                       {"hellaswag", "hellaswag/hellaswag_val.jsonl"},
                                                       {"ifeval", "ifeval/input_data.jsonl"},
                                                       {"bfcl", "bfcl/BFCL_v4_irrelevance.json"},
                                                       {"jsonschemabench", "jsonschemabench/rows.jsonl"}};
  Rng random(11);
  for (const auto& [task, file] : files) {
    const std::string good = read_file(kData + file).value();
    const std::string name = std::filesystem::path(file).filename().string();
    for (int trial = 0; trial < 24; ++trial) {
      std::string bytes = good;
      for (uint64_t changes = 1 + random.below(3); changes > 0; --changes)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      if (trial % 6 == 0) bytes.resize(random.below(bytes.size()));
      error_of(task, name, bytes);
    }
  }
}

}  // namespace
}  // namespace rung
