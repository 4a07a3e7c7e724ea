#include "report/merge.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

Json ladder(const std::string& model, const std::vector<std::string>& rungs) {
  Json json = {{"format", "rung-ladder"}, {"version", 2}, {"model", {{"name", model}, {"hash", model}}}};
  json["settings"] = {{"context", 512}, {"texts", Json::array()}, {"panel", Json::array()}};
  json["notes"] = Json::array();
  json["rungs"] = Json::array();
  for (const std::string& rung : rungs)
    json["rungs"].push_back(
        {{"name", rung}, {"bytes", 10}, {"writable", true}, {"bits_per_weight", 4}, {"panel", Json::object()}});
  return json;
}

Result<Json> merged_of(const std::vector<Json>& documents) {
  std::vector<NamedDocument> named;
  for (const Json& json : documents) named.push_back({"x.json", std::make_shared<Json>(json)});
  return merge_documents(named);
}

std::string refusal(const Json& json) {
  const auto merged = merged_of({json});
  return merged ? "" : merged.error().message;
}

TEST(Merge, LaddersOfOneModelBecomeOne) {
  const Json page = merged_of({ladder("m", {"bf16", "q4_k"}), ladder("m", {"bf16", "q2_k"})}).value();
  ASSERT_EQ(page["rungs"].size(), 3u);
  EXPECT_EQ(page["rungs"][2]["name"], "q2_k");
  EXPECT_EQ(page["notes"].size(), 1u);
  EXPECT_FALSE(page.contains("models"));
}

TEST(Merge, OtherModelsAndOtherTextsStandBeside) {
  Json other_text = ladder("m", {"bf16"});
  other_text["settings"]["context"] = 256;
  for (const Json& other : {ladder("n", {"bf16"}), other_text}) {
    const Json page = merged_of({ladder("m", {"bf16", "q4_k"}), other}).value();
    EXPECT_EQ(page["rungs"].size(), 2u);
    EXPECT_EQ(page["models"]["format"], "rung-models");
  }
}

TEST(Merge, AKvLadderJoins) {
  const Json kv = {{"format", "rung-kv-ladder"}, {"version", 1}};
  const Json page = merged_of({ladder("m", {"bf16"}), kv}).value();
  EXPECT_EQ(page["kv"]["format"], "rung-kv-ladder");
  EXPECT_FALSE(merged_of({kv, kv}));
}

TEST(Merge, WhatIsUnknownIsRefused) {
  EXPECT_THAT(refusal(Json::parse("{}")), HasSubstr("x.json: format: found nothing, allowed rung-ladder"));
  EXPECT_THAT(refusal(Json::parse("[3]")), HasSubstr("found nothing"));
  EXPECT_THAT(refusal({{"format", "rung-ladder"}, {"version", 9}}), HasSubstr("version: found 9, allowed 1 to 2"));
  EXPECT_THAT(refusal({{"format", "rung-ladder"}}), HasSubstr("version: found nothing"));
  Json odd = ladder("n", {"bf16"});
  odd["rungs"] = 3;
  EXPECT_EQ(refusal(odd), "");  // the page shows what there is
  odd["settings"].erase("panel");
  const auto charted = merged_of({ladder("m", {"bf16"}), odd});
  ASSERT_FALSE(charted);
  EXPECT_THAT(charted.error().message, HasSubstr("contradict their format"));
}

}  // namespace
}  // namespace rung
