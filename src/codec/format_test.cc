// The registry, its arithmetic, and how decoding follows from unpacking.
#include "codec/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/half.h"
#include "base/rng.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"

namespace rung {
namespace {

std::vector<uint8_t> random_bytes(size_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.next());
  return bytes;
}

bool same_bits_or_both_nan(float left, float right) {
  if (std::isnan(left) || std::isnan(right)) return std::isnan(left) && std::isnan(right);
  return std::bit_cast<uint32_t>(left) == std::bit_cast<uint32_t>(right);
}

TEST(Registry, NamesAreUniqueLowerCaseAndFound) {
  std::set<std::string_view> names;
  for (const FormatInfo& info : all_formats()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    for (const char letter : info.name) {
      EXPECT_TRUE((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_') << info.name;
    }
    EXPECT_EQ(format_from_name(info.name), info.format);
    EXPECT_EQ(format_name(info.format), info.name);
  }
  EXPECT_EQ(format_from_name("Q4_K"), std::nullopt);
  EXPECT_EQ(format_from_name(""), std::nullopt);
}

TEST(Registry, GgmlIdsAreUniqueAndFound) {
  std::set<int> ids;
  for (const FormatInfo& info : all_formats()) {
    if (info.ggml_id < 0) continue;
    EXPECT_TRUE(ids.insert(info.ggml_id).second) << info.name;
    EXPECT_EQ(format_from_ggml(static_cast<uint32_t>(info.ggml_id)), info.format);
  }
  for (const uint32_t dead : {4u, 5u, 31u, 32u, 33u, 36u, 37u, 38u, 0xffffffffu}) {
    EXPECT_EQ(format_from_ggml(dead), std::nullopt) << dead;
  }
}

TEST(Registry, EveryFormatCanBeReadOneWay) {
  for (const FormatInfo& info : all_formats()) {
    EXPECT_EQ(&format_info(info.format), &info);
    EXPECT_EQ(info.unpack == nullptr, info.group_values == 0) << info.name;
    EXPECT_EQ(info.decode == nullptr, info.group_values != 0) << info.name;
  }
}

// Bits per weight as published with llama.cpp's types.
TEST(Registry, BitsPerWeight) {
  const std::map<std::string_view, double> published = {
      {"f16", 16},       {"q8_0", 8.5},       {"q6_k", 6.5625},  {"q5_k", 5.5},     {"q4_k", 4.5},
      {"q4_1", 5},       {"iq4_xs", 4.25},    {"mxfp4", 4.25},   {"nvfp4", 4.5},    {"q3_k", 3.4375},
      {"iq3_s", 3.4375}, {"iq3_xxs", 3.0625}, {"q2_k", 2.625},   {"iq2_s", 2.5625}, {"iq2_xs", 2.3125},
      {"q2_0", 2.25},    {"iq2_xxs", 2.0625}, {"tq2_0", 2.0625}, {"iq1_m", 1.75},   {"tq1_0", 1.6875},
      {"iq1_s", 1.5625}, {"q1_0", 1.125},     {"nf4", 4.5}};
  for (const auto& [name, bits] : published) {
    const Format format = format_from_name(name).value();
    EXPECT_EQ(8.0 * static_cast<double>(row_bytes(format, 2560)) / 2560, bits) << name;
  }
}

TEST(Registry, StoredBytesDifferFromRowBytesForNestedNf4Only) {
  for (const FormatInfo& info : all_formats()) {
    if (info.format == Format::NF4_DQ) continue;
    EXPECT_EQ(stored_bytes(info.format, 2048), row_bytes(info.format, 2048)) << info.name;
  }
  // bitsandbytes: nibbles, a byte per 64, a float per 256 of those, one offset.
  EXPECT_EQ(stored_bytes(Format::NF4_DQ, 64), 32u + 1 + 4 + 4);
  EXPECT_EQ(stored_bytes(Format::NF4_DQ, 64 * 256), 8192u + 256 + 4 + 4);
  EXPECT_EQ(stored_bytes(Format::NF4_DQ, 64 * 257), 8224u + 257 + 8 + 4);
  EXPECT_NEAR(8.0 * static_cast<double>(stored_bytes(Format::NF4_DQ, 1u << 24)) / (1u << 24), 4.127, 0.0005);
}

TEST(Decode, IsScaleTimesCodeMinusMin) {
  for (const FormatInfo& info : all_formats()) {
    if (info.unpack == nullptr) continue;
    const size_t values = 5 * 256 + info.block_values;  // the last chunk is a single block
    const std::vector<uint8_t> blocks = random_bytes(row_bytes(info.format, values), 7);
    std::vector<int8_t> codes(values);
    std::vector<float> scale(values / info.group_values, 1e9f), min(scale), decoded(values);
    unpack_row(info.format, blocks.data(), values, codes.data(), scale.data(), min.data());
    decode_row(info.format, blocks.data(), values, decoded.data());
    for (size_t value = 0; value < values; ++value) {
      const size_t group = value / info.group_values;
      const float expected = scale[group] * static_cast<float>(codes[value]) - min[group];
      ASSERT_TRUE(same_bits_or_both_nan(decoded[value], expected)) << info.name << " value " << value;
      ASSERT_TRUE(info.has_min || min[group] == 0.0f) << info.name;
    }
  }
}

// Blocks may start at any address: GGUF tensors are aligned, but rows of odd-sized blocks are not.
TEST(Decode, AnyAddress) {
  for (const FormatInfo& info : all_formats()) {
    const size_t bytes = row_bytes(info.format, 512);
    const std::vector<uint8_t> blocks = random_bytes(bytes, 11);
    std::vector<uint8_t> shifted(bytes + 1);
    std::copy(blocks.begin(), blocks.end(), shifted.begin() + 1);
    std::vector<float> aligned_values(512), shifted_values(512);
    decode_row(info.format, blocks.data(), 512, aligned_values.data());
    decode_row(info.format, shifted.data() + 1, 512, shifted_values.data());
    for (size_t value = 0; value < 512; ++value) {
      ASSERT_TRUE(same_bits_or_both_nan(aligned_values[value], shifted_values[value])) << info.name;
    }
  }
}

TEST(Decode, NoValuesTouchNothing) {
  for (const FormatInfo& info : all_formats()) {
    float untouched = 3.0f;
    decode_row(info.format, nullptr, 0, &untouched);
    EXPECT_EQ(untouched, 3.0f);
  }
}

TEST(Decode, PlainFloats) {
  const std::vector<uint8_t> bytes = random_bytes(4096, 13);
  std::vector<float> decoded(2048);
  decode_row(Format::F32, bytes.data(), 1024, decoded.data());
  EXPECT_EQ(std::memcmp(decoded.data(), bytes.data(), 4096), 0);
  decode_row(Format::F16, bytes.data(), 2048, decoded.data());
  for (size_t value = 0; value < 2048; ++value) {
    const auto bits = static_cast<uint16_t>(bytes[2 * value] | bytes[2 * value + 1] << 8);
    ASSERT_TRUE(same_bits_or_both_nan(decoded[value], half_to_float(bits)));
  }
  decode_row(Format::BF16, bytes.data(), 2048, decoded.data());
  for (size_t value = 0; value < 2048; ++value) {
    const auto bits = static_cast<uint32_t>(bytes[2 * value] << 16 | bytes[2 * value + 1] << 24);
    ASSERT_TRUE(same_bits_or_both_nan(decoded[value], std::bit_cast<float>(bits)));
  }
}

// bitsandbytes: the first of two values is in the high nibble.
TEST(Decode, Nf4) {
  BlockNF4 block = {};
  block.absmax = 3.0f;
  for (unsigned byte = 0; byte < 32; ++byte) block.qs[byte] = static_cast<uint8_t>(byte * 37 + 0x0f);
  block.qs[0] = 0x0f;
  for (const Format format : {Format::NF4, Format::NF4_DQ}) {
    float out[64];
    decode_row(format, reinterpret_cast<const uint8_t*>(&block), 64, out);
    EXPECT_EQ(out[0], -3.0f);
    EXPECT_EQ(out[1], 3.0f);
    for (size_t byte = 0; byte < 32; ++byte) {
      EXPECT_EQ(out[2 * byte], kNf4Levels[block.qs[byte] / 16] * 3.0f);
      EXPECT_EQ(out[2 * byte + 1], kNf4Levels[block.qs[byte] % 16] * 3.0f);
    }
  }
}

}  // namespace
}  // namespace rung
