#include "engine/kv_plane.h"

#include <algorithm>

#include "base/page_buffer.h"
#include "base/process_memory.h"
#include "engine/kv_window.h"

namespace rung {
namespace {

class KvRows final : public KvPlane {
 public:
  KvRows(const KvFormatInfo& format, const KvShape& shape)
      : format_(format),
        shape_(shape),
        row_bytes_(format.row_bytes(shape.dim)),
        data_(row_bytes_ * shape.heads * shape.capacity, PageBuffer::Use::kSparse) {}

  void store(size_t head, size_t position, const float* values) override {
    format_.store(values, shape_.dim, row(head, position));
  }
  void settle(size_t, size_t, size_t, size_t) override {}
  void load(size_t head, size_t begin, size_t count, const KvView&, float* out) const override {
    format_.load(row(head, begin), count, shape_.dim, out);
  }
  uint64_t reserved_bytes() const override { return whole_pages(data_.size()); }
  uint64_t resident_bytes() const override { return rung::resident_bytes(data_.bytes()).value_or(0); }

  static uint64_t touched_bytes(const KvFormatInfo& format, const KvShape& shape, size_t positions) {
    const size_t row_bytes = format.row_bytes(shape.dim);
    return pages_of_pieces(shape.heads, shape.capacity * row_bytes, std::min(positions, shape.capacity) * row_bytes);
  }

 private:
  uint8_t* row(size_t head, size_t position) const {
    return data_.data() + (head * shape_.capacity + position) * row_bytes_;
  }

  const KvFormatInfo& format_;
  KvShape shape_;
  size_t row_bytes_;
  PageBuffer data_;  ///< (head, position) rows
};

}  // namespace

uint64_t KvPlane::stored_bytes(KvFormat format, const KvShape& shape) {
  const KvFormatInfo& info = kv_format_info(format);
  if (info.tiles != nullptr) return KvWindow::stored_bytes(*info.tiles, shape);
  return uint64_t{info.row_bytes(shape.dim)} * shape.heads * shape.capacity;
}

uint64_t KvPlane::touched_bytes(KvFormat format, const KvShape& shape, size_t positions) {
  const KvFormatInfo& info = kv_format_info(format);
  return info.tiles != nullptr ? KvWindow::touched_bytes(*info.tiles, shape, positions)
                               : KvRows::touched_bytes(info, shape, positions);
}

std::unique_ptr<KvPlane> KvPlane::create(KvFormat format, const KvShape& shape, bool keys) {
  const KvFormatInfo& info = kv_format_info(format);
  if (info.tiles == nullptr) return std::make_unique<KvRows>(info, shape);
  return std::make_unique<KvWindow>(*info.tiles, shape, keys ? KvLines::kChannels : KvLines::kTokens);
}

}  // namespace rung
