// What a row of keys or values (one head of one position) is stored as in a KV cache. Formats are rows of the table in
// kv_format.cc; names, sizes, help texts and errors follow from it. docs/kv.md says what each one is. All functions are
// pure and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rung {

enum class KvFormat : uint8_t {
  kF32,
  kF16,
  kBF16,
  kFp8,
  kQ8_0,
  kQ6_0,
  kQ5_1,
  kQ5_0,
  kQ4_1,
  kQ4_0,
  kIQ4_NL,
  kKivi4,
  kNuq3,
  kKivi2
};

struct KvTileCodec;

struct KvFormatInfo {
  KvFormat format;
  std::string_view name;  ///< "q8_0", as on the command line
  uint32_t block_values;  ///< values that share a scale; a head's dimension is a multiple of it
  uint32_t block_bytes;
  /// One row of dim floats. What is not finite is read back as not finite. Null for a format of tiles.
  void (*store)(const float* row, size_t dim, uint8_t* out);
  /// rows x dim floats from rows stored one after the other. Null for a format of tiles.
  void (*load)(const uint8_t* stored, size_t rows, size_t dim, float* out);
  const KvTileCodec* tiles = nullptr;  ///< of a format that stores many tokens at a time, the newest ones in 16 bits

  /// Of one row, for a format of tiles in a whole tile.
  size_t row_bytes(size_t dim) const { return dim / block_values * block_bytes; }
  double bits() const { return 8.0 * block_bytes / block_values; }  ///< of a stored value, scales counted
  bool is_float() const { return block_values == 1 && block_bytes >= 2; }
};

std::span<const KvFormatInfo> all_kv_formats();
const KvFormatInfo& kv_format_info(KvFormat format);
std::optional<KvFormat> kv_format_from_name(std::string_view name);

}  // namespace rung
