// A plane of a format that stores tokens in tiles of 32. The newest tokens stay in 16 bits, in a ring; when a tile's
// last token has come the tile is written, and it is read once it lies far enough behind the reader:
//
//   a token at position p sees tiles up to boundary(p) = sinks + 32 * (p / 32 - 1), and from there on 16 bits
//
// so that 29 to 64 tokens, itself among them, are seen in 16 bits, and the first `sinks` ones always. This depends on p
// alone, not on how many tokens were computed together: prefill and decoding see the same cache. The ring has room for
// the window of a batch's first token and the whole batch. Where tokens are forgotten (KvCache::truncate) and more came
// after the cut than the ring holds, tokens before the cut that it lost are read from their tiles from then on.
// Internal to the engine.
#pragma once

#include "base/page_buffer.h"
#include "engine/kv_plane.h"
#include "engine/kv_tiles.h"

namespace rung {

inline constexpr size_t kKvWindowBatch = 128;  ///< tokens of a sequence that may be computed together
inline constexpr size_t kKvRing = kKvWindowBatch + 2 * kKvTileTokens;

class KvWindow final : public KvPlane {
 public:
  KvWindow(const KvTileCodec& codec, const KvShape& shape, KvLines lines);

  void store(size_t head, size_t position, const float* row) override;
  void settle(size_t head, size_t begin, size_t end, size_t held_begin) override;
  void load(size_t head, size_t begin, size_t count, const KvView& view, float* out) const override;
  uint64_t reserved_bytes() const override { return whole_pages(recent_.size()) + whole_pages(tiles_.size()); }
  uint64_t resident_bytes() const override;

  static uint64_t stored_bytes(const KvTileCodec& codec, const KvShape& shape);
  static uint64_t touched_bytes(const KvTileCodec& codec, const KvShape& shape, size_t positions);

 private:
  struct Sizes {
    size_t recent_rows;  ///< of a head: the first tokens, then the ring
    size_t ring;
    size_t tiles;  ///< of a head
    size_t tile_bytes;
  };
  static Sizes sizes_of(const KvTileCodec& codec, const KvShape& shape);
  uint16_t* recent(size_t head, size_t position) const;
  uint8_t* tile(size_t head, size_t index) const;

  const KvTileCodec& codec_;
  KvShape shape_;
  KvLines lines_;
  Sizes sizes_;
  PageBuffer recent_;  ///< (head, recent_rows, dim) halfs
  PageBuffer tiles_;   ///< (head, tiles) tiles
};

}  // namespace rung
