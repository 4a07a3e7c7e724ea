// Near misses: answers that are almost right, made from the right answers of hundreds of drawn items by rules. None may
// pass.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "measure/grader.h"
#include "panel/drawn_panel.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;
using Misses = std::vector<std::pair<std::string, std::string>>;  ///< what is wrong, the answer

std::vector<PanelItem> items_of(std::string_view capability, size_t count) {
  for (const Generator& generator : make_generators({shipped_facts(), true}))
    if (generator.capability == capability) return draw_capability(generator, {5, "panel", count}, level_in_turn).items;
  return {};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// Objects that differ from the right one in one place.
std::vector<std::pair<std::string, Json>> wrong_objects(const Json& right) {
  std::vector<std::pair<std::string, Json>> wrong;
  Json more = right;
  more["extra"] = 1;
  wrong.emplace_back("extra key", more);
  for (const auto& [key, value] : right.items()) {
    Json other = right;
    other.erase(key);
    wrong.emplace_back("missing key", other);
    other[key + "_"] = value;
    wrong.emplace_back("key by another name", other);
    other = right;
    other[key] = nullptr;
    wrong.emplace_back("null", other);
    other[key] = Json::array({value});
    wrong.emplace_back("value in a list", other);
    if (value.is_number()) {
      other[key] = value.dump();
      wrong.emplace_back("number as string", other);
      other[key] = value.get<double>() + 1;
      wrong.emplace_back("number off by one", other);
    }
    if (value.is_boolean()) {
      other[key] = !value.get<bool>();
      wrong.emplace_back("the other truth value", other);
      other[key] = value.get<bool>() ? "true" : "false";
      wrong.emplace_back("truth value as string", other);
    }
    if (value.is_string()) {
      other[key] = value.get<std::string>() + " ";
      wrong.emplace_back("string with a space", other);
      other[key] = "";
      wrong.emplace_back("empty string", other);
    }
    if (value.is_array() && value.size() > 1) {
      other[key] = Json::array();
      for (size_t at = value.size(); at > 0; --at) other[key].push_back(value[at - 1]);
      wrong.emplace_back("list in another order", other);
      other[key].erase(0);
      wrong.emplace_back("shorter list", other);
    }
  }
  return wrong;
}

/// Texts that are no JSON, or more than JSON.
Misses broken_texts(const std::string& json) {
  const std::string cut = json.substr(0, json.size() - 1);
  return {{"trailing comma", cut + ",}"},
          {"not closed", cut},
          {"closed twice", json + "}"},
          {"twice", json + "\n" + json},
          {"single quotes", replaced(replaced(json, "\"", "'"), "\"", "'")},
          {"no quotes", replaced(replaced(json, "\"", ""), "\"", "")},
          {"equals sign", replaced(json, ":", "=")},
          {"comment", "{ // the object\n" + json.substr(1)},
          {"empty", ""}};
}

TEST(NearMisses, OfJson) {
  size_t tried = 0;
  for (const PanelItem& item : items_of("schema", 160)) {
    const std::string right = item.answer->dump();
    ASSERT_TRUE(grade(item, right));
    EXPECT_TRUE(grade(item, item.answer->dump(2))) << "on several lines";
    EXPECT_TRUE(grade(item, Json(nlohmann::json(*item.answer)).dump())) << "keys in another order";
    EXPECT_TRUE(grade(item, "```json\n" + right + "\n```"));
    Misses misses = broken_texts(right);
    misses.emplace_back("prose before", "Here is the object: " + right);
    misses.emplace_back("prose after", right + "\nThat is all.");
    misses.emplace_back("a list around it", "[" + right + "]");
    misses.emplace_back("fence with prose", "Here:\n```json\n" + right + "\n```");
    for (const auto& [what, object] : wrong_objects(*item.answer)) misses.emplace_back(what, object.dump());
    for (const auto& [what, answer] : misses) {
      EXPECT_FALSE(grade(item, answer)) << what << ": " << answer;
      ++tried;
    }
  }
  EXPECT_GT(tried, 3000u);
}

std::string tagged(const std::string& call) { return "<tool_call>\n" + call + "\n</tool_call>"; }
std::string tagged(const Json& call) { return tagged(call.dump()); }

Misses wrong_calls(const Json& call) {
  Misses misses;
  for (const auto& [what, arguments] : wrong_objects(call["arguments"]))
    misses.emplace_back(what, tagged(Json{{"name", call["name"]}, {"arguments", arguments}}));
  for (const auto& [what, text] : broken_texts(call.dump())) misses.emplace_back(what, tagged(text));
  const std::string name = call["name"];
  misses.emplace_back("another name", tagged(Json{{"name", name + "s"}, {"arguments", call["arguments"]}}));
  misses.emplace_back("arguments as text", tagged(Json{{"name", name}, {"arguments", call["arguments"].dump()}}));
  misses.emplace_back("no arguments", tagged(Json{{"name", name}}));
  misses.emplace_back("a key beside", tagged(Json{{"name", name}, {"arguments", call["arguments"]}, {"why", "so"}}));
  misses.emplace_back("another word for arguments", tagged(Json{{"name", name}, {"args", call["arguments"]}}));
  misses.emplace_back("second call", tagged(call) + tagged(Json{{"name", name}, {"arguments", Json::object()}}));
  misses.emplace_back("the same call again", tagged(call) + "\n" + tagged(call));
  misses.emplace_back("a broken call beside it", tagged(call) + tagged(std::string("{")));
  misses.emplace_back("told in prose", "I would call " + name + " with " + call["arguments"].dump() + ".");
  misses.emplace_back("its JSON in prose", "I call this: " + call.dump() + " and wait.");
  misses.emplace_back("JSON without tags", call.dump());
  misses.emplace_back("not closed tag", "<tool_call>\n" + call.dump());
  misses.emplace_back("only the end tag", call.dump() + "\n</tool_call>");
  misses.emplace_back("another tag", "<function_call>" + call.dump() + "</function_call>");
  misses.emplace_back("as Python", name + "()");
  return misses;
}

TEST(NearMisses, OfOneCall) {
  size_t tried = 0;
  for (const PanelItem& item : items_of("tools", 160)) {
    if (item.grader != Grader::kToolCall) continue;
    const Json& call = *item.answer;
    const Json llama = {{"name", call["name"]}, {"parameters", call["arguments"]}};
    for (const std::string& right : {tagged(call), "Of course.\n" + tagged(call), tagged(call.dump(2)), llama.dump(),
                                     "[TOOL_CALLS] " + Json::array({call}).dump(), Json::array({call}).dump()})
      EXPECT_TRUE(grade(item, right)) << right;
    for (const auto& [what, answer] : wrong_calls(call)) {
      EXPECT_FALSE(grade(item, answer)) << what << ": " << answer;
      ++tried;
    }
    EXPECT_FALSE(grade(item, "Llama's form in prose: " + llama.dump()));
    EXPECT_FALSE(grade(item, "[TOOL_CALLS] " + call.dump()));
  }
  EXPECT_GT(tried, 2000u);
}

TEST(NearMisses, OfSeveralCalls) {
  size_t tried = 0;
  for (const PanelItem& item : items_of("tools", 160)) {
    if (item.grader != Grader::kToolCalls) continue;
    const Json& calls = *item.answer;
    std::string all, backwards, none;
    for (const Json& call : calls) all += tagged(call), backwards = tagged(call) + "\n" + backwards;
    for (const std::string& right : {all, backwards, "[TOOL_CALLS]" + calls.dump()})
      EXPECT_TRUE(grade(item, right)) << right;
    Misses misses = {{"one missing", all.substr(tagged(calls[0]).size())}, {"first twice", all + tagged(calls[0])}};
    std::string first_twice = tagged(calls[0]);
    for (size_t at = 0; at + 1 < calls.size(); ++at) first_twice += tagged(calls[0]);
    misses.emplace_back("the right number of calls, one for another", first_twice);
    if (calls.size() == 1) continue;  // two drawn alike
    for (const auto& [what, answer] : misses) {
      EXPECT_FALSE(grade(item, answer)) << what << ": " << answer;
      ++tried;
    }
  }
  EXPECT_GT(tried, 60u);
}

TEST(NearMisses, OfNoCall) {
  for (const PanelItem& item : items_of("tools", 160)) {
    if (item.grader != Grader::kNoToolCall) continue;
    const std::string name = item.tools->at(0).at("function").at("name");
    EXPECT_TRUE(grade(item, "None of these functions can do that."));
    EXPECT_TRUE(grade(item, "I could call " + name + ", but it does not fit."));
    for (const std::string& wrong :
         {tagged(Json{{"name", name}, {"arguments", Json::object()}}), "<tool_call>" + name,
          Json{{"name", name}, {"parameters", Json::object()}}.dump(), std::string("[TOOL_CALLS] [{\"name\": ")})
      EXPECT_FALSE(grade(item, wrong)) << wrong;
  }
}

TEST(NearMisses, OfWords) {
  for (const PanelItem& item : items_of("reasoning", 200)) {
    if (item.grader != Grader::kShortAnswer) continue;
    const std::string right = item.answer->get<std::string>();
    for (const std::string& answer : {right, right + ".", "**" + right + "**", "\"" + right + "\"", " " + right + "\n",
                                      "I think about it.\nAnswer: " + right})
      EXPECT_TRUE(grade(item, answer)) << answer;
    for (const std::string& answer : {right + " or not", "not " + right, right + right, right.substr(1), right + "s",
                                      "Answer: " + right + "\nAnswer: nobody", std::string()})
      EXPECT_FALSE(grade(item, answer)) << answer;
  }
}

}  // namespace
}  // namespace rung
