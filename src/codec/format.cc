#include "codec/format.h"

#include <algorithm>
#include <array>

#include "base/half.h"
#include "codec/blocks.h"
#include "codec/codebooks.h"
#include "codec/encoders.h"
#include "codec/unpack.h"

namespace rung {
namespace {

/// The longest block; every shorter one divides it.
constexpr size_t kChunkValues = 256;
constexpr size_t kSmallestGroup = 16;

void decode_block(const BlockF32& block, float* out) { *out = block.value; }
void decode_block(const BlockF16& block, float* out) { *out = half_to_float(block.value); }
void decode_block(const BlockBF16& block, float* out) { *out = bfloat16_to_float(block.value); }

void decode_block(const BlockNF4& block, float* out) {
  const float absmax = block.absmax;
  for (size_t byte = 0; byte < sizeof block.qs; ++byte) {
    out[2 * byte] = kNf4Levels[block.qs[byte] >> 4] * absmax;
    out[2 * byte + 1] = kNf4Levels[block.qs[byte] & 15] * absmax;
  }
}

template <typename Block, uint32_t kValues>
void decode_blocks(const uint8_t* blocks, size_t values, float* out) {
  const Block* block = reinterpret_cast<const Block*>(blocks);
  for (size_t first = 0; first < values; first += kValues) decode_block(*block++, out + first);
}

template <typename Block, uint32_t kValues, uint32_t kGroup, bool kHasMin>
void unpack_blocks(const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  const Block* block = reinterpret_cast<const Block*>(blocks);
  for (size_t first = 0; first < values; first += kValues) {
    const size_t group = first / kGroup;
    if constexpr (kHasMin) {
      unpack_block(*block++, codes + first, scale + group, min + group);
    } else {
      unpack_block(*block++, codes + first, scale + group);
    }
  }
  if constexpr (!kHasMin) std::fill_n(min, values / kGroup, 0.0f);
}

template <typename Block, uint32_t kValues, uint32_t kGroup, bool kHasMin>
FormatInfo with_decoder(FormatInfo info) {
  if constexpr (kGroup == 0) {
    info.decode = &decode_blocks<Block, kValues>;
  } else {
    static_assert(kChunkValues % kValues == 0 && kValues % kGroup == 0 && kGroup % kSmallestGroup == 0);
    info.unpack = &unpack_blocks<Block, kValues, kGroup, kHasMin>;
  }
  info.encode = encoder_of(info.format, active_isa());
  return info;
}

#define RUNG_FORMAT(id, ...) +1
constexpr size_t kFormatCount = 0
#include "codec/formats.inc"
    ;
#undef RUNG_FORMAT

const std::array<FormatInfo, kFormatCount>& table() {
  static const std::array<FormatInfo, kFormatCount> formats = {
#define RUNG_FORMAT(id, name, values, bytes, ggml, group, min, calibration) \
  with_decoder<Block##id, values, group, min>(                              \
      {Format::id, name, values, bytes, ggml, group, min, Calibration::calibration, nullptr, nullptr, nullptr}),
#include "codec/formats.inc"
#undef RUNG_FORMAT
  };
  return formats;
}

size_t ceil_divide(size_t count, size_t divisor) { return count / divisor + (count % divisor != 0); }

/// One group: weight = scale * code - min, the expression every decoder and kernel agrees on.
void apply_scale(const int8_t* __restrict codes, size_t count, float scale, float min, float* __restrict out) {
  for (size_t value = 0; value < count; ++value) out[value] = scale * static_cast<float>(codes[value]) - min;
}

}  // namespace

std::span<const FormatInfo> all_formats() { return table(); }

const FormatInfo& format_info(Format format) { return table()[static_cast<size_t>(format)]; }

std::optional<Format> format_from_name(std::string_view name) {
  for (const FormatInfo& info : table()) {
    if (info.name == name) return info.format;
  }
  return std::nullopt;
}

std::optional<Format> format_from_ggml(uint32_t id) {
  for (const FormatInfo& info : table()) {
    if (info.ggml_id >= 0 && static_cast<uint32_t>(info.ggml_id) == id) return info.format;
  }
  return std::nullopt;
}

size_t row_bytes(Format format, size_t values) {
  const FormatInfo& info = format_info(format);
  return values / info.block_values * info.block_bytes;
}

size_t stored_bytes(Format format, size_t values) {
  if (format != Format::NF4_DQ) return row_bytes(format, values);
  const size_t scales = ceil_divide(values, format_info(format).block_values);
  const size_t nested_scales = ceil_divide(scales, 256);
  return values / 2 + scales + (nested_scales + 1) * sizeof(float);  // one more float: the offset
}

void decode_row(Format format, const uint8_t* blocks, size_t values, float* out) {
  const FormatInfo& info = format_info(format);
  if (info.decode != nullptr) return info.decode(blocks, values, out);
  std::array<int8_t, kChunkValues> codes;
  std::array<float, kChunkValues / kSmallestGroup> scale;
  std::array<float, kChunkValues / kSmallestGroup> min;
  for (size_t first = 0; first < values; first += kChunkValues) {
    const size_t count = std::min(kChunkValues, values - first);
    info.unpack(blocks + row_bytes(format, first), count, codes.data(), scale.data(), min.data());
    for (size_t group = 0; group < count / info.group_values; ++group) {
      const size_t at = group * info.group_values;
      apply_scale(codes.data() + at, info.group_values, scale[group], min[group], out + first + at);
    }
  }
}

void unpack_row(Format format, const uint8_t* blocks, size_t values, int8_t* codes, float* scale, float* min) {
  format_info(format).unpack(blocks, values, codes, scale, min);
}

void encode_matrix_rows(Format format, const EncodeInput& input, uint8_t* blocks) {
  if (input.rows > 0) format_info(format).encode(input, blocks);
}

void finish_tensor(Format format, std::span<uint8_t> blocks) { finish_encoded_tensor(format, blocks); }

}  // namespace rung
