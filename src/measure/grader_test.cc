#include "measure/grader.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "measure/sandbox.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

PanelItem item_of(Grader grader, const char* answer, const char* schema = nullptr) {
  PanelItem item;
  item.grader = grader;
  item.answer = std::make_shared<const ordered_json>(ordered_json::parse(answer));
  if (schema != nullptr) item.schema = std::make_shared<const ordered_json>(ordered_json::parse(schema));
  return item;
}

std::vector<Capability> shipped_panel() {
  auto panel = read_panel(RUNG_SOURCE_DIR "/models/pico-moe/panel");
  EXPECT_TRUE(panel) << panel.error().message;
  return panel ? std::move(*panel) : std::vector<Capability>();
}

TEST(Grader, Exact) {
  const PanelItem item = item_of(Grader::kExact, R"("Rakis")");
  EXPECT_TRUE(grade(item, "Rakis"));
  EXPECT_TRUE(grade(item, " Rakis\n"));
  for (const char* wrong : {"", "rakis", "Rakis.", "Raki", "The answer is Rakis"})
    EXPECT_FALSE(grade(item, wrong)) << wrong;
}

TEST(Grader, NumberIsTheLastOfTheAnswer) {
  const PanelItem item = item_of(Grader::kNumber, "1250");
  for (const char* right : {"1250", "1250.0", "1,250", "5 * 250 = 1250.", "It is **1250** apples"}) {
    EXPECT_TRUE(grade(item, right)) << right;
  }
  for (const char* wrong :
       {"", "none", "-1250", "1250 or 7", "1.250", "12500", "1250.5", "1..250", "99999999999e999"}) {
    EXPECT_FALSE(grade(item, wrong)) << wrong;
  }
  EXPECT_TRUE(grade(item_of(Grader::kNumber, "-3"), "it is -3"));
  EXPECT_TRUE(grade(item_of(Grader::kNumber, "0.5"), "0.50"));
}

TEST(Grader, JsonEqualAndValid) {
  const char* const schema = R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "array"}},
                                "required": ["a"], "additionalProperties": false})";
  const PanelItem item = item_of(Grader::kJson, R"({"a": 1, "b": ["x", "y"]})", schema);
  EXPECT_TRUE(grade(item, R"({"b": ["x", "y"], "a": 1})"));
  EXPECT_TRUE(grade(item, "\n{\"a\":1.0,\"b\":[\"x\",\"y\"]} "));
  for (const char* wrong : {"", "{", "[]", R"({"a": 1, "b": ["y", "x"]})", R"({"a": "1", "b": ["x", "y"]})",
                            R"({"a": 1, "b": ["x", "y"], "c": 0})", R"({"a": 1, "b": ["x", "y"]} {})",
                            "```{\"a\": 1, \"b\": [\"x\", \"y\"]}```", "{\"a\xff\": 1}"}) {
    EXPECT_FALSE(grade(item, wrong)) << wrong;
  }
  EXPECT_FALSE(grade(item, std::string(100000, '[')));
  EXPECT_FALSE(grade(item_of(Grader::kJson, R"({"a": "x"})", schema), R"({"a": "x"})")) << "equal, but not valid";
}

TEST(Grader, ToolCall) {
  const PanelItem item = item_of(Grader::kToolCall, R"({"name": "buy", "arguments": {"item": "tea", "count": 2}})");
  const PanelItem none = item_of(Grader::kNoToolCall, "null");
  for (const char* right :
       {"<tool_call>\n{\"name\": \"buy\", \"arguments\": {\"count\": 2, \"item\": \"tea\"}}\n</tool_call>",
        "Sure. <tool_call>{\"arguments\": {\"item\": \"tea\", \"count\": 2.0}, \"name\": \"buy\"}</tool_call>",
        "{\"name\": \"buy\", \"parameters\": {\"item\": \"tea\", \"count\": 2}}"}) {
    EXPECT_TRUE(grade(item, right)) << right;
    EXPECT_FALSE(grade(none, right)) << right;
  }
  const std::string call =
      "<tool_call>{\"name\": \"buy\", \"arguments\": {\"item\": \"tea\", \"count\": 2}}</tool_call>";
  for (const std::string& wrong :
       {std::string(), std::string("I have no tool for that."), call + call, call.substr(0, call.size() - 12),
        std::string("<tool_call>{}</tool_call>"), std::string("<tool_call>buy</tool_call>"),
        std::string("<tool_call>{\"name\": \"buy\", \"arguments\": {\"item\": \"tea\", \"count\": \"2\"}}</tool_call>"),
        std::string("<tool_call>{\"name\": \"sell\", \"arguments\": {\"item\": \"tea\", \"count\": 2}}</tool_call>"),
        std::string("<tool_call>{\"name\": \"buy\", \"arguments\": {\"item\": \"tea\"}}</tool_call>")}) {
    EXPECT_FALSE(grade(item, wrong)) << wrong;
  }
  EXPECT_TRUE(grade(none, "I have no tool for that."));
  EXPECT_FALSE(grade(none, "<tool_call>"));
}

TEST(Grader, CodeIsRunBetweenItsSurroundings) {
  if (!python_available()) GTEST_SKIP() << python_available().error().message;
  const PanelItem item = item_of(Grader::kCode, R"({"before": "k = 2", "after": "assert f(3) == 6"})");
  const std::string right = "def f(x):\n    return k * x\n";
  EXPECT_TRUE(grade(item, right));
  EXPECT_TRUE(grade(item, "Here it is:\n```python\n" + right + "```\nIt doubles x."));
  EXPECT_TRUE(grade(item, "```\n" + right)) << "a fence that the limit of tokens cut";
  for (const std::string& wrong :
       {std::string(), std::string("def f(x):\n    return 3 * x\n"), std::string("def g(x):\n    return 2 * x\n"),
        std::string("def f(x): return k * x\nimport sys; sys.exit(0)"), "Here it is:\n" + right,
        std::string("def f(x):\n    while True: pass\n")})
    EXPECT_FALSE(grade(item, wrong)) << wrong;
}

TEST(Grader, OnlyWhatComesBeforeTheStopAndIsExtractedCounts) {
  PanelItem item = item_of(Grader::kNumber, "18");
  item.stops = {"\n\n", "Question:"};
  item.extract = "#### (\\-?[0-9\\.\\,]+)";
  for (const char* right : {"9 * 2 = 18\n#### 18", "#### 18\n\nQuestion: 5\n#### 5", "#### 18 #### 5", "#### 18."})
    EXPECT_TRUE(grade(item, right)) << right;
  for (const char* wrong : {"18", "", "####18", "x\n\n#### 18", "Question: #### 18", "#### 5 #### 18", "#### \xff"})
    EXPECT_FALSE(grade(item, wrong)) << wrong;
}

TEST(Grader, JsonValid) {
  const PanelItem item = item_of(Grader::kJsonValid, "null", R"({"type": "object", "required": ["a"]})");
  for (const char* right : {"{\"a\": 1}", " {\"a\": null, \"b\": 2}", "```json\n{\"a\": 1}\n```"})
    EXPECT_TRUE(grade(item, right)) << right;
  for (const char* wrong : {"", "{}", "[]", "{\"a\": 1,}", "{\"a\": 1} {}", "Here: {\"a\": 1}"})
    EXPECT_FALSE(grade(item, wrong)) << wrong;
}

TEST(Grader, InstructionsAreAllFollowed) {
  const PanelItem item =
      item_of(Grader::kInstructions, R"([{"id": "punctuation:no_comma"}, {"id": "startend:quotation"}])");
  EXPECT_TRUE(grade(item, "\"a b\""));
  for (const char* wrong : {"a b", "\"a, b\"", ""}) EXPECT_FALSE(grade(item, wrong)) << wrong;
}

TEST(Grader, GoldAnswersAreRight) {
  size_t graded = 0;
  for (const Capability& capability : shipped_panel()) {
    for (const PanelItem& item : capability.items) {
      ASSERT_TRUE(item.gold) << item.id;
      EXPECT_TRUE(grade(item, *item.gold)) << item.id;
      ++graded;
    }
  }
  EXPECT_EQ(graded, 1400u);
}

/// The gold of another item is right only where it answers this one as well: its own expected answer is the same.
TEST(Grader, GoldOfAnotherItemIsRightOnlyIfTheAnswersAgree) {
  for (const Capability& capability : shipped_panel()) {
    for (size_t at = 0; at < capability.items.size(); ++at) {
      const PanelItem& item = capability.items[at];
      const PanelItem& other = capability.items[(at + 1) % capability.items.size()];
      EXPECT_EQ(grade(item, *other.gold), *item.answer == *other.answer) << item.id << " with " << other.id;
    }
  }
}

TEST(Grader, AgreesWithTheRecordedVerdicts) {
  std::ifstream in(RUNG_SHARED_DIR "/pico/golden/panel.json");
  if (!in) GTEST_SKIP() << "needs ../shared";
  const auto recorded = nlohmann::json::parse(in)["models"]["BF16"];
  for (const Capability& capability : shipped_panel()) {
    std::string right;
    const auto answers = recorded[capability.name]["answers"].get<std::vector<std::string>>();
    ASSERT_EQ(answers.size(), capability.items.size());
    for (size_t at = 0; at < answers.size(); ++at) right += grade(capability.items[at], answers[at]) ? '1' : '0';
    EXPECT_EQ(right, recorded[capability.name]["right"].get<std::string>()) << capability.name;
  }
}

}  // namespace
}  // namespace rung
