#include "grammar/grammar.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "text/json_schema.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

Grammar grammar_of(const char* schema) {
  auto grammar = Grammar::of_schema(ordered_json::parse(schema));
  EXPECT_TRUE(grammar) << schema << ": " << (grammar ? "" : grammar.error().message);
  return *grammar;
}

struct Case {
  const char* schema;
  std::vector<const char*> accepted;
  std::vector<const char*> refused;
};

constexpr const char* kPerson =
    R"({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"},
        "likes": {"type": "array", "items": {"type": "string"}}, "job": {"enum": ["pilot", "poet"]}},
        "required": ["name", "age"], "additionalProperties": false})";

/// By hand: what validates (JSON Schema draft 2020-12) and is JSON (RFC 8259), and near misses of both.
const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {kPerson,
       {R"({"name": "A", "age": 3})", R"({"age":3,"name":""})", "{ \"name\" :\n \"A\" , \"age\" : -3 }",
        R"(  {"name": "A", "likes": [], "age": 0, "job": "poet"})",
        R"({"name": "A", "age": 3, "likes": ["x", "y\"\\\u00e9\ud83d\ude00"]})"},
       {R"({"name": "A", "age": 3, "size": 1})",
        R"({"name": "A", "age": "3"})",
        R"({"name": "A", "age": 3,})",
        R"({"name": "A"})",
        R"({"name": "A", "age": 3, "job": "po"})",
        R"({"name": "A", "age": 3, "job": "pirate"})",
        R"({"name": "A", "age": 3, "age": 3})",
        R"({'name': 'A', 'age': 3})",
        R"({"name": "A", "age": 3}})",
        R"({"name": "A", "age": 3} )",
        R"({"name": "A", "age": 03})",
        R"({"name": "A", "age": 3.0})",
        R"({"name": "A", "age": 3)",
        R"({"name": "A" "age": 3})",
        R"({"name": "A", "age": 3, "likes": ["x",]})",
        R"({"name": "A", "age": 3, "likes": ["x" "y"]})",
        R"({"name": "A", "age": 3, "likes": [1]})",
        R"({"name": "\x", "age": 3})",
        R"({"name": "\ud83d", "age": 3})",
        R"({"name": "\ude00\ud83d", "age": 3})",
        "{\"name\": \"a\nb\", \"age\": 3}",
        "{\"name\": \"\xC0\x80\", \"age\": 3}",
        R"({"name": null, "age": 3})",
        R"({"names": "A", "age": 3})",
        R"({"nam": "A", "age": 3})",
        "",
        "{}",
        "[]",
        "null"}},
      {"true",
       {"null", "[1, {\"a\": [true]}]", "\"\"", "-0.5e+10", "{\"\": {}}"},
       {"nul", "truee", "[", "01", "1.", "+1"}},
      {R"({"type": ["integer", "null"]})", {"1", "-0", "null", "\n 7"}, {"1.0", "\"1\"", "nulll", "--1", "-"}},
      {R"({"type": "boolean"})", {"true", "false"}, {"True", "tru", "0", "\"true\""}},
      {R"({"type": "number"})", {"1", "1.5", "1e5", "-2.5E-3"}, {"1.", ".5", "1e", "0x1", "NaN", "1e999"}},
      {R"({"type": "integer", "minimum": 8, "maximum": 120})",
       {"8", "9", "10", "99", "100", "119", "120"},
       {"7", "0", "121", "130", "1200", "-8", "08", "1"}},
      {R"({"type": "integer", "exclusiveMinimum": -12, "exclusiveMaximum": 1})",
       {"-11", "-1", "-0", "0"},
       {"-12", "-13", "1", "2", "-"}},
      {R"({"type": "integer", "minimum": -9223372036854775808, "maximum": 9223372036854775807})",
       {"-9223372036854775808", "9223372036854775807", "0"},
       {"99999999999999999999"}},
      {R"({"type": "number", "minimum": 0, "maximum": 1})",
       {"0", "1", "0.5", "0.00000000000001", "1.00000000000000"},
       {"1.1", "1.00000000000001", "2", "-0.5", "0.", "5e-1"}},
      {R"({"type": "number", "exclusiveMinimum": 0.1, "maximum": 1e3})",
       {"0.11", "0.10000000000001", "1000", "999.99"},
       {"0.1", "0.10", "0", "0.09", "1000.1", "1001"}},
      {R"({"type": "number", "minimum": -90.5, "exclusiveMaximum": -0.25})",
       {"-90.5", "-90.5000", "-0.26", "-1"},
       {"-90.51", "-0.25", "0", "1", "-91"}},
      {R"({"type": "string", "minLength": 2, "maxLength": 3})",
       {"\"ab\"", "\"abc\"", "\"\u00e9\u4e2d\U0001f600\"", R"("\u00e9\ud83d\ude00")"},
       {"\"a\"", "\"abcd\"", "\"\"", R"("\u00e9\ud83d\ude00ab")"}},
      {R"({"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}})",
       {"[1]", "[1,2]", "[ 1 , 2 ]"},
       {"[]", "[1,2,3]", "[1,]", "[,1]", "[1 2]"}},
      {R"({"enum": ["a", "ab", 1, 12, 1.5, null, true, {"x": [1, "y"]}, []]})",
       {"\"a\"", "\"ab\"", "1", "12", "1.5", "null", "true", R"({"x": [1, "y"]})", R"({ "x":[1,"y"] })", "[]"},
       {"\"b\"", "2", "1.", "false", R"({"x": [1]})", R"({"x": [1, "y", 2]})", "{}", "[1]", "\"abc\""}},
      {R"({"const": 2.0})", {"2", "2.0"}, {"2.5", "20"}},
      {R"({"enum": [1, 5, "abc", "a", null], "type": ["integer", "string"], "minimum": 2, "minLength": 2})",
       {"5", "\"abc\""},
       {"1", "\"a\"", "null"}},
      {R"({"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
                      "additionalProperties": false},
                     {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "null"}},
                      "required": ["a"], "additionalProperties": false}]})",
       {R"({"a": 1})", R"({"a": "1"})", R"({"a": "1", "b": null})", R"({"b": null, "a": "1"})"},
       {R"({"a": 1, "b": null})", R"({"b": null, "a": 1})", R"({"a": null})", "{}"}},
      {R"({"oneOf": [{"type": "object", "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}},
                      "required": ["kind", "r"]},
                     {"type": "object", "properties": {"kind": {"const": "square"}, "side": {"type": "number"}},
                      "required": ["kind", "side"], "additionalProperties": false}]})",
       {R"({"kind": "circle", "r": 1, "more": []})", R"({"side": 2, "kind": "square"})"},
       {R"({"kind": "square", "r": 1})", R"({"kind": "circle", "side": 1})",
        R"({"kind": "square", "side": 1, "x": 1})"}},
      {R"({"oneOf": [{"type": "string"}, {"type": "integer"}], "title": "either"})", {"\"\"", "1"}, {"1.5", "null"}},
      {R"({"type": "object", "additionalProperties": {"type": "integer"}, "properties": {"n": {"type": "string"}}})",
       {"{}", R"({"x": 1, "n": "", "nn": 2, "": 3})", R"({"a\"b\n": 1})"},
       {R"({"n": 1})", R"({"x": ""})", R"({"\u006e": 1})"}},
      {R"({"type": "object", "required": ["x"], "properties": {"n": {"type": "string"}}})",
       {R"({"x": []})", R"({"n": "", "x": 1})"},
       {"{}", R"({"n": ""})"}},
      {R"({"type": "object", "properties": {"a": true, "b": true, "c": {"type": "null"}}, "required": ["c"],
           "additionalProperties": false, "minProperties": 2, "maxProperties": 2})",
       {R"({"a": 1, "c": null})", R"({"c": null, "b": 1})"},
       {R"({"c": null})", R"({"a": 1, "b": 1, "c": null})", R"({"a": 1, "b": 1})"}},
      {R"({"properties": {"a": {"type": "integer"}}, "additionalProperties": false, "minLength": 1})",
       {"{}", R"({"a": 1})", "[1]", "3", "\"x\""},
       {R"({"a": ""})", R"({"b": 1})", "\"\""}},
      {R"({"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"value": {"type": "integer"},
           "left": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}, "right": {"$ref": "#/$defs/tree"}},
           "required": ["value", "left"], "additionalProperties": false}}})",
       {R"({"value": 1, "left": null})", R"({"left": {"value": 2, "left": null}, "value": 1})",
        R"({"value": 1, "left": null, "right": {"value": 2, "left": {"value": 3, "left": null}}})"},
       {R"({"value": 1})", R"({"value": 1, "left": {}})", R"({"value": 1, "left": null, "right": null})"}},
      {R"({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"type": "null"}}})", {"null"}, {"1"}},
      {R"({"type": "object", "properties": {"a": {"type": "string"}, "b": false}, "required": ["a"]})",
       {R"({"a": "", "bb": 1})"},
       {R"({"a": "", "b": 1})"}},
  };
  return kCases;
}

TEST(Grammar, AcceptsWhatValidatesAndRefusesNearMisses) {
  for (const Case& one : cases()) {
    const Grammar grammar = grammar_of(one.schema);
    const ordered_json schema = ordered_json::parse(one.schema);
    for (const char* text : one.accepted) {
      EXPECT_TRUE(grammar.accepts(text)) << one.schema << " for " << text;
      EXPECT_TRUE(validate_json(ordered_json::parse(text), schema)) << one.schema << " for " << text;
    }
    for (const char* text : one.refused) EXPECT_FALSE(grammar.accepts(text)) << one.schema << " for " << text;
  }
}

TEST(Grammar, WhatItCannotKeepIsRefusedByName) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"properties": {"a": {"type": "string", "pattern": "^a$"}}})", "'/properties/a': keyword 'pattern'"},
      {R"({"not": {"type": "null"}})", "keyword 'not'"},
      {R"({"allOf": [{"minimum": 1}, {"maximum": 2}]})", "keyword 'allOf'"},
      {R"({"anyOf": [{"type": "object"}], "required": ["a"]})",
       "keyword 'required' is not supported in a grammar beside"},
      {R"({"$ref": "#/$defs/a", "minimum": 1, "$defs": {"a": true}})", "keyword 'minimum'"},
      {R"({"oneOf": [{"minimum": 2}, {"maximum": 4}]})", "keyword 'oneOf'"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})", "parts 0 and 1 may both hold"},
      {R"({"minProperties": 2})", "keyword 'minProperties'"},
      {R"({"type": "object", "maxProperties": 2})", "keyword 'maxProperties'"},
      {R"({"enum": [{}], "properties": {}})", "keyword 'properties'"},
      {R"({"type": "array", "uniqueItems": true})", "keyword 'uniqueItems'"},
      {R"({"format": "date"})", "keyword 'format'"},
      {R"({"type": "integer", "minimum": 5, "maximum": 4})", "minimum and maximum leave no integer"},
      {R"({"type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 5})", "leave no integer"},
      {R"({"type": "number", "minimum": 1e30})", "'/minimum': found 1e+30"},
      {R"({"properties": {"\u0001": true}})", "control characters"},
      {"false", "no value is valid"},
      {R"({"type": "string", "minLength": 2, "maxLength": 1})", "no value is valid"},
      {R"({"type": "object", "required": ["a"], "additionalProperties": false})", "no value is valid"},
      {R"({"type": "array", "minItems": 1, "items": false})", "no value is valid"},
      {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})", "no value is valid"},
      {R"({"$ref": "#"})", "leads back to itself"},
      {R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})", "leads back to itself"},
  };
  for (const auto& [schema, message] : wrong) {
    const auto grammar = Grammar::of_schema(ordered_json::parse(schema));
    ASSERT_FALSE(grammar) << schema;
    EXPECT_THAT(grammar.error().message, HasSubstr(message)) << schema;
    EXPECT_EQ(grammar.error().kind, ErrorKind::kInput);
  }
}

/// Each costs little, whatever it asks for.
TEST(Grammar, HostileSchemasEndInErrorsOrGrammars) {
  const auto error_of = [](const ordered_json& schema) {
    const auto grammar = Grammar::of_schema(schema);
    return grammar ? std::string("none") : grammar.error().message;
  };
  ordered_json deep = true;
  for (int level = 0; level < 90; ++level) deep = {{"type", "array"}, {"items", deep}, {"minItems", 1}};
  EXPECT_THAT(error_of(deep), testing::AnyOf(HasSubstr("nested deeper"), HasSubstr("deeper than")));
  EXPECT_THAT(error_of(ordered_json::parse(R"({"type": "string", "minLength": 4000000000})")), HasSubstr("minLength"));
  EXPECT_EQ(error_of(ordered_json::parse(R"({"type": "string", "maxLength": 1e300})")), "none");
  EXPECT_EQ(error_of(ordered_json::parse(R"({"type": "array", "maxItems": 4000000000})")), "none");

  ordered_json nested = {{"type", "string"}};
  for (int level = 0; level < 5; ++level) nested = {{"type", "array"}, {"items", nested}, {"minItems", 1000}};
  EXPECT_THAT(error_of(nested), HasSubstr("minItems"));

  ordered_json doubling = {{"$ref", "#/$defs/d0"}, {"$defs", ordered_json::object()}};
  for (int level = 0; level < 40; ++level) {
    const ordered_json next = {{"$ref", fmt::format("#/$defs/d{}", level + 1)}};
    doubling["$defs"][fmt::format("d{}", level)] = {{"anyOf", {next, next}}};
  }
  doubling["$defs"]["d40"] = {{"type", "null"}};
  EXPECT_THAT(error_of(doubling), HasSubstr("alternatives"));

  ordered_json long_chain = {{"$ref", "#/$defs/d0"}, {"$defs", ordered_json::object()}};
  for (int level = 0; level < 5000; ++level)
    long_chain["$defs"][fmt::format("d{}", level)] = {{"$ref", fmt::format("#/$defs/d{}", level + 1)}};
  long_chain["$defs"]["d5000"] = {{"type", "null"}};
  EXPECT_THAT(error_of(long_chain), HasSubstr("lead into each other"));

  ordered_json many = {{"enum", ordered_json::array()}};
  for (int value = 0; value < 300'000; ++value) many["enum"].push_back(value);
  EXPECT_THAT(error_of(many), HasSubstr("bytes of names and constants"));
}

/// At the depth limit only what can still be closed is offered.
TEST(Grammar, NestingEndsBeforeTheValidatorsLimit) {
  const Grammar grammar = grammar_of(R"({"type": "array", "items": {"$ref": "#"}})");
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_TRUE(grammar.accepts(nested(30)));
  EXPECT_FALSE(grammar.accepts(nested(120)));
}

/// Two readings at every level: they are followed up to a limit, and what is accepted is still right.
TEST(Grammar, AmbiguitySchemasStayCheap) {
  const Grammar grammar = grammar_of(
      R"({"anyOf": [{"type": "null"},
                    {"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"type": "null"}}},
                    {"type": "object", "properties": {"a": {"$ref": "#"}, "c": {"type": "null"}}}]})");
  std::string text;
  for (int level = 0; level < 15; ++level) text += "{\"a\":";
  text += "null" + std::string(15, '}');
  EXPECT_TRUE(grammar.accepts(text));
  EXPECT_FALSE(grammar.accepts(text + "}"));
}

}  // namespace
}  // namespace rung
