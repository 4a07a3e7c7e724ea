#include "base/process_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/page_buffer.h"

namespace rung {
namespace {

class ReadOnly {
 public:
  explicit ReadOnly(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  ~ReadOnly() {
    if (fd_ >= 0) ::close(fd_);
  }
  /// Bytes read, or -1.
  ssize_t read(void* out, size_t bytes, uint64_t offset) const {
    return fd_ < 0 ? -1 : ::pread(fd_, out, bytes, static_cast<off_t>(offset));
  }

 private:
  int fd_;
};

/// "VmHWM:     1760 kB"
std::optional<uint64_t> kilobytes(std::string_view status, std::string_view key) {
  const size_t at = status.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return std::strtoull(status.data() + at + key.size(), nullptr, 10) * 1024;
}

}  // namespace

std::optional<ProcessMemory> read_process_memory() {
  std::array<char, 8192> text{};
  const ssize_t got = ReadOnly("/proc/self/status").read(text.data(), text.size() - 1, 0);
  if (got <= 0) return std::nullopt;
  const std::string_view status(text.data(), static_cast<size_t>(got));
  const auto anonymous = kilobytes(status, "\nRssAnon:"), file = kilobytes(status, "\nRssFile:");
  const auto peak = kilobytes(status, "\nVmHWM:");
  if (!anonymous || !file || !peak) return std::nullopt;
  return ProcessMemory{*anonymous, *file, *peak};
}

std::optional<uint64_t> resident_bytes(std::span<const uint8_t> range) {
  if (range.empty()) return 0;
  constexpr uint64_t kPresent = uint64_t{1} << 63;  // kernel: Documentation/admin-guide/mm/pagemap.rst
  const ReadOnly pagemap("/proc/self/pagemap");
  const auto begin = reinterpret_cast<uintptr_t>(range.data());
  const uint64_t first = begin / page_bytes(), last = (begin + range.size() - 1) / page_bytes() + 1;
  std::vector<uint64_t> entries(4096);
  uint64_t pages = 0;
  for (uint64_t page = first; page < last;) {
    const size_t count = std::min<uint64_t>(entries.size(), last - page);
    const ssize_t got = pagemap.read(entries.data(), count * sizeof(uint64_t), page * sizeof(uint64_t));
    if (got != static_cast<ssize_t>(count * sizeof(uint64_t))) return std::nullopt;
    pages += static_cast<uint64_t>(std::count_if(entries.begin(), entries.begin() + static_cast<ptrdiff_t>(count),
                                                 [](uint64_t entry) { return (entry & kPresent) != 0; }));
    page += count;
  }
  return pages * page_bytes();
}

PeakMemory::PeakMemory()
    : highest_(read_process_memory()), thread_([this](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any stopped;
        std::unique_lock lock(mutex);
        while (!stopped.wait_for(lock, stop, std::chrono::milliseconds(2), [] { return false; }) &&
               !stop.stop_requested())
          take();
      }) {}

void PeakMemory::take() {
  const auto now = read_process_memory();
  if (!now || !highest_) return highest_.reset();
  highest_->anonymous = std::max(highest_->anonymous, now->anonymous);
  highest_->file = std::max(highest_->file, now->file);
  highest_->peak_resident = now->peak_resident;
}

std::optional<ProcessMemory> PeakMemory::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
    take();
  }
  return highest_;
}

}  // namespace rung
