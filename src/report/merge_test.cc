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
    json["rungs"].push_back({{"name", rung}, {"bytes", 10}, {"bits_per_weight", 4}, {"panel", Json::object()}});
  return json;
}

std::string refusal(const Json& json) {
  const auto merged = merge_documents({{"x.json", json}});
  return merged ? "" : merged.error().message;
}

TEST(Merge, LaddersOfOneModelBecomeOne) {
  const Json page =
      merge_documents({{"a", ladder("m", {"bf16", "q4_k"})}, {"b", ladder("m", {"bf16", "q2_k"})}}).value();
  ASSERT_EQ(page["rungs"].size(), 3u);
  EXPECT_EQ(page["rungs"][2]["name"], "q2_k");
  EXPECT_EQ(page["notes"].size(), 1u);
  EXPECT_FALSE(page.contains("models"));
}

TEST(Merge, OtherModelsAndOtherTextsStandBeside) {
  Json other_text = ladder("m", {"bf16"});
  other_text["settings"]["context"] = 256;
  for (const Json& other : {ladder("n", {"bf16"}), other_text}) {
    const Json page = merge_documents({{"a", ladder("m", {"bf16", "q4_k"})}, {"b", other}}).value();
    EXPECT_EQ(page["rungs"].size(), 2u);
    EXPECT_EQ(page["models"]["format"], "rung-models");
  }
}

TEST(Merge, AKvLadderJoins) {
  const Json kv = {{"format", "rung-kv-ladder"}, {"version", 1}};
  const Json page = merge_documents({{"a", ladder("m", {"bf16"})}, {"k", kv}}).value();
  EXPECT_EQ(page["kv"]["format"], "rung-kv-ladder");
  EXPECT_FALSE(merge_documents({{"k", kv}, {"k", kv}}));
}

TEST(Merge, WhatIsUnknownIsRefused) {
  EXPECT_THAT(refusal(Json::parse("{}")), HasSubstr("x.json: format: found nothing, allowed rung-ladder"));
  EXPECT_THAT(refusal(Json::parse("[3]")), HasSubstr("found nothing"));
  EXPECT_THAT(refusal({{"format", "rung-ladder"}, {"version", 9}}), HasSubstr("version: found 9, allowed 1 to 2"));
  EXPECT_THAT(refusal({{"format", "rung-ladder"}}), HasSubstr("version: found nothing"));
  Json odd = ladder("m", {"bf16"});
  odd["rungs"] = 3;
  EXPECT_EQ(refusal(odd), "");  // the page shows what there is
}

}  // namespace
}  // namespace rung
