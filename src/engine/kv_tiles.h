// Formats that store 32 tokens of a head at a time, in tiles of (32 tokens, dim), because keys have channels that are
// large in every token (KIVI, arXiv 2402.02750; KVQuant, arXiv 2401.18079): a line, the values that share a scale, runs
// along the tokens of one channel for keys and along 32 channels of one token for values. Byte maps: docs/kv.md.
// Internal to the engine. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rung {

inline constexpr size_t kKvTileTokens = 32;

enum class KvLines { kChannels, kTokens };  ///< of keys, of values

struct KvTileCodec {
  size_t line_bytes;  ///< of 32 values, everything counted: a tile has dim lines
  size_t sinks;       ///< first tokens of a sequence that stay in 16 bits and belong to no tile
  bool before_rope;   ///< keys are stored before they are turned
  /// rows: (32, dim).
  void (*encode)(const float* rows, size_t dim, KvLines lines, uint8_t* tile);
  /// Tokens first .. first + count - 1 of a tile, (count, dim).
  void (*decode)(const uint8_t* tile, size_t dim, KvLines lines, size_t first, size_t count, float* out);
};

extern const KvTileCodec kKvKivi4, kKvKivi2, kKvNuq3;

}  // namespace rung
