#include "ladder/models.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

using nlohmann::ordered_json;

ordered_json rung_json(const std::string& name, uint64_t bytes, double math, double spread, bool writable = true) {
  ordered_json panel = {{"math", {{"score", math}, {"low", math - spread}, {"high", math + spread}}}};
  return {{"name", name}, {"bytes", bytes}, {"bits_per_weight", 4.5}, {"writable", writable}, {"panel", panel}};
}

ordered_json ladder_json(const std::string& model, const std::string& hash, const ordered_json& rungs) {
  return {{"model", {{"name", model}, {"bytes", 100}}},
          {"settings", {{"panel", {{{"capability", "math"}, {"hash", hash}}}}}},
          {"rungs", rungs}};
}

const std::vector<ordered_json> kTwo = {
    ladder_json("large", "h",
                {rung_json("bf16", 1000, 0.95, 0.03), rung_json("q4", 300, 0.90, 0.03),
                 rung_json("q2", 180, 0.40, 0.05), rung_json("nf4", 250, 0.93, 0.03, false)}),
    ladder_json(
        "small", "h",
        {rung_json("bf16", 260, 0.88, 0.03), rung_json("q8", 140, 0.87, 0.03), rung_json("q4", 80, 0.70, 0.04)})};

TEST(Models, NamesTheBestWithinTheMemory) {
  const ordered_json all = compare_models(kTwo, std::nullopt);
  EXPECT_EQ(all["best"][0]["best"]["rung"], "bf16");
  EXPECT_EQ(all["best"][0]["best"]["model"], "large");
  EXPECT_EQ(all["points"].size(), 7u);
  EXPECT_TRUE(all["memory"].is_null());

  // Of what fits into 300 bytes the large model's q4 is best, but the small one's q8 may be as good:
  // 0.90 - 0.87 = 0.03 <= sqrt(0.03^2 + 0.03^2). Its q4 is not: 0.20 > 0.05.
  const ordered_json some = compare_models(kTwo, 300);
  EXPECT_EQ(some["best"][0]["best"]["rung"], "q4");
  EXPECT_EQ(some["best"][0]["best"]["model"], "large");
  EXPECT_EQ(some["best"][0]["smallest_as_good"]["model"], "small");
  EXPECT_EQ(some["best"][0]["smallest_as_good"]["rung"], "q8");
  EXPECT_EQ(some["points"][0]["fits"], false);
  EXPECT_EQ(some["points"][1]["fits"], true);

  // Fewer bits lose to the smaller model here.
  const ordered_json tight = compare_models(kTwo, 200);
  EXPECT_EQ(tight["best"][0]["best"]["model"], "small");
  EXPECT_TRUE(compare_models(kTwo, 10)["best"][0]["best"].is_null());
}

TEST(Models, ComparesOnlyTheSameItems) {
  std::vector<ordered_json> ladders = kTwo;
  ladders[1]["settings"]["panel"][0]["hash"] = "other";
  const ordered_json document = compare_models(ladders, 200);
  EXPECT_EQ(document["best"][0]["best"]["model"], "large");
  ASSERT_EQ(document["notes"].size(), 1u);
  EXPECT_EQ(document["notes"][0], "math: small was asked other items and is left out there.");
}

}  // namespace
}  // namespace rung
