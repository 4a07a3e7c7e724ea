// Random schemas: what a walk through the grammar writes validates, what validates is accepted, and every state leads
// on.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "grammar/random_text_for_tests.h"
#include "text/json_schema.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

/// Schemas drawn at random within what a grammar keeps, and values that are valid for them.
class RandomSchema {
 public:
  explicit RandomSchema(Rng& rng) : rng_(rng) {}

  Json schema(int levels) {
    Json root = part(levels);
    root["$defs"] = {{"list", list_definition()}, {"leaf", scalar()}};
    definitions_ = root["$defs"];
    return root;
  }
  /// Of the schema that was drawn last. `levels` bounds what recursion and free properties add.
  Json value(const Json& schema, int levels = 3) {
    if (schema.is_boolean() || schema.empty()) return free_value(levels);
    if (schema.contains("$ref")) return value(definitions_[schema["$ref"].get<std::string>().substr(8)], levels);
    for (const char* name : {"anyOf", "oneOf"})
      if (schema.contains(name)) return value(schema[name][levels <= 0 ? 0 : rng_.below(schema[name].size())], levels);
    if (schema.contains("const")) return schema["const"];
    if (schema.contains("enum")) return schema["enum"][rng_.below(schema["enum"].size())];
    const Json type = schema["type"].is_array() ? schema["type"][rng_.below(schema["type"].size())] : schema["type"];
    if (type == "object") return object(schema, levels);
    if (type == "array") return array(schema, levels);
    if (type == "string") return text(schema.value("minLength", 0u), schema.value("maxLength", 8u));
    if (type == "boolean") return chance(2);
    if (type == "null") return nullptr;
    return number(schema, type == "integer");
  }

 private:
  bool chance(uint64_t out_of) { return rng_.below(out_of) == 0; }

  std::string name() {
    static const std::vector<std::string> kNames = {"a",     "ab",      "abc",  "b",      "",
                                                    "na me", "q\"uote", "b\\s", "\u00e9", "line\n"};
    return kNames[rng_.below(kNames.size())];
  }

  Json part(int levels) {
    if (levels <= 0) return scalar();
    switch (rng_.below(9)) {
      case 0:
      case 1:
      case 2:
        return object_schema(levels);
      case 3:
        return array_schema(levels);
      case 4:
        return {{"anyOf", {scalar(), part(levels - 1), part(levels - 1)}}};
      case 5:
        return {{"oneOf", {{{"type", "null"}}, object_schema(levels)}}};
      case 6:
        return {{"$ref", chance(2) ? "#/$defs/list" : "#/$defs/leaf"}};
      case 7:
        return {{"enum", {free_value(2), free_value(1), name(), 1, 12, 1.5, nullptr}}};
      default:
        return scalar();
    }
  }

  Json list_definition() {
    return {
        {"type", "object"},
        {"properties", {{"head", scalar()}, {"tail", {{"anyOf", {{{"type", "null"}}, {{"$ref", "#/$defs/list"}}}}}}}},
        {"required", {"tail"}},
        {"additionalProperties", false}};
  }

  Json scalar() {
    switch (rng_.below(6)) {
      case 0:
        return string_schema();
      case 1:
        return {{"type", {"integer", "null"}}};
      case 2: {
        const auto low = static_cast<int64_t>(rng_.below(2000)) - 1000;
        return {{"type", "integer"}, {"minimum", low}, {"maximum", low + static_cast<int64_t>(rng_.below(300))}};
      }
      case 3:
        return {{"type", "number"}, {chance(2) ? "minimum" : "exclusiveMinimum", -0.5}, {"maximum", 20.25}};
      case 4:
        return {{"type", {"boolean", "number"}}};
      default:
        return {{"const", name()}};
    }
  }

  Json string_schema() {
    const uint64_t least = rng_.below(4);
    Json schema = {{"type", "string"}};
    if (chance(2)) schema["minLength"] = least;
    if (chance(2)) schema["maxLength"] = least + rng_.below(4);
    return schema;
  }

  Json array_schema(int levels) {
    const uint64_t least = rng_.below(3);
    Json schema = {{"type", "array"}, {"items", part(levels - 1)}};
    if (chance(2)) schema["minItems"] = least;
    if (chance(2)) schema["maxItems"] = least + rng_.below(3);
    return schema;
  }

  Json object_schema(int levels) {
    Json schema = {{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
    for (uint64_t left = rng_.below(5); left > 0; --left) schema["properties"][name()] = part(levels - 1);
    for (const auto& [key, rule] : schema["properties"].items())
      if (chance(2)) schema["required"].push_back(key);
    if (chance(2)) schema["additionalProperties"] = chance(3) ? Json(scalar()) : Json(false);
    return schema;
  }

  Json object(const Json& schema, int levels) {
    std::vector<std::string> keys;
    for (const auto& [key, rule] : schema["properties"].items()) {
      const bool needed = std::count(schema["required"].begin(), schema["required"].end(), Json(key)) > 0;
      if (needed || chance(2)) keys.push_back(key);
    }
    const Json others = schema.value("additionalProperties", Json(true));
    if (others != Json(false) && levels > 0 && chance(2)) keys.push_back("other" + std::to_string(rng_.below(100)));
    for (size_t left = keys.size(); left > 1; --left) std::swap(keys[left - 1], keys[rng_.below(left)]);
    Json object = Json::object();
    for (const std::string& key : keys)
      object[key] = value(schema["properties"].contains(key) ? schema["properties"][key] : others, levels - 1);
    return object;
  }

  Json array(const Json& schema, int levels) {
    const auto least = schema.value("minItems", uint64_t{0}), most = schema.value("maxItems", least + 3);
    Json array = Json::array();
    for (uint64_t left = least + rng_.below(most - least + 1); left > 0; --left)
      array.push_back(value(schema["items"], levels - 1));
    return array;
  }

  Json number(const Json& schema, bool is_integer) {
    const double low = schema.value("minimum", schema.value("exclusiveMinimum", -1000.0));
    const double high = schema.value("maximum", 1000.0);
    if (is_integer)
      return static_cast<int64_t>(low) + static_cast<int64_t>(rng_.below(static_cast<uint64_t>(high - low) + 1));
    return std::round((low + (high - low) * (0.01 + 0.99 * rng_.uniform())) * 64) / 64;
  }

  std::string text(size_t least, size_t most) {
    static const std::vector<std::string> kCharacters = {"a",      " ",      "\"",         "\\",     "\n",
                                                         "\u00e9", "\u4e2d", "\U0001f600", "\u0001", "/"};
    std::string text;
    for (size_t left = least + rng_.below(most - least + 1); left > 0; --left)
      text += kCharacters[rng_.below(kCharacters.size())];
    return text;
  }

  Json free_value(int levels) {
    switch (rng_.below(levels > 0 ? 6 : 4)) {
      case 0:
        return static_cast<int64_t>(rng_.below(200)) - 100;
      case 1:
        return text(0, 5);
      case 2:
        return nullptr;
      case 3:
        return chance(2);
      case 4:
        return Json::array({free_value(levels - 1), free_value(levels - 1)});
      default:
        return {{name(), free_value(levels - 1)}, {name() + "2", free_value(levels - 1)}};
    }
  }

  Rng& rng_;
  Json definitions_;
};

RC_GTEST_PROP(GrammarProperty, WalksEndAndValidate, (uint64_t seed)) {
  Rng rng(seed);
  const Json schema = RandomSchema(rng).schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  RandomText random(*grammar, rng);
  RC_LOG() << schema.dump() << "\n";
  for (int walk = 0; walk < 4; ++walk) {
    const auto text = random.draw(rng.below(120), 3000);
    RC_ASSERT(text.has_value());
    RC_LOG() << *text << "\n";
    const Json value = Json::parse(*text, nullptr, false);
    RC_ASSERT(!value.is_discarded());
    const Status status = validate_json(value, schema);
    RC_LOG() << (status ? "" : status.error().message) << "\n";
    RC_ASSERT(status.has_value());
    RC_ASSERT(grammar->accepts(*text));
  }
}

RC_GTEST_PROP(GrammarProperty, ValidInstancesAreAccepted, (uint64_t seed)) {
  Rng rng(seed);
  RandomSchema random(rng);
  const Json schema = random.schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  for (int draw = 0; draw < 8; ++draw) {
    const Json value = random.value(schema);
    RC_LOG() << schema.dump() << "\n" << value.dump() << "\n";
    RC_ASSERT(validate_json(value, schema).has_value());
    for (const int indent : {-1, 0, 2}) RC_ASSERT(grammar->accepts(value.dump(indent)));
  }
}

/// One byte deleted, doubled or replaced: still accepted only if still valid.
RC_GTEST_PROP(GrammarProperty, DamagedInstancesAreAcceptedOnlyIfValid, (uint64_t seed)) {
  Rng rng(seed);
  RandomSchema random(rng);
  const Json schema = random.schema(3);
  const auto grammar = Grammar::of_schema(schema);
  RC_ASSERT(grammar.has_value());
  for (int draw = 0; draw < 8; ++draw) {
    std::string text = random.value(schema).dump();
    const size_t at = rng.below(text.size());
    constexpr std::string_view kBytes = "{}[]\",:01.x- \\";
    switch (rng.below(3)) {
      case 0:
        text.erase(at, 1);
        break;
      case 1:
        text.insert(at, 1, text[at]);
        break;
      default:
        text[at] = kBytes[rng.below(kBytes.size())];
    }
    if (!grammar->accepts(text)) continue;
    RC_LOG() << schema.dump() << "\n" << text << "\n";
    const Json value = Json::parse(text, nullptr, false);
    RC_ASSERT(!value.is_discarded());
    RC_ASSERT(validate_json(value, schema).has_value());
  }
}

/// Every prefix that is alive can be finished within the bounds, whatever they are: the walk never gets stuck, and a
/// number is accepted exactly if it lies between them.
RC_GTEST_PROP(GrammarProperty, BoundedNumbersAreThoseWithinTheBounds, (int32_t one, int32_t other, uint64_t seed)) {
  Rng rng(seed);
  const double scale = std::pow(10.0, static_cast<double>(rng.below(7)));
  const double low = std::min(one, other) / scale, high = std::max(one, other) / scale;
  const Json schema = {{"type", rng.below(2) == 0 ? "number" : "integer"}, {"minimum", low}, {"maximum", high}};
  const auto grammar = Grammar::of_schema(schema);
  if (!grammar) {
    RC_ASSERT(schema["type"] == "integer" && std::ceil(low) > std::floor(high));
    return;
  }
  RandomText random(*grammar, rng);
  for (int walk = 0; walk < 4; ++walk) {
    const auto text = random.draw(rng.below(12), 40);
    RC_ASSERT(text.has_value());
    RC_LOG() << schema.dump() << " " << *text << "\n";
    RC_ASSERT(validate_json(Json::parse(*text), schema).has_value());
  }
  for (int draw = 0; draw < 8; ++draw) {
    const double near = (rng.below(2) == 0 ? low : high) + (static_cast<double>(rng.below(5)) - 2) / scale;
    const Json number = schema["type"] == "integer" ? Json(static_cast<int64_t>(near)) : Json(near);
    const std::string text = number.dump();
    if (text.find('e') != std::string::npos) continue;
    RC_LOG() << schema.dump() << " " << text << "\n";
    if (text.size() <= 15) RC_ASSERT(grammar->accepts(text) == validate_json(number, schema).has_value());
  }
}

}  // namespace
}  // namespace rung
