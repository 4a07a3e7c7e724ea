// Blocks of the KV cache: bytes against llama.cpp's (testdata/gguf-vectors, testdata/kv-vectors), q6_0 and E4M3 against
// values worked out by hand from their definitions.
#include "engine/kv_blocks.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <numeric>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "engine/kv_format.h"

namespace rung {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<uint8_t> read_bytes(const std::string& file) {
  std::ifstream in(std::string(RUNG_SOURCE_DIR) + "/testdata/" + file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<float> read_floats(const std::string& file) {
  const std::vector<uint8_t> bytes = read_bytes(file);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

std::vector<float> round_trip(const KvFormatInfo& info, const std::vector<float>& row) {
  std::vector<uint8_t> stored(info.row_bytes(row.size()));
  std::vector<float> loaded(row.size());
  info.store(row.data(), row.size(), stored.data());
  info.load(stored.data(), 1, row.size(), loaded.data());
  return loaded;
}

TEST(KvBlocks, BytesAreLlamaCppsOwn) {
  const std::pair<KvFormat, const char*> formats[] = {
      {KvFormat::kQ8_0, "gguf-vectors"}, {KvFormat::kQ5_1, "gguf-vectors"}, {KvFormat::kQ5_0, "gguf-vectors"},
      {KvFormat::kQ4_1, "gguf-vectors"}, {KvFormat::kQ4_0, "gguf-vectors"}, {KvFormat::kIQ4_NL, "kv-vectors"}};
  for (const auto& [format, folder] : formats)
    for (const std::string input : {"gauss", "heavy", "edge"}) {
      const KvFormatInfo& info = kv_format_info(format);
      const std::vector<float> values = read_floats("gguf-vectors/" + input + ".f32");
      const std::vector<uint8_t> expected =
          read_bytes(std::string(folder) + "/" + std::string(info.name) + "." + input + ".bin");
      std::vector<uint8_t> got(info.row_bytes(values.size()));
      info.store(values.data(), values.size(), got.data());
      ASSERT_EQ(got.size(), expected.size());
      const auto begin = [&](const std::vector<uint8_t>& bytes, size_t block) {
        return bytes.begin() + static_cast<ptrdiff_t>(block * info.block_bytes);
      };
      for (size_t block = 0; block < got.size() / info.block_bytes; ++block) {
        // llama.cpp leaves the codes of an iq4_nl block of zeros to chance.
        const bool zeros = format == KvFormat::kIQ4_NL && expected[block * info.block_bytes] == 0 &&
                           expected[block * info.block_bytes + 1] == 0;
        EXPECT_TRUE(
            std::equal(begin(got, block), begin(got, block) + (zeros ? 2 : info.block_bytes), begin(expected, block)))
            << info.name << " " << input << " block " << block;
      }
    }
}

// q6_0: the widest value is -32 steps, so of -3.2 the step is 0.1; every code of the definition in kv_blocks.h is met.
TEST(KvBlocks, Q6_0ByHand) {
  std::vector<float> row(32);
  for (int index = 0; index < 32; ++index) row[index] = static_cast<float>(index - 32) * 0.25f;
  uint8_t block[26];
  kv_encode_q6_0(row.data(), 32, block);
  EXPECT_EQ(block[0] | block[1] << 8, 0x3400);  // half of 0.25
  // Codes are 0, 1, 2 .. 31: low nibbles 0 .. 15 twice, bits 4 and 5 are 0 for the first half and 1 for the second.
  for (int byte = 0; byte < 16; ++byte) EXPECT_EQ(block[10 + byte], byte | byte << 4);
  for (int byte = 0; byte < 8; ++byte) EXPECT_EQ(block[2 + byte], 1 << 2 | 1 << 6);
  std::vector<float> decoded(32);
  kv_decode_q6_0(block, 32, decoded.data());
  EXPECT_EQ(decoded, row);

  // A value of the other sign may not pass code 63: 8 with the widest -8 rounds to 64, is held at 63 and reads 31
  // steps.
  row.assign(32, 8.0f);
  row[0] = -8.0f;
  kv_encode_q6_0(row.data(), 32, block);
  kv_decode_q6_0(block, 32, decoded.data());
  EXPECT_EQ(decoded[0], -8.0f);
  for (int index = 1; index < 32; ++index) EXPECT_EQ(decoded[index], 7.75f);
}

TEST(KvBlocks, Q6_0ReadsEveryCodeWhereItWasWritten) {
  for (int shift = 0; shift < 32; ++shift) {
    std::vector<float> row(32);  // codes 0 .. 63 in steps of 2 and their odd neighbours, each at every place
    for (int index = 0; index < 32; ++index) row[index] = static_cast<float>((index * 2 + shift) % 63 - 31);
    row[shift] = -32;
    EXPECT_EQ(round_trip(kv_format_info(KvFormat::kQ6_0), row), row) << shift;
  }
}

// OCP 8-bit floating point specification 1.0, table 1: E4M3.
TEST(KvBlocks, E4M3LandmarksOfTheSpecification) {
  EXPECT_EQ(e4m3_to_float(0x01), 0x1p-9f);
  EXPECT_EQ(e4m3_to_float(0x07), 0.875f * 0x1p-6f);
  EXPECT_EQ(e4m3_to_float(0x08), 0x1p-6f);
  EXPECT_EQ(e4m3_to_float(0x38), 1.0f);
  EXPECT_EQ(e4m3_to_float(0x7e), 448.0f);
  EXPECT_EQ(e4m3_to_float(0xfe), -448.0f);
  EXPECT_TRUE(std::isnan(e4m3_to_float(0x7f)));
  EXPECT_TRUE(std::isnan(e4m3_to_float(0xff)));
  EXPECT_EQ(float_to_e4m3(449.0f), 0x7e);
  EXPECT_EQ(float_to_e4m3(-kInfinity), 0xfe);
  EXPECT_EQ(float_to_e4m3(kNan) & 0x7f, 0x7f);
  EXPECT_EQ(float_to_e4m3(-0.0f), 0x80);
  EXPECT_EQ(float_to_e4m3(0x1p-10f), 0x00);           // halfway to the smallest: to even, which is 0
  EXPECT_EQ(float_to_e4m3(0x1.000002p-10f), 0x01);    // just above
  EXPECT_EQ(float_to_e4m3(0x1.8p-9f), 0x02);          // halfway between 1 and 2 steps: to even
  EXPECT_EQ(float_to_e4m3(1.0625f), 0x38);            // halfway between 1 and 1.125: to even
  EXPECT_EQ(float_to_e4m3(1.1875f), 0x3a);            // halfway between 1.125 and 1.25
  EXPECT_EQ(float_to_e4m3(0.9999f * 0x1p-6f), 0x08);  // subnormal that rounds to the smallest normal
}

TEST(KvBlocks, E4M3RoundsToTheNearest) {
  for (unsigned code = 0; code < 256; ++code) {
    if ((code & 0x7f) == 0x7f) continue;
    EXPECT_EQ(float_to_e4m3(e4m3_to_float(static_cast<uint8_t>(code))), code);
  }
  Rng rng(3);
  for (int draw = 0; draw < 20000; ++draw) {
    const auto value = static_cast<float>(std::ldexp(2 * rng.uniform() - 1, static_cast<int>(rng.below(24)) - 14));
    const float got = e4m3_to_float(float_to_e4m3(value));
    float best = kInfinity;
    for (uint8_t code = 0; code < 127; ++code) best = std::min(best, std::abs(std::abs(value) - e4m3_to_float(code)));
    EXPECT_EQ(std::abs(value - got), best) << value;
  }
}

TEST(KvFormats, FloatsKeepTheirNearestNeighbour) {
  // bfloat16 has 7 fraction bits: 1 + 1/256 lies halfway between 1 and 1 + 1/128 and goes to even.
  EXPECT_EQ(round_trip(kv_format_info(KvFormat::kBF16), {1.00390625f, 1.01171875f, -2.0f, 3e38f}),
            (std::vector<float>{1.0f, 1.015625f, -2.0f, std::bit_cast<float>(0x7f620000u)}));
  EXPECT_EQ(round_trip(kv_format_info(KvFormat::kF16), {1.00048828125f, 65504.0f}),
            (std::vector<float>{1.0f, 65504.0f}));
  EXPECT_EQ(round_trip(kv_format_info(KvFormat::kF32), {0.1f}), (std::vector<float>{0.1f}));
}

// Half a step of the rule that each format states: the error of one value may not be larger, and on Gaussian rows some
// value comes near it, so that a format that stores more than it says would be seen too.
TEST(KvFormats, ErrorIsHalfAStepAtMost) {
  struct Row {
    KvFormat format;
    double steps;  ///< of the range: largest magnitude, or for *_1 high minus low
    bool affine;
  };
  for (const Row& row :
       {Row{KvFormat::kQ8_0, 127, false}, Row{KvFormat::kQ6_0, 32, false}, Row{KvFormat::kQ5_0, 16, false},
        Row{KvFormat::kQ4_0, 8, false}, Row{KvFormat::kQ5_1, 31, true}, Row{KvFormat::kQ4_1, 15, true}}) {
    const std::vector<float> values = read_floats("gguf-vectors/gauss.f32");
    const std::vector<float> loaded = round_trip(kv_format_info(row.format), values);
    double worst = 0;
    for (size_t block = 0; block < values.size(); block += 32) {
      const auto [low, high] = std::minmax_element(values.begin() + block, values.begin() + block + 32);
      const double range = row.affine ? *high - *low : std::max(std::abs(*low), std::abs(*high));
      for (size_t index = block; index < block + 32; ++index) {
        // The end opposite to the widest value may be cut by a whole step (q4_0 to q6_0 reach -2^n .. 2^n - 1).
        const double error = std::abs(values[index] - loaded[index]) / (range / row.steps);
        const double half = 2e-3 * row.steps;  // the scale is a half: 2^-11 of it, times the code
        EXPECT_LE(error, (row.affine ? 0.5 : 1.0) + half) << kv_format_info(row.format).name;
        worst = std::max(worst, error);
      }
    }
    EXPECT_GE(worst, 0.45) << kv_format_info(row.format).name;
  }
}

TEST(KvFormats, WhatIsNotFiniteIsSeen) {
  for (const KvFormatInfo& info : all_kv_formats()) {
    if (info.tiles != nullptr) continue;
    for (const float bad : {kNan, kInfinity, -kInfinity}) {
      std::vector<float> row(64, 0.5f);
      row[40] = bad;
      const std::vector<float> loaded = round_trip(info, row);
      EXPECT_NEAR(loaded[0], 0.5f, 1e-3) << info.name;  // the first block is not touched
      const bool seen = !std::isfinite(loaded[40]);
      EXPECT_TRUE(seen || (info.format == KvFormat::kFp8 && std::abs(loaded[40]) == 448.0f)) << info.name << " " << bad;
    }
  }
}

TEST(KvFormats, BitsOfAValue) {
  const std::pair<const char*, double> bits[] = {
      {"f32", 32},   {"f16", 16}, {"bf16", 16},  {"fp8", 8},      {"q8_0", 8.5}, {"q6_0", 6.5},  {"q5_1", 6},
      {"q5_0", 5.5}, {"q4_1", 5}, {"q4_0", 4.5}, {"iq4_nl", 4.5}, {"kivi4", 5},  {"nuq3", 4.25}, {"kivi2", 3}};
  EXPECT_EQ(std::size(bits), all_kv_formats().size());
  for (const auto& [name, expected] : bits) {
    const auto format = kv_format_from_name(name);
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(kv_format_info(*format).format, *format);
    EXPECT_EQ(kv_format_info(*format).bits(), expected) << name;
    EXPECT_EQ(kv_format_info(*format).row_bytes(64) * 8, expected * 64) << name;
  }
  EXPECT_FALSE(kv_format_from_name("q4_k"));
}

}  // namespace
}  // namespace rung
