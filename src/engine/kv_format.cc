#include "engine/kv_format.h"

#include <array>
#include <cstring>

#include "kernels/elementwise.h"

namespace rung {
namespace {

constexpr std::array kFormats = {
    KvFormatInfo{KvFormat::kF32, "f32", [](size_t dim) { return dim * sizeof(float); },
                 [](const float* row, size_t dim, uint8_t* out) { std::memcpy(out, row, dim * sizeof(float)); },
                 [](const uint8_t* stored, size_t rows, size_t dim, float* out) {
                   std::memcpy(out, stored, rows * dim * sizeof(float));
                 }},
    KvFormatInfo{KvFormat::kF16, "f16", [](size_t dim) { return dim * sizeof(uint16_t); },
                 [](const float* row, size_t dim, uint8_t* out) {
                   float_to_half_row(row, dim, reinterpret_cast<uint16_t*>(out));
                 },
                 [](const uint8_t* stored, size_t rows, size_t dim, float* out) {
                   half_to_float_row(reinterpret_cast<const uint16_t*>(stored), rows * dim, out);
                 }},
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
