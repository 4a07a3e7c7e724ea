// Anonymous memory in whole pages, straight from the system: resident only where it was touched, zero until then, and
// given back at once, whatever malloc's thresholds and arenas do. So what a program will hold can be computed. Under
// AddressSanitizer the bytes come from the heap, so that a write past the end is seen; then they are not zero.
// Not thread-safe; the bytes may be shared out among threads. Throws std::bad_alloc where the system has no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace rung {

size_t page_bytes();
inline uint64_t whole_pages(uint64_t bytes) { return (bytes + page_bytes() - 1) / page_bytes() * page_bytes(); }
/// Bytes of the pages that hold the first `used` bytes of each of `count` pieces, `stride` apart from a page's begin
/// on.
uint64_t pages_of_pieces(uint64_t count, uint64_t stride, uint64_t used);

class PageBuffer {
 public:
  enum class Use {
    kWhole,   ///< written from end to end
    kSparse,  ///< touched here and there: huge pages would make far more of it resident
  };

  /// Whether pages are resident only where touched: false under AddressSanitizer.
  static bool comes_from_system();

  PageBuffer() = default;
  explicit PageBuffer(size_t bytes, Use use = Use::kWhole);
  PageBuffer(PageBuffer&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  PageBuffer& operator=(PageBuffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~PageBuffer() { release(); }

  uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  std::span<const uint8_t> bytes() const { return bytes_; }

  /// Makes room for `count` values of T; what was there is lost where it has to grow, and given back first.
  template <class T>
  T* reserve(size_t count) {
    if (size() < count * sizeof(T)) {
      release();
      *this = PageBuffer(count * sizeof(T));
    }
    return as<T>();
  }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data());
  }

 private:
  void release();
  std::span<uint8_t> bytes_;
};

}  // namespace rung
