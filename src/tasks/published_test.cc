// The whole published files, where they are at hand (../shared/bench): every record is read, right answers get full
// marks and those of other items none. Programs are run for the first few only; bench/task_files_bench runs them all.
#include <gtest/gtest.h>

#include <filesystem>

#include "measure/sandbox.h"
#include "tasks/task_checks_for_tests.h"

namespace rung {
namespace {

const std::string kFolder = RUNG_SHARED_DIR "/bench/";

class Published : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << kFolder << " is not here";
  }
  static Capability read(const std::string& task, const std::string& file, size_t items) {
    LoadedTask loaded = test::load(task + "=" + kFolder + file);
    EXPECT_EQ(loaded.capability.items.size(), items) << file;
    return std::move(loaded.capability);
  }
};

// Counts of records: wc -l of the files, the last line of some having no line break.
TEST_F(Published, WhatIsNotRun) {
  EXPECT_EQ(test::check_golds(read("gsm8k", "gsm8k/test.jsonl", 1319 - 5)), 0u);
  EXPECT_EQ(test::check_golds(read("mmlu", "mmlu/mmlu-subset.json", 83)), 0u);
  EXPECT_EQ(test::check_golds(read("bfcl", "bfcl/BFCL_v4_simple_python.json", 400)), 0u);
  EXPECT_EQ(test::check_golds(read("bfcl", "bfcl/BFCL_v4_multiple.json", 200)), 0u);
  EXPECT_EQ(test::check_golds(read("bfcl", "bfcl/BFCL_v4_parallel.json", 200)), 0u);
  read("bfcl", "bfcl/BFCL_v4_irrelevance.json", 240);
  read("ifeval", "ifeval/ifeval_input_data.jsonl", 541);
}

TEST_F(Published, WhatIsRun) {
  if (!python_available()) GTEST_SKIP() << python_available().error().message;
  constexpr size_t kRun = 8;
  EXPECT_EQ(test::check_golds(read("humaneval", "humaneval/HumanEval.jsonl.gz", 164), kRun), 0u);
  EXPECT_EQ(test::check_golds(read("cruxeval_o", "cruxeval/cruxeval.jsonl", 800), kRun), 0u);
  test::check_golds(read("cruxeval_i", "cruxeval/cruxeval.jsonl", 800), kRun);
}

}  // namespace
}  // namespace rung
