#include "report/markdown.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

Json sample() {
  return Json::parse(R"json({"model": {"name": "pico_[x](y)"}, "command": "rung ladder ```m``` --out o",
    "settings": {"panel": [{"capability": "math"}]},
    "notes": ["<b>one</b> note"],
    "rungs": [
      {"name": "bf16", "kind": "reference", "bytes": 42000000, "bits_per_weight": 16, "perplexity": 52.05,
       "panel": {"math": {"score": 0.95}}},
      {"name": "q2|k", "kind": "type", "bytes": 7400000, "bits_per_weight": 2.6251, "perplexity": 68.2,
       "kld": {"mean": 0.21}, "same_top": 0.75,
       "panel": {"math": {"score": 0.53, "retained": 0.56, "verdict": "degraded"}}}],
    "findings": {"first_to_fall": {"rung": "q2|k", "bits_per_weight": 2.6251,
      "capabilities": [{"capability": "math", "retained": 0.56}]}}})json");
}

TEST(Markdown, TableFindingsNotesAndCommand) {
  const std::string text = render_markdown(sample());
  EXPECT_THAT(text, HasSubstr("## Precision ladder of pico\\_\\[x\\]\\(y\\)\n"));
  EXPECT_THAT(text, HasSubstr("| rung | bits | size | perplexity | mean KL | same top % | math |\n"));
  EXPECT_THAT(text, HasSubstr("| bf16 | 16.00 | 42.0 MB | 52.05 | - | - | 95.0 |\n"));
  EXPECT_THAT(text, HasSubstr("| q2\\|k | 2.63 | 7.4 MB | 68.20 | 0.210 | 75.0 | **53.0** \u25bc |\n"));
  EXPECT_THAT(text, HasSubstr("- First to fall: math \\(keeps 56 %\\), at q2\\|k \\(2.63 bits\\)."));
  EXPECT_THAT(text, HasSubstr("- \\<b\\>one\\</b\\> note"));
  EXPECT_THAT(text, HasSubstr("````\nrung ladder ```m``` --out o\n````\n"));
}

TEST(Markdown, AnythingIsACard) {
  for (const char* text : {"null", "[]", "{}", R"({"rungs": [null]})", R"({"command": 3})"})
    EXPECT_THAT(render_markdown(Json::parse(text)), HasSubstr("## Precision ladder")) << text;
}

}  // namespace
}  // namespace rung
