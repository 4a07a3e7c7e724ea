#include "text/json_schema.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

struct Case {
  const char* schema;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

/// By hand, from the text of JSON Schema draft 2020-12 (validation vocabulary).
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"true", {"1", "{}"}, {}},
      {"false", {}, {"1", "null"}},
      {R"({"type": "integer"})", {"1", "-3", "2.0"}, {"1.5", "\"1\"", "true", "null"}},
      {R"({"type": "number"})", {"1", "1.5"}, {"\"1\"", "false"}},
      {R"({"type": ["string", "null"]})", {"\"\"", "null"}, {"0", "[]"}},
      {R"({"type": "object", "properties": {"a": {"type": "string"}}})",
       {"{}", R"({"a": "x", "b": 1})"},
       {R"({"a": 1})"}},
      {R"({"properties": {"a": {"type": "string"}}})", {"[]", "3"}, {R"({"a": null})"}},
      {R"({"required": ["a", "b"]})", {R"({"b": null, "a": 0})", "\"not an object\""}, {R"({"a": 1})"}},
      {R"({"properties": {"a": true}, "additionalProperties": false})", {R"({"a": 1})", "{}"}, {R"({"b": 1})"}},
      {R"({"properties": {"a": true}, "additionalProperties": {"type": "integer"}})",
       {R"({"a": "", "b": 1})"},
       {R"({"b": ""})"}},
      {R"({"items": {"type": "string"}})", {"[]", R"(["a"])", "{}"}, {R"(["a", 1])"}},
      {R"({"enum": [1, "a", {"x": [1], "y": 2}]})",
       {"1", "1.0", "\"a\"", R"({"y": 2, "x": [1]})"},
       {"2", R"({"x": [1]})", "true"}},
      {R"({"const": {"a": [1, 2]}})", {R"({"a": [1.0, 2]})"}, {R"({"a": [2, 1]})"}},
      {R"({"const": false})", {"false"}, {"0", "null"}},
      {R"({"minimum": 1, "maximum": 3})", {"1", "3", "\"a\""}, {"0.99", "3.01"}},
      {R"({"exclusiveMinimum": 1, "exclusiveMaximum": 3})", {"2"}, {"1", "3"}},
      {R"({"minLength": 2, "maxLength": 3})", {"\"ab\"", "\"\u00e9\u4e2d\U0001f600\""}, {"\"a\"", "\"abcd\""}},
      {R"({"minItems": 1, "maxItems": 2})", {"[1]", "[1, 2]"}, {"[]", "[1, 2, 3]"}},
      {R"({"minProperties": 1, "maxProperties": 1})", {R"({"a": 1})"}, {"{}", R"({"a": 1, "b": 2})"}},
      {R"({"pattern": "^a+$"})", {"\"aa\"", "1"}, {"\"ab\"", "\"aa\\n\""}},
      {R"({"pattern": "b"})", {"\"abc\""}, {"\"ac\""}},
      {R"({"anyOf": [{"type": "string"}, {"minimum": 5}]})", {"\"a\"", "5"}, {"4"}},
      {R"({"oneOf": [{"minimum": 2}, {"maximum": 4}]})", {"1", "5"}, {"3"}},
      {R"({"allOf": [{"minimum": 2}, {"maximum": 4}]})", {"3"}, {"1", "5"}},
      {R"({"not": {"type": "string"}})", {"1"}, {"\"a\""}},
      {R"({"$ref": "#/$defs/n~1o", "$defs": {"n/o": {"type": "integer"}}})", {"1"}, {"\"a\""}},
      {R"({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false})",
       {R"({"next": {"next": {}}})"},
       {R"({"next": {"x": 1}})"}},
      {R"({"title": "t", "description": "d", "default": 3, "examples": [1]})", {"null"}, {}},
  };
  return kCases;
}

TEST(JsonSchema, Table) {
  for (const Case& one : cases()) {
    const ordered_json schema = ordered_json::parse(one.schema);
    EXPECT_TRUE(check_schema(schema)) << one.schema;
    for (const char* value : one.valid) {
      const Status status = validate_json(ordered_json::parse(value), schema);
      EXPECT_TRUE(status) << one.schema << " for " << value << ": " << (status ? "" : status.error().message);
    }
    for (const char* value : one.invalid) {
      EXPECT_FALSE(validate_json(ordered_json::parse(value), schema)) << one.schema << " for " << value;
    }
  }
}

TEST(JsonSchema, ErrorsNameThePlaceAndTheRule) {
  const ordered_json schema = ordered_json::parse(
      R"({"properties": {"a/b": {"items": {"type": "integer"}}}, "required": ["c"], "additionalProperties": false})");
  const auto message = [&schema](const char* value) {
    return validate_json(ordered_json::parse(value), schema).error().message;
  };
  EXPECT_THAT(message(R"({"c": 1, "a/b": [1, "x"]})"),
              HasSubstr("'/a~1b/1': found \"x\", allowed is type \"integer\""));
  EXPECT_THAT(message("{}"), HasSubstr("property \"c\" is missing"));
  EXPECT_THAT(message(R"({"c": 1})"), HasSubstr("'/c': this property is not allowed"));
}

TEST(JsonSchema, SchemasThatCannotBeDecidedAreErrors) {
  const std::pair<const char*, const char*> wrong[] = {
      {"3", "found 3"},
      {R"({"type": "text"})", "schema at '/type': found \"text\""},
      {R"({"type": []})", "schema at '/type'"},
      {R"({"properties": []})", "schema at '/properties'"},
      {R"({"properties": {"a": 1}})", "schema at '/properties/a'"},
      {R"({"required": "a"})", "schema at '/required'"},
      {R"({"minimum": "1"})", "schema at '/minimum'"},
      {R"({"minItems": -1})", "schema at '/minItems'"},
      {R"({"pattern": "("})", "schema at '/pattern'"},
      {R"({"anyOf": []})", "schema at '/anyOf'"},
      {R"({"uniqueItems": true})", "keyword 'uniqueItems' is not supported"},
      {R"({"format": "date"})", "keyword 'format' is not supported"},
      {R"({"$ref": "#/$defs/x"})", "schema at '/$ref'"},
      {R"({"$ref": "http://example.com/"})", "schema at '/$ref'"},
      {R"({"$ref": 1})", "schema at '/$ref'"},
  };
  for (const auto& [schema, message] : wrong) {
    const Status status = check_schema(ordered_json::parse(schema));
    ASSERT_FALSE(status) << schema;
    EXPECT_THAT(status.error().message, HasSubstr(message)) << schema;
  }
}

TEST(JsonSchema, HostileInputEndsInErrors) {
  EXPECT_FALSE(validate_json(1, ordered_json::parse(R"({"$ref": "#"})"))) << "a reference to itself";
  ordered_json deep = 1, deep_schema = true;
  for (int level = 0; level < 150; ++level) {
    deep = ordered_json::array({deep});
    deep_schema = ordered_json::object({{"items", deep_schema}});
  }
  EXPECT_FALSE(validate_json(deep, ordered_json::parse(R"({"const": []})")));
  EXPECT_FALSE(check_schema(deep_schema));
  const ordered_json exponential = ordered_json::parse(R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}]})");
  EXPECT_FALSE(validate_json(1, exponential));
  const ordered_json doubling = ordered_json::parse(
      R"({"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}],
          "$defs": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}})");
  EXPECT_FALSE(validate_json(1, doubling));
}

/// The published test suite, where Debian's json-schema-test-suite is installed: every group whose schema we accept. It
/// ends with draft 7, whose only rule that 2020-12 took back is left out.
TEST(JsonSchema, PublishedTestSuite) {
  const std::filesystem::path folder = "/usr/share/json-schema-test-suite/tests/draft7";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << "needs the package json-schema-test-suite";
  size_t checked = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    for (const ordered_json& group : ordered_json::parse(in)) {
      if (!check_schema(group["schema"]) || group["description"] == "ref overrides any sibling keywords") continue;
      for (const ordered_json& test : group["tests"]) {
        EXPECT_EQ(validate_json(test["data"], group["schema"]).has_value(), test["valid"].get<bool>())
            << file.path() << ": " << group["description"] << ": " << test["description"];
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 100u);
}

}  // namespace
}  // namespace rung
