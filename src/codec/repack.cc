#include "codec/repack.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "codec/blocks.h"
#include "codec/codebooks.h"

namespace rung {
namespace {

template <int kFirst, size_t kCount>
constexpr std::array<float, kCount> make_range() {
  std::array<float, kCount> levels{};
  for (size_t place = 0; place < kCount; ++place) levels[place] = static_cast<float>(kFirst + static_cast<int>(place));
  return levels;
}

template <int kFirst, size_t kCount>
std::span<const float> range() {
  static constexpr std::array<float, kCount> kLevels = make_range<kFirst, kCount>();
  return kLevels;
}

constexpr std::array<float, 16> make_iq4() {
  std::array<float, 16> levels{};
  for (size_t place = 0; place < 16; ++place) levels[place] = kIq4Levels[place];
  return levels;
}
constexpr std::array<float, 16> kIq4 = make_iq4();

// E2M1's two zeros are one level: 15 of the 16 codes.
constexpr std::array<float, 15> kFp4 = {-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12};
constexpr std::array<unsigned, 15> kFp4Codes = {15, 14, 13, 12, 11, 10, 9, 0, 1, 2, 3, 4, 5, 6, 7};
constexpr std::array<float, 2> kSigns = {-1, 1};

unsigned at(const uint8_t* level, size_t place) { return level[place]; }
uint8_t byte(unsigned bits) { return static_cast<uint8_t>(bits); }

/// Value k low and value k + kCount high in byte k.
template <size_t kCount>
void set_nibbles(const uint8_t* level, uint8_t* qs) {
  for (size_t k = 0; k < kCount; ++k) qs[k] = byte((at(level, k) & 15u) | (at(level, k + kCount) & 15u) << 4);
}

template <size_t kCount>
void set_fp4(const uint8_t* level, uint8_t* qs) {
  for (size_t k = 0; k < kCount; ++k) qs[k] = byte(kFp4Codes[level[k]] | kFp4Codes[level[k + kCount]] << 4);
}

/// Two bits each: 32 values share a shift, four such runs 32 bytes.
template <typename Block>
void set_two_bits(const uint8_t* level, Block& block) {
  std::memset(block.qs, 0, sizeof block.qs);
  for (size_t value = 0; value < 256; ++value)
    block.qs[32 * (value / 128) + value % 32] |= byte((at(level, value) & 3u) << (2 * (value % 128 / 32)));
}

uint32_t fifth_bits(const uint8_t* level) {
  uint32_t bits = 0;
  for (size_t value = 0; value < 32; ++value) bits |= static_cast<uint32_t>(level[value] >> 4 & 1) << value;
  return bits;
}

void set_block(const uint8_t* level, BlockQ8_0& block) {
  for (size_t value = 0; value < 32; ++value) block.qs[value] = static_cast<int8_t>(level[value] - 127);
}
void set_block(const uint8_t* level, BlockQ5_1& block) {
  block.qh = fifth_bits(level);
  set_nibbles<16>(level, block.qs);
}
void set_block(const uint8_t* level, BlockQ5_0& block) {
  block.qh = fifth_bits(level);
  set_nibbles<16>(level, block.qs);
}
void set_block(const uint8_t* level, BlockQ4_1& block) { set_nibbles<16>(level, block.qs); }
void set_block(const uint8_t* level, BlockQ4_0& block) { set_nibbles<16>(level, block.qs); }
void set_block(const uint8_t* level, BlockIQ4_NL& block) { set_nibbles<16>(level, block.qs); }
void set_block(const uint8_t* level, BlockMXFP4& block) { set_fp4<16>(level, block.qs); }
void set_block(const uint8_t* level, BlockNVFP4& block) {
  for (size_t group = 0; group < 4; ++group) set_fp4<8>(level + 16 * group, block.qs + 8 * group);
}
void set_block(const uint8_t* level, BlockNF4& block) {
  for (size_t k = 0; k < 32; ++k) block.qs[k] = byte(at(level, 2 * k) << 4 | at(level, 2 * k + 1));
}

void set_block(const uint8_t* level, BlockQ6_K& block) {
  std::memset(block.qh, 0, sizeof block.qh);
  for (size_t half = 0; half < 2; ++half)
    for (size_t lane = 0; lane < 32; ++lane) {
      const uint8_t* first = level + 128 * half + lane;
      block.ql[64 * half + lane] = byte((first[0] & 15u) | (first[64] & 15u) << 4);
      block.ql[64 * half + 32 + lane] = byte((first[32] & 15u) | (first[96] & 15u) << 4);
      block.qh[32 * half + lane] =
          byte(at(first, 0) >> 4 | (at(first, 32) >> 4) << 2 | (at(first, 64) >> 4) << 4 | (at(first, 96) >> 4) << 6);
    }
}
void set_block(const uint8_t* level, BlockQ5_K& block) {
  std::memset(block.qh, 0, sizeof block.qh);
  for (size_t pair = 0; pair < 4; ++pair) set_nibbles<32>(level + 64 * pair, block.qs + 32 * pair);
  for (size_t value = 0; value < 256; ++value)
    block.qh[value % 32] |= byte((at(level, value) >> 4 & 1u) << (value / 32));
}
void set_block(const uint8_t* level, BlockQ4_K& block) {
  for (size_t pair = 0; pair < 4; ++pair) set_nibbles<32>(level + 64 * pair, block.qs + 32 * pair);
}
void set_block(const uint8_t* level, BlockQ3_K& block) {
  set_two_bits(level, block);
  std::memset(block.hmask, 0, sizeof block.hmask);
  for (size_t value = 0; value < 256; ++value)
    block.hmask[value % 32] |= byte((at(level, value) >> 2 & 1u) << (value / 32));
}
void set_block(const uint8_t* level, BlockQ2_K& block) { set_two_bits(level, block); }
void set_block(const uint8_t* level, BlockIQ4_XS& block) {
  for (size_t group = 0; group < 8; ++group) set_nibbles<16>(level + 32 * group, block.qs + 16 * group);
}

void set_block(const uint8_t* level, BlockTQ2_0& block) { set_two_bits(level, block); }

/// Trit n of byte m is value kBytes * n + m; the byte is ceil(256 v / 243), v of five trits in base 3, the first one
/// leading.
template <size_t kBytes>
void set_trits(const uint8_t* level, unsigned trits, uint8_t* qs) {
  for (size_t m = 0; m < kBytes; ++m) {
    unsigned v = 0;
    for (unsigned trit = 0; trit < 5; ++trit) v = 3 * v + (trit < trits ? at(level, kBytes * trit + m) : 0);
    qs[m] = byte((v * 256 + 242) / 243);
  }
}
void set_block(const uint8_t* level, BlockTQ1_0& block) {
  set_trits<32>(level, 5, block.qs);
  set_trits<16>(level + 160, 5, block.qs + 32);
  set_trits<4>(level + 240, 4, block.qh);
}
void set_block(const uint8_t* level, BlockQ2_0& block) {
  for (size_t k = 0; k < 16; ++k) {
    const uint8_t* four = level + 4 * k;
    block.qs[k] = byte(at(four, 0) | at(four, 1) << 2 | at(four, 2) << 4 | at(four, 3) << 6);
  }
}
void set_block(const uint8_t* level, BlockQ1_0& block) {
  std::memset(block.qs, 0, sizeof block.qs);
  for (size_t value = 0; value < 128; ++value) block.qs[value / 8] |= byte(at(level, value) << (value % 8));
}

template <typename Block>
void set_blocks(const uint8_t* level, size_t values, size_t block_values, uint8_t* blocks) {
  for (size_t first = 0; first < values; first += block_values, blocks += sizeof(Block))
    set_block(level + first, *reinterpret_cast<Block*>(blocks));
}

struct Repacking {
  std::span<const float> levels;
  void (*set)(const uint8_t* level, size_t values, size_t block_values, uint8_t* blocks) = nullptr;
};

Repacking repacking_of(Format format) {
#define RUNG_LEVELS(id, levels) \
  case Format::id:              \
    return {levels, &set_blocks<Block##id>};
  switch (format) {
    RUNG_LEVELS(Q8_0, (range<-127, 255>()))
    RUNG_LEVELS(Q6_K, (range<-32, 64>()))
    RUNG_LEVELS(Q5_K, (range<0, 32>()))
    RUNG_LEVELS(Q5_1, (range<0, 32>()))
    RUNG_LEVELS(Q5_0, (range<-16, 32>()))
    RUNG_LEVELS(Q4_K, (range<0, 16>()))
    RUNG_LEVELS(Q4_1, (range<0, 16>()))
    RUNG_LEVELS(Q4_0, (range<-8, 16>()))
    RUNG_LEVELS(IQ4_NL, kIq4)
    RUNG_LEVELS(IQ4_XS, kIq4)
    RUNG_LEVELS(NVFP4, kFp4)
    RUNG_LEVELS(MXFP4, kFp4)
    RUNG_LEVELS(NF4, kNf4Levels)
    RUNG_LEVELS(NF4_DQ, kNf4Levels)
    RUNG_LEVELS(Q3_K, (range<-4, 8>()))
    RUNG_LEVELS(Q2_K, (range<0, 4>()))
    RUNG_LEVELS(Q2_0, (range<-1, 4>()))
    RUNG_LEVELS(TQ2_0, (range<-1, 3>()))
    RUNG_LEVELS(TQ1_0, (range<-1, 3>()))
    RUNG_LEVELS(Q1_0, kSigns)
    default:
      return {};
  }
#undef RUNG_LEVELS
}

}  // namespace

std::span<const float> code_levels(Format format) { return repacking_of(format).levels; }

size_t scale_group(Format format) {
  const FormatInfo& info = format_info(format);
  return info.group_values != 0 ? info.group_values : info.block_values;
}

void scales_of_row(Format format, const uint8_t* blocks, size_t values, float* scale, float* min) {
  constexpr size_t kMost = 256;  // values of the longest block; every shorter one divides it
  const FormatInfo& info = format_info(format);
  if (info.unpack == nullptr) {  // nf4
    for (size_t block = 0; block < values / info.block_values; ++block) {
      std::memcpy(scale + block, blocks + block * info.block_bytes + offsetof(BlockNF4, absmax), sizeof(float));
      min[block] = 0;
    }
    return;
  }
  std::array<int8_t, kMost> codes;
  for (size_t first = 0; first < values; first += kMost) {
    const size_t group = first / info.group_values;
    info.unpack(blocks + row_bytes(format, first), std::min(kMost, values - first), codes.data(), scale + group,
                min + group);
  }
}

void set_codes(Format format, const uint8_t* level, size_t values, uint8_t* blocks) {
  repacking_of(format).set(level, values, format_info(format).block_values, blocks);
}

}  // namespace rung
