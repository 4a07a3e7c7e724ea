#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rung {

std::filesystem::path AtomicFile::partial() const { return path_.string() + ".rung-partial"; }

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failed_error("{}: is a folder", path.string());
  AtomicFile file(path, -1);
  file.fd_ = ::open(file.partial().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file.fd_ < 0) return failed_error("{}: cannot be written: {}", path.string(), std::strerror(errno));
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), position_(other.position_) {}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(partial().c_str());
}

Status AtomicFile::write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return failed_error("{}: writing failed at byte {}: {}", path_.string(), position_, std::strerror(errno));
    bytes = bytes.subspan(static_cast<size_t>(written));
    position_ += static_cast<uint64_t>(written);
  }
  return {};
}

Status AtomicFile::write(std::string_view text) {
  return write(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Status AtomicFile::commit() {
  const auto failed = [&](const char* what) {
    return failed_error("{}: {} failed: {}", path_.string(), what, std::strerror(errno));
  };
  if (::fsync(fd_) != 0) return failed("sync");
  if (::rename(partial().c_str(), path_.c_str()) != 0) return failed("rename");
  const int fd = std::exchange(fd_, -1);
  if (::close(fd) != 0) return failed("close");
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    ::fsync(folder_fd);
    ::close(folder_fd);
  }
  return {};
}

Status write_file(const std::filesystem::path& path, std::string_view text) {
  RUNG_TRY(AtomicFile file, AtomicFile::create(path));
  RUNG_CHECK(file.write(text));
  return file.commit();
}

}  // namespace rung
