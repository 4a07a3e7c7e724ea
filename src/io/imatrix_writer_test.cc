// Expected bytes are llama-imatrix's: the shipped importance matrix, and the same in the old format in ../shared.
#include "io/imatrix_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder_for_tests.h"
#include "io/gguf_for_tests.h"
#include "io/imatrix.h"

namespace rung {
namespace {

using test::file_bytes;
using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kPico = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe";
const std::filesystem::path kGolden = std::filesystem::path(RUNG_SHARED_DIR) / "pico/golden";

GgufFile pico() { return std::move(*GgufFile::open(kPico / "pico-moe.bf16.gguf")); }

/// A model of two experts, two columns wide, and one dense matrix.
std::vector<uint8_t> tiny_model() {
  test::GgufBuilder file;
  file.string("general.architecture", "llama");
  file.floats("blk.0.ffn_gate_exps.weight", {2, 1, 2}, {0, 0, 0, 0});
  file.floats("blk.0.attn_q.weight", {2, 1}, {0, 0});
  return file.build();
}

ImatrixSums tiny_sums() {
  ImatrixSums sums;
  sums.datasets = {"a.txt"};
  sums.chunk_count = 3;
  sums.chunk_size = 4;
  sums.entries["blk.0.ffn_gate_exps.weight"] = {2, 2, {10, 20, 0, 0}, {5, 0}};
  sums.entries["blk.0.attn_q.weight"] = {2, 1, {6, 12}, {12}};
  return sums;
}

TEST(ImatrixWriter, AFileReadAndWrittenHasTheSameBytes) {
  const test::TempFolder folder;
  const auto sums = read_imatrix_sums(kPico / "imatrix.gguf", pico(), 512);
  ASSERT_TRUE(sums) << sums.error().message;
  ASSERT_TRUE(write_imatrix(folder / "out.gguf", *sums));
  EXPECT_EQ(file_bytes(folder / "out.gguf"), file_bytes(kPico / "imatrix.gguf"));
}

TEST(ImatrixWriter, TheOldFormatHasTheBytesOfLlamaImatrix) {
  if (!std::filesystem::exists(kGolden / "imatrix.dat")) GTEST_SKIP() << "needs ../shared";
  const test::TempFolder folder;
  const auto sums = read_imatrix_sums(kPico / "imatrix.gguf", pico(), 512);
  ASSERT_TRUE(sums) << sums.error().message;
  ASSERT_TRUE(write_imatrix(folder / "out.dat", *sums));
  EXPECT_EQ(file_bytes(folder / "out.dat"), file_bytes(kGolden / "imatrix.dat"));
}

TEST(ImatrixWriter, OldFormatByteByByte) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_imatrix(folder / "out.dat", tiny_sums()));
  test::Bytes expected;
  const auto name = [&](std::string_view text) { expected.number(static_cast<int32_t>(text.size())).raw(text); };
  expected.number(int32_t{2});
  name("blk.0.attn_q.weight");  // 12 tokens are 3 chunks of 4; means 0.5 and 1, times 3
  expected.number(int32_t{3}).number(int32_t{2}).number(1.5f).number(3.0f);
  name("blk.0.ffn_gate_exps.weight");  // at most 5 tokens: 2 chunks; the expert without tokens has the mean 1
  expected.number(int32_t{2}).number(int32_t{4}).number(4.0f).number(8.0f).number(2.0f).number(2.0f);
  expected.number(int32_t{3});
  name("a.txt");
  EXPECT_EQ(file_bytes(folder / "out.dat"), expected.out);
}

TEST(ImatrixWriter, TheOldFormatIsReadAsSumsOfWholeChunks) {
  const test::TempFolder folder;
  const auto bytes = tiny_model();
  const auto model = GgufFile::parse(bytes, "tiny.gguf");
  ASSERT_TRUE(write_imatrix(folder / "out.dat", tiny_sums()));
  const auto sums = read_imatrix_sums(folder / "out.dat", *model, 4);
  ASSERT_TRUE(sums) << sums.error().message;
  const ImatrixSumsEntry& experts = sums->entries.at("blk.0.ffn_gate_exps.weight");
  EXPECT_THAT(experts.counts, ElementsAre(8, 0));  // 2 calls of 4 tokens; the constant row stands for nothing
  EXPECT_THAT(experts.sums, ElementsAre(16, 32, 0, 0));
  EXPECT_THAT(sums->entries.at("blk.0.attn_q.weight").sums, ElementsAre(6, 12));
}

TEST(ImatrixWriter, SumsAddUp) {
  ImatrixSums sums = tiny_sums();
  ASSERT_TRUE(sums.add(tiny_sums(), "b"));
  EXPECT_THAT(sums.entries.at("blk.0.attn_q.weight").sums, ElementsAre(12, 24));
  EXPECT_THAT(sums.entries.at("blk.0.ffn_gate_exps.weight").counts, ElementsAre(10, 0));
  EXPECT_EQ(sums.chunk_count, 6u);
  EXPECT_THAT(sums.datasets, ElementsAre("a.txt", "a.txt"));
}

TEST(ImatrixWriter, WhatDoesNotFitIsNotAdded) {
  ImatrixSums sums = tiny_sums(), other = tiny_sums();
  other.entries["blk.0.attn_q.weight"] = {3, 1, {1, 2, 3}, {1}};
  EXPECT_THAT(sums.add(other, "b.gguf").error().message, HasSubstr("blk.0.attn_q.weight"));
  other = tiny_sums();
  other.weights_only = true;
  EXPECT_THAT(sums.add(other, "b.gguf").error().message, HasSubstr("b.gguf"));
}

TEST(ImatrixWriter, AFileOfWeightsSaysSo) {
  const test::TempFolder folder;
  ImatrixSums sums = tiny_sums();
  sums.weights_only = true;
  ASSERT_TRUE(write_imatrix(folder / "w.gguf", sums));
  EXPECT_TRUE(read_imatrix(folder / "w.gguf")->weights_only);
  EXPECT_FALSE(read_imatrix(kPico / "imatrix.gguf")->weights_only);
  EXPECT_FALSE(write_imatrix(folder / "w.dat", sums));
}

TEST(ImatrixWriter, AnEntryOfAnotherModelIsAnError) {
  const test::TempFolder folder;
  const auto bytes = tiny_model();
  const auto model = GgufFile::parse(bytes, "tiny.gguf");
  const auto foreign = read_imatrix_sums(kPico / "imatrix.gguf", *model, 512);
  ASSERT_FALSE(foreign);
  EXPECT_THAT(foreign.error().message, HasSubstr("imatrix.gguf"));
  ImatrixSums wide = tiny_sums();
  wide.entries["blk.0.attn_q.weight"] = {3, 1, {1, 2, 3}, {1}};
  ASSERT_TRUE(write_imatrix(folder / "wide.gguf", wide));
  EXPECT_THAT(read_imatrix_sums(folder / "wide.gguf", *model, 4).error().message, HasSubstr("3 columns"));
}

}  // namespace
}  // namespace rung
