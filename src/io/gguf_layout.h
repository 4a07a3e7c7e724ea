// Facts of the GGUF layout that reader and writer share: alignment, bytes of a block of each tensor type, the widths of
// metadata values. Internal to io.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/gguf.h"

namespace rung {

inline constexpr uint32_t kGgufMaxDimensions = 4;
inline constexpr uint64_t kGgufDefaultAlignment = 32;

/// alignment is a power of two; value far from 2^64.
inline uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) & ~(alignment - 1); }

/// general.alignment, or the default; an error if it is no u32 or no power of two. `file` names the file in the error.
Result<uint64_t> gguf_alignment(std::span<const GgufEntry> metadata, std::string_view file);

/// Bytes of a number or bool in the file; 0 for strings and arrays.
uint64_t packed_bytes(GgufType type);
/// A number or bool from and to the file's form.
GgufValue load_packed(GgufType type, const uint8_t* bytes);
void store_packed(const GgufValue& value, std::vector<uint8_t>& out);

struct BlockSize {
  uint64_t values, bytes;
};
/// Of our formats and of plain integers and doubles (I8 to I64 are ids 24 to 27, F64 is 28); empty for other types.
std::optional<BlockSize> ggml_block(uint32_t ggml_type);

}  // namespace rung
