#include "engine/kv_window.h"

#include <algorithm>
#include <vector>

#include "base/process_memory.h"
#include "kernels/elementwise.h"

namespace rung {

KvWindow::Sizes KvWindow::sizes_of(const KvTileCodec& codec, const KvShape& shape) {
  const size_t sinks = std::min(codec.sinks, shape.capacity), rest = shape.capacity - sinks;
  const size_t ring = std::min(rest, kKvRing);
  return {sinks + ring, ring, rest / kKvTileTokens, shape.dim * codec.line_bytes};
}

KvWindow::KvWindow(const KvTileCodec& codec, const KvShape& shape, KvLines lines)
    : codec_(codec),
      shape_(shape),
      lines_(lines),
      sizes_(sizes_of(codec, shape)),
      recent_(shape.heads * sizes_.recent_rows * shape.dim * sizeof(uint16_t), PageBuffer::Use::kSparse),
      tiles_(shape.heads * sizes_.tiles * sizes_.tile_bytes, PageBuffer::Use::kSparse) {}

uint16_t* KvWindow::recent(size_t head, size_t position) const {
  const size_t row = position < codec_.sinks ? position : codec_.sinks + (position - codec_.sinks) % sizes_.ring;
  return recent_.as<uint16_t>() + (head * sizes_.recent_rows + row) * shape_.dim;
}

uint8_t* KvWindow::tile(size_t head, size_t index) const {
  return tiles_.data() + (head * sizes_.tiles + index) * sizes_.tile_bytes;
}

void KvWindow::store(size_t head, size_t position, const float* row) {
  float_to_half_row(row, shape_.dim, recent(head, position));
}

void KvWindow::settle(size_t head, size_t begin, size_t end, size_t held_begin) {
  if (end <= codec_.sinks) return;
  std::vector<float> rows;
  const size_t from = std::max(begin, codec_.sinks) - codec_.sinks;
  for (size_t index = from / kKvTileTokens; (index + 1) * kKvTileTokens <= end - codec_.sinks; ++index) {
    rows.resize(kKvTileTokens * shape_.dim);
    // Read from its end on nothing of the tile is behind the boundary: it comes from the ring as far as that has it.
    const size_t first = codec_.sinks + index * kKvTileTokens;
    load(head, first, kKvTileTokens, {first + kKvTileTokens - 1, held_begin}, rows.data());
    codec_.encode(rows.data(), shape_.dim, lines_, tile(head, index));
  }
}

void KvWindow::load(size_t head, size_t begin, size_t count, const KvView& view, float* out) const {
  const size_t blocks = view.reader / kKvTileTokens;
  const size_t boundary = codec_.sinks + (blocks > 0 ? (blocks - 1) * kKvTileTokens : 0);
  const size_t tiled = std::max(boundary, view.held_begin), end = begin + count;
  size_t position = begin;
  while (position < end) {
    size_t next;
    if (position >= codec_.sinks && position < tiled) {
      const size_t place = position - codec_.sinks, first = place % kKvTileTokens;
      next = std::min({position - first + kKvTileTokens, tiled, end});
      codec_.decode(tile(head, place / kKvTileTokens), shape_.dim, lines_, first, next - position, out);
    } else {
      const bool sink = position < codec_.sinks;
      const size_t until_wrap = sink ? codec_.sinks - position : sizes_.ring - (position - codec_.sinks) % sizes_.ring;
      next = std::min(position + until_wrap, end);
      half_to_float_row(recent(head, position), (next - position) * shape_.dim, out);
    }
    out += (next - position) * shape_.dim;
    position = next;
  }
}

uint64_t KvWindow::resident_bytes() const {
  return rung::resident_bytes(recent_.bytes()).value_or(0) + rung::resident_bytes(tiles_.bytes()).value_or(0);
}

uint64_t KvWindow::stored_bytes(const KvTileCodec& codec, const KvShape& shape) {
  const Sizes sizes = sizes_of(codec, shape);
  return shape.heads * (sizes.recent_rows * shape.dim * sizeof(uint16_t) + sizes.tiles * sizes.tile_bytes);
}

uint64_t KvWindow::touched_bytes(const KvTileCodec& codec, const KvShape& shape, size_t positions) {
  const Sizes sizes = sizes_of(codec, shape);
  const size_t written = std::min(positions, shape.capacity);
  const size_t complete = written > codec.sinks ? (written - codec.sinks) / kKvTileTokens : 0;
  const size_t row_bytes = shape.dim * sizeof(uint16_t);
  return pages_of_pieces(shape.heads, sizes.recent_rows * row_bytes, std::min(written, sizes.recent_rows) * row_bytes) +
         pages_of_pieces(shape.heads, sizes.tiles * sizes.tile_bytes, complete * sizes.tile_bytes);
}

}  // namespace rung
