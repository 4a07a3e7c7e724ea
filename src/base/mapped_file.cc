#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rung {
namespace {

struct OpenFile {
  int fd = -1;
  uint64_t size = 0;
  OpenFile(int descriptor, uint64_t bytes) : fd(descriptor), size(bytes) {}
  OpenFile(OpenFile&& other) noexcept : fd(std::exchange(other.fd, -1)), size(other.size) {}
  ~OpenFile() {
    if (fd >= 0) ::close(fd);
  }
};

Result<OpenFile> open_regular(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return input_error("{}: cannot be read: {}", path.string(), std::strerror(errno));
  OpenFile file(fd, 0);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return input_error("{}: cannot be read: {}", path.string(), std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return input_error("{}: is not a regular file", path.string());
  file.size = static_cast<uint64_t>(info.st_size);
  return file;
}

/// madvise wants whole pages: those that the piece touches.
void advise(std::span<const uint8_t> piece, int advice) {
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  if (piece.empty()) return;
  const uintptr_t before = reinterpret_cast<uintptr_t>(piece.data()) % page;
  uint8_t* begin = const_cast<uint8_t*>(piece.data()) - before;
  ::madvise(begin, before + piece.size(), advice);  // advice: its failure changes nothing
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  RUNG_TRY(const OpenFile file, open_regular(path));
  MappedFile mapped;
  if (file.size == 0) return mapped;
  void* address = ::mmap(nullptr, file.size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (address == MAP_FAILED) return failed_error("{}: cannot be mapped: {}", path.string(), std::strerror(errno));
  mapped.data_ = static_cast<const uint8_t*>(address);
  mapped.size_ = file.size;
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<uint8_t*>(data_), size_);
}

void MappedFile::prefetch(std::span<const uint8_t> piece) const {
  if (contains(piece)) advise(piece, MADV_WILLNEED);
}

// The mapping is shared and of a file, so that nothing is lost.
void MappedFile::release(std::span<const uint8_t> piece) const {
  if (contains(piece)) advise(piece, MADV_DONTNEED);
}

Result<std::string> read_file(const std::filesystem::path& path, uint64_t limit) {
  RUNG_TRY(const OpenFile file, open_regular(path));
  if (file.size > limit)
    return input_error("{}: has {} bytes, at most {} are allowed here", path.string(), file.size, limit);
  std::string text(file.size, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::read(file.fd, text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return input_error("{}: cannot be read: {}", path.string(), std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  text.resize(done);
  return text;
}

}  // namespace rung
