#include "io/gram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_for_tests.h"
#include "io/gram_writer.h"

namespace rung {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Two inputs: one full, read by two tensors; one of two experts in blocks of 2 and what is left.
std::vector<GramInput> two_inputs() {
  return {{{"blk.0.attn_k.weight", "blk.0.attn_q.weight"}, 2, 2, {7}}, {{"blk.0.ffn_up_exps.weight"}, 3, 2, {5, 0}}};
}

std::vector<float> values_of(size_t input, size_t matrix) {
  if (input == 0) return {1, 0.5f, 0.5f, 2};
  if (matrix == 0) return {3, -1, -1, 4, 9};
  return {0, 0, 0, 0, 0};
}

TEST(Gram, WhatIsWrittenIsRead) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_grams(folder / "g.gguf", two_inputs(), values_of));
  const auto grams = read_grams(folder / "g.gguf");
  ASSERT_TRUE(grams) << grams.error().message;
  EXPECT_EQ(grams->file, "g.gguf");
  EXPECT_FALSE(grams->hash.empty());
  const Gram* q = grams->find("blk.0.attn_q.weight", 0);
  ASSERT_NE(q, nullptr);
  EXPECT_EQ(q, grams->find("blk.0.attn_k.weight", 0));  // shared
  EXPECT_TRUE(q->full());
  EXPECT_EQ(q->tokens, 7);
  EXPECT_THAT(q->values, ElementsAre(1, 0.5f, 0.5f, 2));
  const Gram* expert = grams->find("blk.0.ffn_up_exps.weight", 0);
  EXPECT_FALSE(expert->full());
  EXPECT_EQ(expert->columns, 3u);
  EXPECT_THAT(expert->values, ElementsAre(3, -1, -1, 4, 9));
  EXPECT_EQ(grams->find("blk.0.ffn_up_exps.weight", 1)->tokens, 0);
  EXPECT_EQ(grams->find("blk.0.ffn_up_exps.weight", 2), nullptr);
  EXPECT_EQ(grams->find("blk.0.ffn_down.weight", 0), nullptr);
}

/// A file with one input of two columns and these values.
std::string error_of(std::vector<float> values, float tokens = 1, uint64_t block = 2) {
  const test::TempFolder folder;
  const std::vector<GramInput> inputs = {{{"blk.0.attn_q.weight"}, 2, 2, {tokens}}};
  EXPECT_TRUE(write_grams(folder / "g.gguf", inputs, [&](size_t, size_t) { return values; }));
  auto bytes = test::file_bytes(folder / "g.gguf");
  if (block != 2) {  // gram.block is the last key: its value stands before the directory
    const std::string text(bytes.begin(), bytes.end());
    const size_t at = text.find("gram.block") + sizeof("gram.block") - 1 + 4 + 4 + 8;
    std::memcpy(&bytes[at], &block, sizeof(block));
  }
  test::write_bytes(folder / "g.gguf", bytes);
  const auto grams = read_grams(folder / "g.gguf");
  return grams ? "" : grams.error().message;
}

TEST(Gram, UnsoundValuesAreErrors) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(error_of({1, 2, 2, 5}), "");
  EXPECT_THAT(error_of({1, nan, nan, 5}), HasSubstr("input 0"));
  EXPECT_THAT(error_of({infinity, 0, 0, 5}), HasSubstr("columns 0 and 0"));
  EXPECT_THAT(error_of({1, 2, 3, 5}), HasSubstr("columns 1 and 0"));
  EXPECT_THAT(error_of({-1, 0, 0, 5}), HasSubstr("-1"));
  EXPECT_THAT(error_of({1, 2, 2, 5}, -1), HasSubstr("tokens"));
  EXPECT_THAT(error_of({1, 2, 2, 5}, 1, 0), HasSubstr("blocks of 0"));
  EXPECT_THAT(error_of({1, 2, 2, 5}, 1, 3), HasSubstr("blocks of 3"));
  EXPECT_THAT(error_of({1, 2, 2, 5}, 1, 1), HasSubstr("rows of 4"));
}

TEST(Gram, EveryCutIsAnError) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_grams(folder / "g.gguf", two_inputs(), values_of));
  const auto bytes = test::file_bytes(folder / "g.gguf");
  for (size_t size = 0; size + 32 < bytes.size(); size += 5) {
    test::write_bytes(folder / "cut.gguf", {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)});
    EXPECT_FALSE(read_grams(folder / "cut.gguf")) << size;
  }
}

TEST(Gram, AnImatrixIsNoGram) {
  const auto grams = read_grams(std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe/imatrix.gguf");
  ASSERT_FALSE(grams);
  EXPECT_THAT(grams.error().message, HasSubstr("general.type"));
}

}  // namespace
}  // namespace rung
