#include "io/gguf_layout.h"

#include <array>
#include <bit>

namespace rung {
namespace {

constexpr uint32_t kFirstPlainType = 24;
constexpr std::array<std::string_view, 5> kPlainNames = {"i8", "i16", "i32", "i64", "f64"};
constexpr std::array<uint64_t, 5> kPlainBytes = {1, 2, 4, 8, 8};

}  // namespace

Result<uint64_t> gguf_alignment(std::span<const GgufEntry> metadata, std::string_view file) {
  for (const GgufEntry& entry : metadata) {
    if (entry.key != "general.alignment") continue;
    if (entry.value.type != GgufType::kU32)
      return input_error("{}: general.alignment has type {}, allowed is u32", file, gguf_type_name(entry.value.type));
    const uint64_t alignment = entry.value.as_u64().value_or(0);
    if (!std::has_single_bit(alignment))
      return input_error("{}: general.alignment is {}, allowed are powers of two", file, alignment);
    return alignment;
  }
  return kGgufDefaultAlignment;
}

std::optional<BlockSize> ggml_block(uint32_t ggml_type) {
  if (const std::optional<Format> format = format_from_ggml(ggml_type)) {
    const FormatInfo& info = format_info(*format);
    return BlockSize{info.block_values, info.block_bytes};
  }
  const uint32_t plain = ggml_type - kFirstPlainType;
  if (plain < kPlainBytes.size()) return BlockSize{1, kPlainBytes[plain]};
  return std::nullopt;
}

std::string ggml_type_name(uint32_t id) {
  if (const std::optional<Format> format = format_from_ggml(id)) return std::string(format_name(*format));
  const uint32_t plain = id - kFirstPlainType;
  if (plain < kPlainNames.size()) return std::string(kPlainNames[plain]);
  return fmt::format("type {}", id);
}

}  // namespace rung
