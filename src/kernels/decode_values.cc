#include "kernels/decode_values.h"

#include <algorithm>
#include <array>

#include "kernels/dispatch.h"

namespace rung {

void decode_values(Format format, const uint8_t* blocks, size_t values, float* out) {
  constexpr size_t kChunk = 256, kSmallestGroup = 16;  // every block divides 256
  const Isa isa = active_isa();
  const FormatInfo& info = format_info(format);
  const UnpackFn unpack = unpack_for(isa, format);
  const auto dequantize = kernels_for(isa).dequantize;
  alignas(64) std::array<int8_t, kChunk> codes;
  std::array<float, kChunk / kSmallestGroup> scale, min;
  for (size_t first = 0; first < values; first += kChunk) {
    const size_t count = std::min(kChunk, values - first);
    unpack(blocks + row_bytes(format, first), count, codes.data(), scale.data(), min.data());
    dequantize({codes.data(), scale.data(), info.has_min ? min.data() : nullptr, count, info.group_values},
               out + first);
  }
}

}  // namespace rung
