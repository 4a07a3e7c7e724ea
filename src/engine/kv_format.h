// How one row of keys or values (one head at one position) is stored in a KV cache. A format is a row in the table of
// kv_format.cc: adding one needs a store and a load, nothing else in the engine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rung {

enum class KvFormat : uint8_t { kF32, kF16 };

struct KvFormatInfo {
  KvFormat format;
  std::string_view name;  ///< "f16", as on the command line
  size_t (*row_bytes)(size_t dim);
  void (*store)(const float* row, size_t dim, uint8_t* out);
  /// rows x dim floats from rows stored one after the other.
  void (*load)(const uint8_t* stored, size_t rows, size_t dim, float* out);
};

std::span<const KvFormatInfo> all_kv_formats();
const KvFormatInfo& kv_format_info(KvFormat format);
std::optional<KvFormat> kv_format_from_name(std::string_view name);

}  // namespace rung
