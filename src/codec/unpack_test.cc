// A second reading of docs/formats.md: the value of one weight, straight from the bytes of its block, in double. Every
// product of a format is exact in float, so decoding must equal it after one rounding, on arbitrary bytes; llama.cpp's
// vectors hold only what its encoders happen to emit.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/half.h"
#include "base/rng.h"
#include "codec/codebooks.h"
#include "codec/format.h"

namespace rung {
namespace {

using Bytes = const uint8_t*;
using ValueAt = double (*)(Bytes block, size_t at);

int word16(Bytes bytes, size_t offset) { return bytes[offset] | bytes[offset + 1] << 8; }
double half_at(Bytes bytes, size_t offset) { return half_to_float(static_cast<uint16_t>(word16(bytes, offset))); }
int bits(int byte, size_t first, int count) { return byte >> first & ((1 << count) - 1); }
/// Nibble `at` of a run of 2n nibbles: byte k holds nibble k low and nibble k + n high.
int split_nibble(Bytes bytes, size_t at, size_t n) { return at < n ? bytes[at] & 15 : bytes[at - n] >> 4; }
int paired_nibble(Bytes bytes, size_t at) { return bits(bytes[at / 2], 4 * (at % 2), 4); }
int bit_at(Bytes bytes, size_t at) { return bits(bytes[at / 8], at % 8, 1); }
double sign(bool negative) { return negative ? -1.0 : 1.0; }
/// The sign of value `lane` of eight, from a 7-bit index whose eighth sign makes the parity even.
double even_sign(int index, size_t lane) {
  if (lane < 7) return sign(bits(index, lane, 1) != 0);
  int parity = 0;
  for (size_t bit = 0; bit < 7; ++bit) parity ^= bits(index, bit, 1);
  return sign(parity != 0);
}

double q8_0(Bytes b, size_t at) { return half_at(b, 0) * static_cast<int8_t>(b[2 + at]); }
double q4_0(Bytes b, size_t at) { return half_at(b, 0) * (split_nibble(b + 2, at, 16) - 8); }
double q4_1(Bytes b, size_t at) { return half_at(b, 0) * split_nibble(b + 4, at, 16) + half_at(b, 2); }
double q5_0(Bytes b, size_t at) { return half_at(b, 0) * (split_nibble(b + 6, at, 16) + 16 * bit_at(b + 2, at) - 16); }
double q5_1(Bytes b, size_t at) {
  return half_at(b, 0) * (split_nibble(b + 8, at, 16) + 16 * bit_at(b + 4, at)) + half_at(b, 2);
}
double iq4_nl(Bytes b, size_t at) { return half_at(b, 0) * kIq4Levels[split_nibble(b + 2, at, 16)]; }
double mxfp4(Bytes b, size_t at) { return std::ldexp(kFp4Doubled[split_nibble(b + 1, at, 16)], b[0] - 128); }
double nvfp4(Bytes b, size_t at) {
  return double{ue4m3_half(b[at / 16])} * kFp4Doubled[split_nibble(b + 4 + 8 * (at / 16), at % 16, 8)];
}
double q2_0(Bytes b, size_t at) { return half_at(b, 0) * (bits(b[2 + at / 4], 2 * (at % 4), 2) - 1); }
double q1_0(Bytes b, size_t at) { return half_at(b, 0) * (2 * bit_at(b + 2, at) - 1); }

/// Two-bit code of 256: half h = at / 128, 32 bytes a half, shift 2 per 32 values.
int two_bits(Bytes qs, size_t at) { return bits(qs[32 * (at / 128) + at % 32], 2 * (at % 128 / 32), 2); }

double q2_k(Bytes b, size_t at) {
  const int scales = b[at / 16];
  return half_at(b, 80) * (scales & 15) * two_bits(b + 16, at) - half_at(b, 82) * (scales >> 4);
}
double q3_k(Bytes b, size_t at) {
  const size_t group = at / 16;
  const int scale = paired_nibble(b + 96, group < 8 ? 2 * group : 2 * (group - 8) + 1) +
                    16 * bits(b[96 + 8 + group % 4], 2 * (group / 4), 2);
  const int code = two_bits(b + 32, at) - (bits(b[at % 32], at / 32, 1) ? 0 : 4);
  return half_at(b, 108) * (scale - 32) * code;
}
int k_scale(Bytes s, size_t group) {
  return group < 4 ? s[group] & 63 : (s[group + 4] & 15) | (s[group - 4] >> 6) << 4;
}
int k_min(Bytes s, size_t group) { return group < 4 ? s[group + 4] & 63 : s[group + 4] >> 4 | (s[group] >> 6) << 4; }
double q4_k(Bytes b, size_t at) {
  const int code = split_nibble(b + 16 + 32 * (at / 64), at % 64, 32);
  return half_at(b, 0) * k_scale(b + 4, at / 32) * code - half_at(b, 2) * k_min(b + 4, at / 32);
}
double q5_k(Bytes b, size_t at) {
  const int code = split_nibble(b + 48 + 32 * (at / 64), at % 64, 32) + 16 * bits(b[16 + at % 32], at / 32, 1);
  return half_at(b, 0) * k_scale(b + 4, at / 32) * code - half_at(b, 2) * k_min(b + 4, at / 32);
}
double q6_k(Bytes b, size_t at) {
  const size_t half = at / 128, quarter = at % 128 / 32, lane = at % 32;
  const int low = bits(b[64 * half + 32 * (quarter % 2) + lane], 4 * (quarter / 2), 4);
  const int code = low + 16 * bits(b[128 + 32 * half + lane], 2 * quarter, 2) - 32;
  return half_at(b, 208) * static_cast<int8_t>(b[192 + at / 16]) * code;
}
double iq4_xs(Bytes b, size_t at) {
  const size_t group = at / 32;
  const int scale = paired_nibble(b + 4, group) + 16 * bits(word16(b, 2), 2 * group, 2);
  return half_at(b, 0) * (scale - 32) * kIq4Levels[split_nibble(b + 8 + 16 * group, at % 32, 16)];
}

double iq2_xxs(Bytes b, size_t at) {
  const Bytes group = b + 2 + 8 * (at / 32);
  const auto word = static_cast<uint32_t>(word16(group, 4)) | static_cast<uint32_t>(word16(group, 6)) << 16;
  const size_t eight = at % 32 / 8;
  const double magnitude = iq2_xxs_grid()[group[eight]][at % 8];
  return half_at(b, 0) * (0.5 + (word >> 28)) / 4 * magnitude *
         even_sign(static_cast<int>(word >> (7 * eight) & 127), at % 8);
}
double iq2_xs(Bytes b, size_t at) {
  const int word = word16(b, 2 + 2 * (at / 8));
  const double magnitude = iq2_xs_grid()[word % 512][at % 8] * even_sign(word / 512, at % 8);
  return half_at(b, 0) * (0.5 + paired_nibble(b + 66, at / 16)) / 4 * magnitude;
}
double iq2_s(Bytes b, size_t at) {
  const size_t eight = at / 8;
  const int index = b[2 + eight] + 256 * bits(b[66 + eight / 4], 2 * (eight % 4), 2);
  const double value = iq2_s_grid()[index][at % 8] * sign(bit_at(b + 34, at) != 0);
  return half_at(b, 0) * (0.5 + paired_nibble(b + 74, at / 16)) / 4 * value;
}
double iq3_xxs(Bytes b, size_t at) {
  const Bytes tail = b + 66 + 4 * (at / 32);
  const auto word = static_cast<uint32_t>(word16(tail, 0)) | static_cast<uint32_t>(word16(tail, 2)) << 16;
  const double magnitude = iq3_xxs_grid()[b[2 + at / 4]][at % 4];
  return half_at(b, 0) * (0.5 + (word >> 28)) / 2 * magnitude *
         even_sign(static_cast<int>(word >> (7 * (at % 32 / 8)) & 127), at % 8);
}
double iq3_s(Bytes b, size_t at) {
  const int index = b[2 + at / 4] + 256 * bit_at(b + 66, at / 4);
  const double value = iq3_s_grid()[index][at % 4] * sign(bit_at(b + 74, at) != 0);
  return half_at(b, 0) * (1 + 2 * paired_nibble(b + 106, at / 32)) * value;
}
double iq1_s(Bytes b, size_t at) {
  const int word = word16(b, 34 + 2 * (at / 32));
  const int index = b[2 + at / 8] + 256 * bits(word, 3 * (at % 32 / 8), 3);
  const double shift = bits(word, 15, 1) ? -0.125 : 0.125;
  return half_at(b, 0) * (2 * bits(word, 12, 3) + 1) * (iq1_s_grid()[index][at % 8] + shift);
}
double iq1_m(Bytes b, size_t at) {
  int d = 0;
  for (size_t word = 0; word < 4; ++word) d += word16(b, 48 + 2 * word) / 4096 << 4 * word;
  const int scale = bits(word16(b, 48 + 2 * (at / 64)), 3 * (at % 64 / 16), 3);
  const int high = paired_nibble(b + 32, at / 8);
  const double shift = high >= 8 ? -0.125 : 0.125;
  return double{half_to_float(static_cast<uint16_t>(d))} * (2 * scale + 1) *
         (iq1_s_grid()[b[at / 8] + 256 * (high % 8)][at % 8] + shift);
}

double tq2_0(Bytes b, size_t at) { return half_at(b, 64) * (two_bits(b, at) - 1); }
double tq1_0(Bytes b, size_t at) {
  const bool wide = at < 160, middle = at < 240;
  const size_t run = wide ? 32 : middle ? 16 : 4;
  const size_t first = wide ? 0 : middle ? 160 : 240;
  const int byte = b[(wide ? 0 : middle ? 32 : 48) + (at - first) % run];
  const int power = static_cast<int>(std::lround(std::pow(3, (at - first) / run)));
  return half_at(b, 52) * (byte * power % 256 * 3 / 256 - 1);
}

const std::map<Format, ValueAt>& readings() {
  static const std::map<Format, ValueAt> table = {
      {Format::Q8_0, q8_0},     {Format::Q6_K, q6_k},     {Format::Q5_K, q5_k},       {Format::Q5_1, q5_1},
      {Format::Q5_0, q5_0},     {Format::Q4_K, q4_k},     {Format::Q4_1, q4_1},       {Format::Q4_0, q4_0},
      {Format::IQ4_NL, iq4_nl}, {Format::IQ4_XS, iq4_xs}, {Format::NVFP4, nvfp4},     {Format::MXFP4, mxfp4},
      {Format::Q3_K, q3_k},     {Format::IQ3_S, iq3_s},   {Format::IQ3_XXS, iq3_xxs}, {Format::Q2_K, q2_k},
      {Format::IQ2_S, iq2_s},   {Format::IQ2_XS, iq2_xs}, {Format::Q2_0, q2_0},       {Format::IQ2_XXS, iq2_xxs},
      {Format::TQ2_0, tq2_0},   {Format::IQ1_M, iq1_m},   {Format::TQ1_0, tq1_0},     {Format::IQ1_S, iq1_s},
      {Format::Q1_0, q1_0},
  };
  return table;
}

TEST(Unpack, EveryIntegerFormatHasASecondReading) {
  for (const FormatInfo& info : all_formats()) {
    EXPECT_EQ(readings().count(info.format) != 0, info.unpack != nullptr) << info.name;
  }
}

TEST(Unpack, ArbitraryBytesReadTheSameTwice) {
  constexpr size_t kBlocks = 300;
  for (const auto& [format, value_at] : readings()) {
    const FormatInfo& info = format_info(format);
    Rng rng(static_cast<uint64_t>(format));
    std::vector<uint8_t> blocks(kBlocks * info.block_bytes);
    for (uint8_t& byte : blocks) byte = static_cast<uint8_t>(rng.next());
    std::vector<float> decoded(kBlocks * info.block_values);
    decode_row(format, blocks.data(), decoded.size(), decoded.data());
    for (size_t at = 0; at < decoded.size(); ++at) {
      const uint8_t* block = blocks.data() + at / info.block_values * info.block_bytes;
      const auto expected = static_cast<float>(value_at(block, at % info.block_values));
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(decoded[at])) << info.name << " value " << at;
      } else {
        ASSERT_EQ(std::bit_cast<uint32_t>(decoded[at]), std::bit_cast<uint32_t>(expected))
            << info.name << " value " << at << ": " << decoded[at] << " and " << expected;
      }
    }
  }
}

}  // namespace
}  // namespace rung
