#include "base/page_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace rung {
namespace {

#if defined(__SANITIZE_ADDRESS__)
#define RUNG_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RUNG_ADDRESS_SANITIZER 1
#endif
#endif

#if defined(RUNG_ADDRESS_SANITIZER)

constexpr bool kFromSystem = false;
uint8_t* allocate(size_t bytes, PageBuffer::Use) {
  return static_cast<uint8_t*>(std::aligned_alloc(page_bytes(), whole_pages(bytes)));
}
void give_back(std::span<uint8_t> bytes) { std::free(bytes.data()); }

#else

constexpr bool kFromSystem = true;
uint8_t* allocate(size_t bytes, PageBuffer::Use use) {
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return nullptr;
  if (use == PageBuffer::Use::kSparse) ::madvise(address, bytes, MADV_NOHUGEPAGE);  // its failure changes no result
  return static_cast<uint8_t*>(address);
}
void give_back(std::span<uint8_t> bytes) { ::munmap(bytes.data(), bytes.size()); }

#endif

}  // namespace

size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

uint64_t pages_of_pieces(uint64_t count, uint64_t stride, uint64_t used) {
  if (used == 0) return 0;
  if (used == stride) return whole_pages(count * stride);  // without gaps, and a hostile count may be very large
  const uint64_t page = page_bytes();
  uint64_t pages = 0, counted = 0;  // pages before `counted` are in the sum
  for (uint64_t piece = 0; piece < count; ++piece) {
    const uint64_t begin = std::max(counted, piece * stride / page);
    const uint64_t end = (piece * stride + used + page - 1) / page;
    pages += end - begin;
    counted = end;
  }
  return pages * page;
}

bool PageBuffer::comes_from_system() { return kFromSystem; }

PageBuffer::PageBuffer(size_t bytes, Use use) {
  if (bytes == 0) return;
  uint8_t* const data = allocate(bytes, use);
  if (data == nullptr) throw std::bad_alloc();
  bytes_ = {data, bytes};
}

void PageBuffer::release() {
  if (!bytes_.empty()) give_back(std::exchange(bytes_, {}));
}

}  // namespace rung
