#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "grammar/grammar.h"
#include "grammar/random_text_for_tests.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

const ordered_json& tools() {
  static const ordered_json kTools = ordered_json::parse(
      R"([{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters":
            {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
             "required": ["city"]}}},
          {"type": "function", "function": {"name": "get_weather_map", "parameters":
            {"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}}},
          {"name": "stop"}])");
  return kTools;
}

Grammar grammar_of(ToolCallStyle style, bool may_answer, size_t most_calls = 1) {
  return Grammar::of_tools(tools(), {style, may_answer, most_calls}).value();
}

TEST(ToolGrammar, TaggedCalls) {
  const Grammar only = grammar_of(ToolCallStyle::kTagged, false), either = grammar_of(ToolCallStyle::kTagged, true);
  for (const char* call : {
           "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>",
           "<tool_call>{\"arguments\":{\"days\":3,\"city\":\"\"},\"name\":\"get_weather\"}</tool_call>",
           "<tool_call>{\"name\": \"get_weather_map\", \"arguments\": {\"any\": 1}}</tool_call>",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {}}</tool_call>",
       }) {
    EXPECT_TRUE(only.accepts(call)) << call;
    EXPECT_TRUE(either.accepts(call)) << call;
  }
  for (const char* wrong : {
           "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": 1}}</tool_call>",
           "<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}</tool_call>",
           "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"\", \"town\": \"\"}}</tool_call>",
           "<tool_call>{\"name\": \"get_rain\", \"arguments\": {\"city\": \"\"}}</tool_call>",
           "<tool_call>{\"name\": \"get_weather_map\", \"arguments\": {\"city\": \"\"}}</tool_call>",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {\"now\": true}}</tool_call>",
           "<tool_call>{\"name\": \"stop\"}</tool_call>",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {}, \"id\": 1}</tool_call>",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {}}",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {}}</tool_call> And",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {},}</tool_call>",
           "<tool_call>{\"name\": \"stop\", \"arguments\": {}}</tool_call><tool_call>{\"name\": \"stop\", "
           "\"arguments\": {}}</tool_call>",
           "<tool_call>I have no tool.</tool_call>",
       }) {
    EXPECT_FALSE(only.accepts(wrong)) << wrong;
    EXPECT_FALSE(either.accepts(wrong)) << wrong;
  }
}

TEST(ToolGrammar, ProseWhereItIsAllowed) {
  const Grammar only = grammar_of(ToolCallStyle::kTagged, false), either = grammar_of(ToolCallStyle::kTagged, true);
  for (const char* prose : {"I have no tool for that.", "", "a < b, <tool, <<tool_cal", "\u00e9 {\"name\": 1}"}) {
    EXPECT_FALSE(only.accepts(prose)) << prose;
    EXPECT_TRUE(either.accepts(prose)) << prose;
  }
  const std::string call = "<tool_call>{\"name\": \"stop\", \"arguments\": {}}</tool_call>";
  EXPECT_TRUE(either.accepts("Let me see. <" + call));
  EXPECT_TRUE(either.accepts("<tool_<tool_call" + call));
  EXPECT_FALSE(only.accepts("Let me see. " + call));
  EXPECT_FALSE(either.accepts("Let me see. <tool_call>"));
  EXPECT_FALSE(either.accepts("broken \xC3"));
}

TEST(ToolGrammar, SeveralCalls) {
  const Grammar two = grammar_of(ToolCallStyle::kTagged, true, 2);
  const std::string call = "<tool_call>{\"name\": \"stop\", \"arguments\": {}}</tool_call>";
  EXPECT_TRUE(two.accepts(call));
  EXPECT_TRUE(two.accepts("Both:\n" + call + "\n" + call));
  EXPECT_FALSE(two.accepts(call + call + call));
  EXPECT_FALSE(two.accepts(call + "\n"));
  EXPECT_FALSE(two.accepts(call + " and " + call));
}

TEST(ToolGrammar, BareCalls) {
  const Grammar either = grammar_of(ToolCallStyle::kBare, true), only = grammar_of(ToolCallStyle::kBare, false);
  EXPECT_TRUE(either.accepts(R"({"name": "stop", "parameters": {}})"));
  EXPECT_TRUE(only.accepts(R"( {"parameters": {"city": "x"}, "name": "get_weather"})"));
  EXPECT_TRUE(either.accepts("There is no tool: {}"));
  EXPECT_FALSE(only.accepts("There is no tool."));
  EXPECT_FALSE(either.accepts(R"({"name": "stop", "arguments": {}})"));
  EXPECT_FALSE(either.accepts(R"({"name": "stop", "parameters": {}} done)"));
  EXPECT_FALSE(either.accepts(R"( { "a": 1})"));
}

TEST(ToolGrammar, ListedCalls) {
  const Grammar either = grammar_of(ToolCallStyle::kList, true, 2);
  EXPECT_TRUE(either.accepts(R"([TOOL_CALLS] [{"name": "stop", "arguments": {}}])"));
  EXPECT_TRUE(
      either.accepts(R"([{"name": "stop", "arguments": {}}, {"arguments": {"city": "x"}, "name": "get_weather"}])"));
  EXPECT_TRUE(either.accepts("No [tool]."));
  EXPECT_FALSE(either.accepts("[tool]"));
  EXPECT_FALSE(either.accepts("[]"));
  EXPECT_FALSE(either.accepts(R"([TOOL_CALLS][{"name": "go", "arguments": {}}])"));
}

TEST(ToolGrammar, WalksEnd) {
  Rng rng(11);
  for (const ToolCallStyle style : {ToolCallStyle::kTagged, ToolCallStyle::kBare, ToolCallStyle::kList}) {
    const Grammar grammar = grammar_of(style, false, style == ToolCallStyle::kBare ? 1 : 3);
    RandomText random(grammar, rng);
    for (int walk = 0; walk < 100; ++walk) {
      const auto text = random.draw(rng.below(100), 1000);
      ASSERT_TRUE(text);
      EXPECT_THAT(*text, HasSubstr("\"name\"")) << *text;
      EXPECT_TRUE(grammar.accepts(*text)) << *text;
    }
  }
}

TEST(ToolGrammar, ToolsThatCannotBeKeptAreNamed) {
  const std::pair<const char*, const char*> wrong[] = {
      {"{}", "no list of functions"},
      {"[]", "no list of functions"},
      {"[1]", "tool 0: found no name"},
      {R"([{"name": "a"}, {"name": "a"}])", "name \"a\" is given twice"},
      {R"([{"name": "a", "parameters": {"type": "dict"}}])", "tool \"a\": parameters: schema at '/type'"},
      {R"([{"name": "a", "parameters": {"properties": {"x": {"pattern": "a"}}}}])", "keyword 'pattern'"},
      {R"([{"name": "a", "parameters": {"type": "string"}}])", "tool \"a\": parameters: no arguments are valid"},
      {R"([{"name": "a", "parameters": 3}])", "tool \"a\""},
  };
  for (const auto& [json, message] : wrong) {
    const auto grammar = Grammar::of_tools(ordered_json::parse(json), {});
    ASSERT_FALSE(grammar) << json;
    EXPECT_THAT(grammar.error().message, HasSubstr(message));
  }
  EXPECT_FALSE(Grammar::of_tools(tools(), {ToolCallStyle::kTagged, true, 1000}));
}

}  // namespace
}  // namespace rung
