#include "engine/kv_format.h"

#include <array>
#include <cstring>

#include "base/half.h"
#include "engine/kv_blocks.h"
#include "engine/kv_tiles.h"
#include "kernels/decode_values.h"
#include "kernels/elementwise.h"

namespace rung {
namespace {

void store_bfloat16(const float* row, size_t dim, uint8_t* out) {
  for (size_t index = 0; index < dim; ++index) {
    const uint16_t value = float_to_bfloat16(row[index]);
    std::memcpy(out + index * sizeof value, &value, sizeof value);
  }
}

void store_fp8(const float* row, size_t dim, uint8_t* out) {
  for (size_t index = 0; index < dim; ++index) out[index] = float_to_e4m3(row[index]);
}

void load_fp8(const uint8_t* stored, size_t rows, size_t dim, float* out) {
  static const auto values = [] {
    std::array<float, 256> table;
    for (size_t code = 0; code < table.size(); ++code) table[code] = e4m3_to_float(static_cast<uint8_t>(code));
    return table;
  }();
  for (size_t index = 0; index < rows * dim; ++index) out[index] = values[stored[index]];
}

/// Blocks along the head, decoded as weights are.
template <Format kFormat>
void load_blocks(const uint8_t* stored, size_t rows, size_t dim, float* out) {
  decode_values(kFormat, stored, rows * dim, out);
}

constexpr std::array kFormats = {
    KvFormatInfo{KvFormat::kF32, "f32", 1, 4,
                 [](const float* row, size_t dim, uint8_t* out) { std::memcpy(out, row, dim * sizeof(float)); },
                 [](const uint8_t* stored, size_t rows, size_t dim, float* out) {
                   std::memcpy(out, stored, rows * dim * sizeof(float));
                 }},
    KvFormatInfo{KvFormat::kF16, "f16", 1, 2,
                 [](const float* row, size_t dim, uint8_t* out) {
                   float_to_half_row(row, dim, reinterpret_cast<uint16_t*>(out));
                 },
                 [](const uint8_t* stored, size_t rows, size_t dim, float* out) {
                   half_to_float_row(reinterpret_cast<const uint16_t*>(stored), rows * dim, out);
                 }},
    KvFormatInfo{KvFormat::kBF16, "bf16", 1, 2, store_bfloat16,
                 [](const uint8_t* stored, size_t rows, size_t dim, float* out) {
                   bfloat16_to_float_row(reinterpret_cast<const uint16_t*>(stored), rows * dim, out);
                 }},
    KvFormatInfo{KvFormat::kFp8, "fp8", 1, 1, store_fp8, load_fp8},
    KvFormatInfo{KvFormat::kQ8_0, "q8_0", 32, 34, kv_encode_q8_0, load_blocks<Format::Q8_0>},
    KvFormatInfo{
        KvFormat::kQ6_0, "q6_0", 32, 26, kv_encode_q6_0,
        [](const uint8_t* stored, size_t rows, size_t dim, float* out) { kv_decode_q6_0(stored, rows * dim, out); }},
    KvFormatInfo{KvFormat::kQ5_1, "q5_1", 32, 24, kv_encode_q5_1, load_blocks<Format::Q5_1>},
    KvFormatInfo{KvFormat::kQ5_0, "q5_0", 32, 22, kv_encode_q5_0, load_blocks<Format::Q5_0>},
    KvFormatInfo{KvFormat::kQ4_1, "q4_1", 32, 20, kv_encode_q4_1, load_blocks<Format::Q4_1>},
    KvFormatInfo{KvFormat::kQ4_0, "q4_0", 32, 18, kv_encode_q4_0, load_blocks<Format::Q4_0>},
    KvFormatInfo{KvFormat::kIQ4_NL, "iq4_nl", 32, 18, kv_encode_iq4_nl, load_blocks<Format::IQ4_NL>},
    KvFormatInfo{KvFormat::kKivi4, "kivi4", 32, 20, nullptr, nullptr, &kKvKivi4},
    KvFormatInfo{KvFormat::kNuq3, "nuq3", 32, 17, nullptr, nullptr, &kKvNuq3},
    KvFormatInfo{KvFormat::kKivi2, "kivi2", 32, 12, nullptr, nullptr, &kKvKivi2},
};

}  // namespace

std::span<const KvFormatInfo> all_kv_formats() { return kFormats; }

const KvFormatInfo& kv_format_info(KvFormat format) { return kFormats[static_cast<size_t>(format)]; }

std::optional<KvFormat> kv_format_from_name(std::string_view name) {
  for (const KvFormatInfo& info : kFormats)
    if (info.name == name) return info.format;
  return std::nullopt;
}

}  // namespace rung
