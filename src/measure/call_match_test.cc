#include "measure/call_match.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

const ordered_json& tools() {
  static const ordered_json list = ordered_json::parse(R"([
    {"type": "function", "function": {"name": "trip.book", "parameters": {"type": "object", "required": ["to", "seats"],
      "properties": {"to": {"type": "string"}, "seats": {"type": "integer"}, "fare": {"type": "number"},
                     "stops": {"type": "array"}, "meal": {"type": "object"}, "quiet": {"type": "boolean"}}}}},
    {"type": "function", "function": {"name": "wait", "parameters": {"type": "object", "properties": {}}}}])");
  return list;
}

bool match(const char* expected, const std::string& calls) {
  const ordered_json answer = ordered_json::parse(expected);
  EXPECT_TRUE(check_call_alternatives(answer));
  return match_calls(answer, tools(), find_tool_calls(calls));
}

std::string book(const std::string& arguments, const std::string& name = "trip.book") {
  return "<tool_call>{\"name\": \"" + name + "\", \"arguments\": {" + arguments + "}}</tool_call>";
}

const char* const kOne = R"([{"name": "trip.book", "arguments": {"to": ["New York", "NYC"], "seats": [2],
    "fare": [10.5, 10, ""], "stops": [["Oslo", "Bergen"], ""], "meal": [{"kind": ["fish"], "size": [1, ""]}, ""],
    "quiet": [true, ""]}}])";

TEST(CallMatch, AcceptsEveryRightWay) {
  for (const char* right :
       {R"("to": "NYC", "seats": 2)", R"("seats": 2, "to": "new-york")", R"("to": "new york", "seats": 2, "fare": 10)",
        R"("to": "NYC", "seats": 2, "fare": 10.0)", R"("to": "NYC", "seats": 2, "stops": ["oslo", "BERGEN"])",
        R"("to": "NYC", "seats": 2, "meal": {"kind": "Fish"})",
        R"("to": "NYC", "seats": 2, "meal": {"kind": "fish", "size": 1}, "quiet": true)"}) {
    EXPECT_TRUE(match(kOne, book(right))) << right;
    EXPECT_TRUE(match(kOne, "Sure. " + book(right, "trip_book"))) << right;
  }
}

TEST(CallMatch, RefusesNearMisses) {
  for (const char* wrong :
       {R"("to": "NYC")", R"("to": "NYC", "seats": "2")", R"("to": "NYC", "seats": 2.0)", R"("to": "NYC", "seats": 3)",
        R"("to": "Newark", "seats": 2)", R"("to": "NYC", "seats": 2, "class": 1)",
        R"("to": "NYC", "seats": 2, "fare": "10")", R"("to": "NYC", "seats": 2, "fare": 11)",
        R"("to": "NYC", "seats": 2, "stops": ["Bergen", "Oslo"])", R"("to": "NYC", "seats": 2, "stops": ["Oslo"])",
        R"("to": "NYC", "seats": 2, "meal": {"size": 1})",
        R"("to": "NYC", "seats": 2, "meal": {"kind": "fish", "x": 1})", R"("to": ["NYC"], "seats": 2)",
        R"("to": "NYC", "seats": 2, "quiet": "true")", R"("to": "NYC", "seats": 2, "quiet": 1)"}) {
    EXPECT_FALSE(match(kOne, book(wrong))) << wrong;
  }
  const std::string right = R"("to": "NYC", "seats": 2)";
  EXPECT_FALSE(match(kOne, ""));
  EXPECT_FALSE(match(kOne, book(right, "trip.find")));
  EXPECT_FALSE(match(kOne, book(right) + book(right)));
  EXPECT_FALSE(match(kOne, book(right) + "<tool_call>{"));
}

TEST(CallMatch, ParallelCallsInAnyOrder) {
  const char* const two = R"([{"name": "trip.book", "arguments": {"to": ["Rome"], "seats": [1]}},
                              {"name": "trip.book", "arguments": {"to": ["Oslo"], "seats": [1, 2]}}])";
  const std::string rome = book(R"("to": "Rome", "seats": 1)"), oslo = book(R"("to": "Oslo", "seats": 2)");
  EXPECT_TRUE(match(two, rome + oslo));
  EXPECT_TRUE(match(two, oslo + "\n" + rome));
  EXPECT_FALSE(match(two, rome));
  EXPECT_FALSE(match(two, rome + rome));
  EXPECT_FALSE(match(two, rome + oslo + oslo));
}

TEST(CallMatch, ChecksTheExpectedCalls) {
  for (const char* wrong :
       {"null", "[]", "{}", "[3]", R"([{"name": "f"}])", R"([{"name": "f", "arguments": {"a": 3}}])",
        R"([{"name": "f", "arguments": {"a": []}}])", R"([{"name": 3, "arguments": {}}])"}) {
    const Status status = check_call_alternatives(ordered_json::parse(wrong));
    ASSERT_FALSE(status) << wrong;
    EXPECT_THAT(status.error().message, HasSubstr("allowed is a list"));
  }
}

}  // namespace
}  // namespace rung
