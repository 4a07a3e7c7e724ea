#include "measure/panel_items.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temp_folder_for_tests.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

class PanelItems : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::string error_of_line(const std::string& line) const {
    write("x.jsonl", line + "\n");
    const auto panel = read_panel(folder_.path());
    return panel ? "" : panel.error().message;
  }

  test::TempFolder folder_;
};

const char* const kGood = R"({"id": "x-0", "capability": "x", "messages": [{"role": "user", "content": "q"}], )"
                          R"("grader": "exact", "answer": "a"})";

TEST_F(PanelItems, ReadsTheShippedPanelByFileName) {
  const auto panel = read_panel(RUNG_SOURCE_DIR "/models/pico-moe/panel");
  ASSERT_TRUE(panel) << panel.error().message;
  std::vector<std::string> names;
  for (const Capability& capability : *panel) {
    names.push_back(capability.name);
    EXPECT_EQ(capability.items.size(), 200u);
  }
  EXPECT_THAT(names, testing::ElementsAre("code", "facts", "math", "reasoning", "recall", "schema", "tools"));
  const PanelItem& recall = (*panel)[4].items[0];
  EXPECT_EQ(recall.id, "recall-0000");
  EXPECT_EQ(recall.entries, 39u);
  EXPECT_EQ(recall.tools, nullptr);
  EXPECT_EQ((*panel)[6].items[1].answer->at("arguments").at("title"), "Last Dance");
  EXPECT_EQ((*panel)[5].items[0].schema->at("type"), "object");
}

TEST_F(PanelItems, BlankLinesAndMissingOptionalFieldsAreFine) {
  EXPECT_EQ(error_of_line(std::string(kGood) + "\n\n"), "");
}

TEST_F(PanelItems, EveryFieldIsChecked) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"id", "3", "field 'id': found 3, allowed is a string"},
      {"id", "null", "field 'id': found null"},
      {"capability", R"("y")", "allowed is \"x\", as the file is named"},
      {"messages", "[]", "field 'messages'"},
      {"messages", R"([{"role": "user"}])", "field 'messages'"},
      {"messages", R"(["hi"])", "field 'messages'"},
      {"tools", "{}", "field 'tools'"},
      {"tools", "[{}]", "field 'tools'"},
      {"grader", R"("maybe")", "found \"maybe\", allowed is exact, short_answer, number, choice, json, "},
      {"grader", R"("number")", "found \"a\", allowed is a number"},
      {"grader", R"("json")", "allowed is an object"},
      {"grader", R"("tool_call")", "field 'tools'"},
      {"grader", R"("tool_calls")", "field 'tools'"},
      {"grader", R"("choice")", "field 'choices': found nothing"},
      {"answer", "1", "field 'answer'"},
      {"gold", "1", "field 'gold'"},
      {"entries", "-1", "field 'entries'"},
      {"level", "\"hard\"", "field 'level'"},
      {"form", "3", "field 'form'"},
      {"prompt", R"("p")", "field 'prompt': found \"p\", allowed is either messages or a prompt"},
      {"stops", R"("x")", "field 'stops'"},
      {"stops", R"([""])", "field 'stops'"},
      {"max_tokens", "0", "field 'max_tokens'"},
      {"max_tokens", "18446744073709551615", "allowed is a count from 1 to 1048576"},
      {"by_length", "1", "field 'by_length'"},
      {"extract", R"("(")", "field 'extract': found a pattern that is wrong at byte 1"},
      {"grader", R"("instructions")", "field 'answer': found \"a\", allowed is a list"},
      {"grader", R"("call_match")", "field 'tools'"},
      {"grader", R"("json_valid")", "field 'answer': found \"a\", allowed is null"},
  };
  for (const auto& [field, value, message] : cases) {
    ordered_json record = ordered_json::parse(kGood);
    record[field] = ordered_json::parse(value);
    EXPECT_THAT(error_of_line(record.dump()), testing::AllOf(HasSubstr("x.jsonl:1: "), HasSubstr(message)))
        << field << value;
  }
  for (const char* field : {"id", "capability", "messages", "grader", "answer"}) {
    ordered_json record = ordered_json::parse(kGood);
    record.erase(field);
    EXPECT_THAT(error_of_line(record.dump()), HasSubstr(fmt::format("field '{}': found nothing", field)));
  }
}

TEST_F(PanelItems, AsksWithoutATemplateToo) {
  write("x.jsonl", R"({"id": "x-0", "capability": "x", "prompt": "1 + 1 =", "grader": "number", "answer": 2, )"
                   R"("stops": ["\n"], "max_tokens": 5, "extract": "[0-9]+"})");
  const auto panel = read_panel(folder_.path());
  ASSERT_TRUE(panel) << panel.error().message;
  const PanelItem& item = panel->front().items.front();
  EXPECT_EQ(item.messages, nullptr);
  EXPECT_EQ(item.prompt, "1 + 1 =");
  EXPECT_THAT(item.stops, testing::ElementsAre("\n"));
  EXPECT_EQ(item.max_tokens, 5u);
  EXPECT_EQ(item.extract, "[0-9]+");
}

TEST_F(PanelItems, SchemasMustBeDecidableAndHold) {
  ordered_json record = ordered_json::parse(kGood);
  record["grader"] = "json";
  record["answer"] = {{"a", 1}};
  EXPECT_THAT(error_of_line(record.dump()), HasSubstr("field 'schema': found nothing"));
  record["schema"] = {{"uniqueItems", true}};
  EXPECT_THAT(error_of_line(record.dump()), HasSubstr("keyword 'uniqueItems' is not supported"));
  record["schema"] = {{"required", {"b"}}};
  EXPECT_THAT(error_of_line(record.dump()), HasSubstr("field 'answer': breaks its own schema"));
  record["schema"] = {{"required", {"a"}}};
  EXPECT_EQ(error_of_line(record.dump()), "");
}

TEST_F(PanelItems, ChoicesAreDifferentAndHoldTheAnswer) {
  ordered_json record = ordered_json::parse(kGood);
  record["grader"] = "choice";
  for (const char* choices : {"[]", "[\"a\"]", "[\"a\", \"a\"]", "[\"a\", 1]", "[\"a\", \"\"]", "\"a\""}) {
    record["choices"] = ordered_json::parse(choices);
    EXPECT_THAT(error_of_line(record.dump()), HasSubstr("field 'choices'")) << choices;
  }
  record["choices"] = {"b", "c"};
  EXPECT_THAT(error_of_line(record.dump()), HasSubstr("field 'answer': found \"a\", allowed is one of the choices"));
  record["choices"] = {"b", "a"};
  EXPECT_EQ(error_of_line(record.dump()), "");
}

TEST_F(PanelItems, BrokenFilesGiveOneLine) {
  const std::pair<std::string, const char*> cases[] = {
      {"{\"id\": ", "x.jsonl:1: found no valid JSON"},
      {"[1]", "found array, allowed is a JSON object"},
      {"\xff\xfe", "found no valid JSON"},
      {"", "found no items"},
      {std::string(100000, '['), "nested deeper"},
      {std::string(kGood) + "\n" + kGood, "x.jsonl:2: field 'id': \"x-0\" was used before"},
  };
  for (const auto& [line, message] : cases) {
    const std::string error = error_of_line(line);
    EXPECT_THAT(error, HasSubstr(message));
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

TEST_F(PanelItems, FoldersWithoutPanelAreErrors) {
  EXPECT_THAT(read_panel(folder_ / "missing").error().message, HasSubstr("no such folder"));
  EXPECT_THAT(read_panel(folder_.path()).error().message, HasSubstr("no .jsonl file"));
}

}  // namespace
}  // namespace rung
