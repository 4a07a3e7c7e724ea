// What a planner finds in a results database that ladders have filled.
#include "ladder/known_quality.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/temp_folder_for_tests.h"
#include "ladder/rung_result.h"

namespace rung {
namespace {

class KnownQuality : public testing::Test {
 protected:
  KnownQuality() : ledger_(std::move(*Ledger::open(folder_.path() / "results.sqlite"))) {}

  /// `right` of 200 items right, spread evenly, as a ladder that stops early must find them (37 and 200 share no
  /// factor).
  void keep(const std::string& name, size_t right, double kld, const std::string& panel = "aaaa",
            const std::string& when = "2026-11-01T00:00:00Z", const std::string& shape = "shape") {
    RungResult result;
    result.name = name;
    result.kind = name == "bf16" ? "reference" : "type";
    result.bits_per_weight = name == "bf16" ? 16 : 4.5;
    result.perplexity.has_reference = name != "bf16";
    result.perplexity.kld.value = kld;
    CapabilityAnswers answers;
    answers.capability = "math";
    for (size_t item = 0; item < 200; ++item) answers.right += item * 37 % 200 < right ? '1' : '0';
    result.answers = {answers};
    const std::string inputs = "program 1\nmodel m\nrung " + name + "\ncontext 512\npanel " + panel + "\ntext t 9\n" +
                               name + " tensors " + when;
    ASSERT_TRUE(ledger_.keep({.id = content_hash(inputs),
                              .kind = "rung",
                              .model_hash = "m",
                              .model_shape = shape,
                              .model_name = "pico",
                              .recipe = name,
                              .inputs = inputs,
                              .program = "rung 1",
                              .machine = "here",
                              .measured_at = when,
                              .result = to_json(result).dump()}));
  }

  std::vector<KnownRung> known(const std::string& shape = "shape") {
    auto rungs = known_rungs(ledger_, shape);
    EXPECT_TRUE(rungs) << rungs.error().message;
    return *rungs;
  }

  test::TempFolder folder_;
  Ledger ledger_;
};

TEST_F(KnownQuality, BringsDivergenceAndVerdicts) {
  keep("bf16", 190, 0);
  keep("q4_k", 189, 0.0125);
  keep("naive-q2", 100, 0.3);
  const auto rungs = known();
  ASSERT_EQ(rungs.size(), 3u);
  EXPECT_EQ(rungs[0].name, "bf16");
  EXPECT_TRUE(rungs[0].quality.capabilities.empty());
  for (const KnownRung& rung : rungs) {
    EXPECT_TRUE(rung.quality.measured);
    EXPECT_EQ(rung.panel_hash, "aaaa");
    EXPECT_EQ(rung.right.size(), 200u);
    if (rung.name == "bf16") continue;
    ASSERT_EQ(rung.quality.capabilities.size(), 1u);
    EXPECT_EQ(rung.quality.capabilities[0].verdict, rung.name == "q4_k" ? "holds" : "degraded");
    // Of the items asked until the verdict was certain: about 1 and 90 of 190.
    EXPECT_NEAR(*rung.quality.capabilities[0].change, rung.name == "q4_k" ? -1.0 / 190 : -90.0 / 190, 0.1);
    EXPECT_EQ(rung.quality.divergence, rung.name == "q4_k" ? 0.0125 : 0.3);
    EXPECT_NE(rung.quality.source.find("measured 2026-11-01"), std::string::npos);
  }
}

TEST_F(KnownQuality, OnlyWhatWasMeasuredOnTheSameCounts) {
  keep("bf16", 190, 0);
  keep("q4_k", 100, 0.5, "another panel");
  EXPECT_EQ(known().size(), 1u);
}

TEST_F(KnownQuality, TheNewestResultOfARungCounts) {
  keep("bf16", 190, 0);
  keep("q4_k", 189, 0.02, "aaaa", "2026-11-01T00:00:00Z");
  keep("q4_k", 189, 0.01, "aaaa", "2026-11-02T00:00:00Z");
  const auto rungs = known();
  ASSERT_EQ(rungs.size(), 2u);
  EXPECT_EQ(rungs[1].quality.divergence, 0.01);
}

TEST_F(KnownQuality, ARowThatHoldsOtherCapabilitiesIsPassedOver) {
  keep("bf16", 190, 0);
  keep("q4_k", 189, 0.02);
  auto rows = ledger_.of_shape("rung", "shape").value();
  for (LedgerRow& row : rows) {
    if (row.recipe != "q4_k") continue;
    auto result = nlohmann::ordered_json::parse(row.result);
    result["answers"].push_back(result["answers"][0]);
    row.result = result.dump();
    ASSERT_TRUE(ledger_.keep(row));
  }
  EXPECT_EQ(known().size(), 1u);
}

TEST_F(KnownQuality, NothingWithoutAReference) {
  keep("q4_k", 189, 0.02);
  EXPECT_TRUE(known().empty());
  EXPECT_TRUE(known("another shape").empty());
}

}  // namespace
}  // namespace rung
