// Importance matrices: both formats, experts that saw nothing, every refusal, and llama.cpp's two files of one run.
#include "io/imatrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "io/gguf_for_tests.h"

namespace rung {
namespace {

using test::GgufBuilder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

GgufBuilder gguf_imatrix() {
  GgufBuilder file;
  file.string("general.type", "imatrix").strings("imatrix.datasets", {"a.txt", "b.txt"});
  file.u32("imatrix.chunk_count", 3).u32("imatrix.chunk_size", 512);
  file.floats("blk.0.attn_q.weight.in_sum2", {3}, {2, 4, 0});
  file.floats("blk.0.attn_q.weight.counts", {1}, {4});
  file.floats("blk.0.ffn_up_exps.weight.in_sum2", {2, 3}, {1, 2, 0, 0, 30, 60});
  file.floats("blk.0.ffn_up_exps.weight.counts", {1, 3}, {1, 0, 10});
  file.floats("blk.0.attn_k_b.weight.in_sum2", {2, 2}, {2, 4, 6, 8});
  file.floats("blk.0.attn_k_b.weight.counts", {1}, {2});
  return file;
}

struct DatEntry {
  std::string name;
  int32_t calls;
  std::vector<float> values;
};

test::Bytes dat_entries(const std::vector<DatEntry>& entries) {
  test::Bytes file;
  file.number(static_cast<int32_t>(entries.size()));
  for (const DatEntry& entry : entries) {
    file.number(static_cast<int32_t>(entry.name.size())).raw(entry.name).number(entry.calls);
    file.number(static_cast<int32_t>(entry.values.size()));
    for (const float value : entry.values) file.number(value);
  }
  return file;
}

test::Bytes dat_imatrix() {
  test::Bytes file = dat_entries({{"blk.0.attn_q.weight", 4, {2, 4, 0}}, {"output.weight", 2, {6, 8}}});
  return file.number(int32_t{9}).number(int32_t{5}).raw("a.txt");
}

std::string error_of(const std::vector<uint8_t>& bytes) {
  const auto imatrix = parse_imatrix(bytes, "file.imatrix");
  if (imatrix) return "no error";
  EXPECT_EQ(imatrix.error().kind, ErrorKind::kInput);
  EXPECT_THAT(imatrix.error().message, AllOf(StartsWith("file.imatrix: "), Not(HasSubstr("\n"))));
  return imatrix.error().message;
}

TEST(Imatrix, ReadsGguf) {
  const auto imatrix = parse_imatrix(gguf_imatrix().build(), "folder/file.imatrix");
  ASSERT_TRUE(imatrix) << imatrix.error().message;
  EXPECT_EQ(imatrix->file, "file.imatrix");
  EXPECT_THAT(imatrix->datasets, ElementsAre("a.txt", "b.txt"));
  EXPECT_EQ(imatrix->chunk_count, 3u);
  EXPECT_EQ(imatrix->chunk_size, 512u);
  EXPECT_EQ(imatrix->entries.size(), 3u);
  const ImatrixEntry* query = imatrix->find("blk.0.attn_q.weight");
  ASSERT_NE(query, nullptr);
  EXPECT_EQ(query->columns, 3u);
  EXPECT_EQ(query->matrices, 1u);
  EXPECT_THAT(query->mean, ElementsAre(0.5f, 1.0f, 0.0f));
  EXPECT_THAT(query->counts, ElementsAre(4.0));
  const ImatrixEntry* experts = imatrix->find("blk.0.ffn_up_exps.weight");
  ASSERT_NE(experts, nullptr);
  EXPECT_EQ(experts->matrices, 3u);
  EXPECT_THAT(experts->mean, ElementsAre(1.0f, 2.0f, 1.0f, 1.0f, 3.0f, 6.0f));  // the second saw nothing: ones
  EXPECT_THAT(experts->counts, ElementsAre(1.0, 0.0, 10.0));
  EXPECT_EQ(imatrix->find("output.weight"), nullptr);
}

TEST(Imatrix, OneCountServesAllSlices) {
  const auto imatrix = parse_imatrix(gguf_imatrix().build(), "file.imatrix");
  ASSERT_TRUE(imatrix);
  EXPECT_THAT(imatrix->find("blk.0.attn_k_b.weight")->mean, ElementsAre(1.0f, 2.0f, 3.0f, 4.0f));
  EXPECT_THAT(imatrix->find("blk.0.attn_k_b.weight")->counts, ElementsAre(2.0, 2.0));
}

TEST(Imatrix, MeansFitTheTensor) {
  const auto gguf = parse_imatrix(gguf_imatrix().build(), "file.imatrix");
  ASSERT_TRUE(gguf);
  EXPECT_EQ(gguf->means("blk.0.ffn_up_exps.weight", 2, 3)->size(), 6u);
  EXPECT_TRUE(gguf->means("blk.9.attn_q.weight", 3, 1)->empty());
  EXPECT_EQ(gguf->means("blk.0.ffn_up_exps.weight", 3, 2).error().message,
            "file.imatrix: 'blk.0.ffn_up_exps.weight' has 2 columns and 3 matrices, the model's tensor has 3 and 2");
  const auto dat = parse_imatrix(dat_imatrix().out, "file.dat");
  ASSERT_TRUE(dat);
  EXPECT_EQ(dat->means("output.weight", 1, 2)->size(), 2u);  // .dat does not say which
  EXPECT_EQ(dat->means("output.weight", 2, 1)->size(), 2u);
  EXPECT_FALSE(dat->means("output.weight", 4, 1));
  EXPECT_FALSE(dat->means("blk.0.attn_q.weight", 2, 1));
}

TEST(Imatrix, ReadsDat) {
  const auto imatrix = parse_imatrix(dat_imatrix().out, "file.dat");
  ASSERT_TRUE(imatrix) << imatrix.error().message;
  EXPECT_EQ(imatrix->chunk_count, 9u);
  EXPECT_EQ(imatrix->chunk_size, 0u);
  EXPECT_THAT(imatrix->datasets, ElementsAre("a.txt"));
  EXPECT_THAT(imatrix->find("blk.0.attn_q.weight")->mean, ElementsAre(0.5f, 1.0f, 0.0f));
  EXPECT_THAT(imatrix->find("output.weight")->mean, ElementsAre(3.0f, 4.0f));
  EXPECT_THAT(imatrix->find("output.weight")->counts, ElementsAre(2.0));
}

TEST(Imatrix, ReadsDatWithoutTheLaterTrailer) {
  const auto imatrix = parse_imatrix(dat_entries({{"output.weight", 2, {6, 8}}}).out, "file.dat");
  ASSERT_TRUE(imatrix) << imatrix.error().message;
  EXPECT_EQ(imatrix->chunk_count, 0u);
  EXPECT_TRUE(imatrix->datasets.empty());
}

TEST(Imatrix, GgufFaultsAreNamed) {
  const auto with = [](auto damage) {
    GgufBuilder file = gguf_imatrix();
    damage(file);
    return error_of(file.build());
  };
  const auto value = [](float bad) {
    return [bad](GgufBuilder& file) { std::memcpy(&file.tensors[2].data[3 * sizeof(float)], &bad, sizeof(bad)); };
  };
  EXPECT_THAT(with(value(NAN)), HasSubstr("'blk.0.ffn_up_exps.weight': in_sum2 of row 1, column 1 is"));
  EXPECT_THAT(with(value(-0.5f)),
              HasSubstr("'blk.0.ffn_up_exps.weight': in_sum2 of row 1, column 1 is -0.5, allowed are"));
  EXPECT_THAT(with(value(kInfinity)), HasSubstr("in_sum2 of row 1, column 1 is inf"));
  const auto count = [](float bad) {
    return [bad](GgufBuilder& file) { std::memcpy(&file.tensors[3].data[sizeof(float)], &bad, sizeof(bad)); };
  };
  EXPECT_THAT(with(count(-1)), HasSubstr("'blk.0.ffn_up_exps.weight': count of matrix 1 is -1"));
  EXPECT_THAT(with(count(kInfinity)), HasSubstr("count of matrix 1 is inf"));
  EXPECT_THAT(with([](GgufBuilder& file) { file.tensors.erase(file.tensors.begin() + 1); }),
              HasSubstr("tensor 'blk.0.attn_q.weight.in_sum2' has no .counts beside it"));
  EXPECT_THAT(with([](GgufBuilder& file) { file.tensors.erase(file.tensors.begin()); }),
              HasSubstr("tensor 'blk.0.attn_q.weight.counts' has no .in_sum2 beside it"));
  EXPECT_THAT(with([](GgufBuilder& file) {
                file.tensors[3].shape = {1, 2};
              }),
              HasSubstr("tensor 'blk.0.ffn_up_exps.weight.counts' has 2 values, "
                        "'blk.0.ffn_up_exps.weight.in_sum2' has 3 matrices"));
  EXPECT_THAT(with([](GgufBuilder& file) { file.tensors[0].type = test::kGgmlI32; }),
              HasSubstr("tensor 'blk.0.attn_q.weight.in_sum2' is of type i32, allowed is f32"));
  EXPECT_THAT(with([](GgufBuilder& file) { file.tensor("token_embd.weight", {1}, test::kGgmlF32, 4); }),
              HasSubstr("tensor 'token_embd.weight' does not belong in an imatrix"));
  EXPECT_EQ(with([](GgufBuilder& file) { file.tensor("output.weight.in_sum", {1}, test::kGgmlF32, 4); }), "no error");
}

TEST(Imatrix, AModelIsNoImatrix) {
  GgufBuilder model;
  model.string("general.type", "model");
  EXPECT_THAT(error_of(model.build()), HasSubstr("general.type is 'model', an imatrix has 'imatrix'"));
  GgufBuilder bare;
  bare.string("general.type", "imatrix");
  EXPECT_THAT(error_of(bare.build()), HasSubstr("metadata key 'imatrix.datasets' is missing"));
}

TEST(Imatrix, DatFaultsAreNamed) {
  const auto entry = [](DatEntry bad) { return error_of(dat_entries({std::move(bad)}).out); };
  EXPECT_THAT(entry({"a", 1, {1, NAN}}), HasSubstr("'a': value of row 0, column 1 is"));
  EXPECT_THAT(entry({"a", 1, {-3}}), HasSubstr("'a': value of row 0, column 0 is -3"));
  EXPECT_THAT(entry({"a", 0, {1}}), HasSubstr("ncall at byte 9 is 0, allowed is 1 or more"));
  EXPECT_THAT(entry({"a", 1, {}}), HasSubstr("nval at byte 13 is 0"));
  EXPECT_THAT(entry({"", 1, {1}}), HasSubstr("length of an entry's name at byte 4 is 0"));
  EXPECT_THAT(error_of(dat_entries({{"a", 1, {1}}, {"a", 1, {1}}}).out), HasSubstr("entry 'a' occurs twice"));
  EXPECT_THAT(error_of(test::Bytes().number(int32_t{-1}).out), HasSubstr("entry count at byte 0 is -1"));
  EXPECT_THAT(error_of(test::Bytes().number(int32_t{1}).number(INT32_MAX).out), HasSubstr("needs 2147483647 bytes"));
  EXPECT_THAT(error_of(dat_imatrix().raw("x").out), HasSubstr("has 1 bytes after the end"));
}

TEST(Imatrix, EveryTruncationOfADatIsAnErrorExceptBeforeTheTrailer) {
  const std::vector<uint8_t> whole = dat_imatrix().out;
  const size_t trailer = whole.size() - 13;
  for (size_t length = 0; length < whole.size(); ++length) {
    const std::vector<uint8_t> cut(whole.begin(), whole.begin() + length);
    EXPECT_EQ(error_of(cut) == "no error", length == trailer) << "at " << length;
  }
}

TEST(Imatrix, AnyDamagedByteGivesAnErrorOrSoundValues) {
  for (const std::vector<uint8_t>& whole : {dat_imatrix().out, gguf_imatrix().build()}) {
    for (size_t place = 0; place < whole.size(); ++place) {
      std::vector<uint8_t> bytes = whole;
      bytes[place] ^= 0xff;
      const auto imatrix = parse_imatrix(bytes, "file");
      if (!imatrix) continue;
      for (const auto& [name, entry] : imatrix->entries) {
        EXPECT_EQ(entry.mean.size(), entry.columns * entry.matrices);
        for (const float value : entry.mean) EXPECT_TRUE(std::isfinite(value) && value >= 0) << name;
      }
    }
  }
}

TEST(ImatrixGolden, ReadsTheShippedFile) {
  const std::filesystem::path path = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe/imatrix.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const auto imatrix = read_imatrix(path);
  ASSERT_TRUE(imatrix) << imatrix.error().message;
  // llama-imatrix over calibration.txt with context 512, the output matrix included (the page beside the model).
  EXPECT_EQ(imatrix->file, "imatrix.gguf");
  EXPECT_THAT(imatrix->datasets, ElementsAre("calibration.txt"));
  EXPECT_EQ(imatrix->chunk_size, 512u);
  EXPECT_EQ(imatrix->means("blk.1.ffn_down_exps.weight", 256, 16)->size(), 4096u);
  ASSERT_NE(imatrix->find("output.weight"), nullptr);
  // Each token takes 2 of 16 experts, so the experts' counts add up to twice the tokens.
  double routed = 0;
  for (const double count : imatrix->find("blk.1.ffn_down_exps.weight")->counts) routed += count;
  EXPECT_EQ(routed, 2 * imatrix->find("blk.1.attn_q.weight")->counts[0]);
}

/// Two ways llama-imatrix stores one run: (sum / count) in float, once times and divided by ncall. Four roundings.
TEST(ImatrixGolden, BothFormatsAgree) {
  const std::filesystem::path golden = std::filesystem::path(RUNG_SHARED_DIR) / "pico/golden";
  if (!std::filesystem::exists(golden / "imatrix.dat")) GTEST_SKIP() << golden << " is absent";
  const auto gguf = read_imatrix(golden / "imatrix.gguf");
  const auto dat = read_imatrix(golden / "imatrix.dat");
  ASSERT_TRUE(gguf) << gguf.error().message;
  ASSERT_TRUE(dat) << dat.error().message;
  EXPECT_EQ(gguf->datasets, dat->datasets);
  EXPECT_EQ(gguf->chunk_count, dat->chunk_count);
  ASSERT_EQ(gguf->entries.size(), 63u);
  ASSERT_EQ(dat->entries.size(), 63u);
  constexpr double kTolerance = 4 * 0x1p-24;
  for (const auto& [name, entry] : gguf->entries) {
    const auto other = dat->means(name, entry.columns, entry.matrices);
    ASSERT_TRUE(other) << other.error().message;
    ASSERT_EQ(other->size(), entry.mean.size()) << name;
    for (size_t index = 0; index < entry.mean.size(); ++index)
      EXPECT_NEAR((*other)[index], entry.mean[index], kTolerance * entry.mean[index]) << name << ' ' << index;
  }
}

}  // namespace
}  // namespace rung
