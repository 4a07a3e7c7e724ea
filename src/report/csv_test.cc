#include "report/csv.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Json = nlohmann::ordered_json;

Json sample() {
  return Json::parse(R"json({"model": {"name": "a \"b\", c"}, "rungs": [{"name": "=cmd()", "kind": "type", "bytes": 10,
    "bits_per_weight": 4.25, "perplexity": 52.05340000000001, "perplexity_error": 2.5,
    "kld": {"mean": 1e-07, "mean_error": 2e-09, "p99": 0.5},
    "panel": {"math": {"items": 200, "score": 0.5, "low": 0.4, "high": 0.6, "retained": 0.9, "retained_low": 0.8,
      "retained_high": 0.95, "lost": 12, "gained": 2, "p_value": 0.01, "verdict": "degraded"}}}]})json");
}

TEST(Csv, OneLineAValueWithTheDigitsOfTheJson) {
  const std::string csv = render_csv(sample());
  EXPECT_THAT(csv, StartsWith("model,rung,kind,"));
  EXPECT_THAT(csv, HasSubstr(R"("a ""b"", c",'=cmd(),type,10,4.25,perplexity,52.05340000000001,,,2.5,,,,,)"));
  EXPECT_THAT(csv, HasSubstr(",kld_mean,1e-07,,,2e-09,,,,,\r\n"));
  EXPECT_THAT(csv, HasSubstr(",score:math,0.5,0.4,0.6,,200,,,,\r\n"));
  EXPECT_THAT(csv, EndsWith(",retained:math,0.9,0.8,0.95,,200,12,2,0.01,degraded\r\n"));
  EXPECT_THAT(csv, Not(HasSubstr("kld_median")));
}

TEST(Csv, AnythingIsATableOfWhatItHas) {
  for (const char* text : {"null", "[]", "{}", R"({"rungs": 3})", R"({"rungs": [null, 1, {"panel": []}]})"})
    EXPECT_THAT(render_csv(Json::parse(text)), EndsWith("verdict\r\n")) << text;
  Json broken = sample();
  broken["rungs"][0]["name"] = "two\nlines\x1b[31m\xff";
  EXPECT_THAT(render_csv(broken), HasSubstr("two?lines?[31m?"));
}

}  // namespace
}  // namespace rung
