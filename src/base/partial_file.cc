#include "base/partial_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

namespace rung {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

Status failed(const std::filesystem::path& path, const char* what) {
  return failed_error("{}: {} failed: {}", path.string(), what, std::strerror(errno));
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

uint64_t allocated_bytes(const std::filesystem::path& path) {
  constexpr uint64_t kStatBlock = 512;  // of st_blocks, whatever the file system's own
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_blocks) * kStatBlock : 0;
}

}  // namespace

std::filesystem::path PartialFile::partial_path(const std::filesystem::path& path) {
  return path.string() + ".rung-partial";
}

Result<PartialFile> PartialFile::open(const std::filesystem::path& path, bool keep) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failed_error("{}: is a folder", path.string());
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (keep ? 0 : O_TRUNC);
  const int fd = ::open(partial_path(path).c_str(), flags, 0644);
  if (fd < 0) return failed_error("{}: cannot be written: {}", path.string(), std::strerror(errno));
  return PartialFile(path, fd);
}

PartialFile::PartialFile(PartialFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

PartialFile::~PartialFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status PartialFile::reserve(uint64_t bytes) {
  if (::ftruncate(fd_, static_cast<off_t>(bytes)) != 0) return failed(path_, "setting its size");
  if (bytes == 0 || ::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return {};
  if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
  return failed_error("{}: {} bytes cannot be had: {}", path_.string(), bytes, std::strerror(errno));
}

Status PartialFile::write_at(uint64_t position, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return failed_error("{}: writing failed at byte {}: {}", path_.string(), position, std::strerror(errno));
    bytes = bytes.subspan(static_cast<size_t>(written));
    position += static_cast<uint64_t>(written);
  }
  return {};
}

Status PartialFile::sync() {
  if (::fdatasync(fd_) != 0) return failed(path_, "sync");
  return {};
}

Status PartialFile::publish() {
  if (::fsync(fd_) != 0) return failed(path_, "sync");
  if (::rename(partial_path(path_).c_str(), path_.c_str()) != 0) return failed(path_, "rename");
  if (::close(std::exchange(fd_, -1)) != 0) return failed(path_, "close");
  sync_folder(folder_of(path_));
  return {};
}

void PartialFile::discard() {
  if (fd_ < 0) return;
  ::close(std::exchange(fd_, -1));
  ::unlink(partial_path(path_).c_str());
}

Status check_room(std::span<const PlannedFile> files) {
  std::map<dev_t, uint64_t> needed;
  for (const PlannedFile& file : files) {
    const std::filesystem::path folder = folder_of(file.path);
    struct stat info {};
    struct statvfs room {};
    if (::stat(folder.c_str(), &info) != 0 || ::statvfs(folder.c_str(), &room) != 0) continue;
    const uint64_t have = allocated_bytes(PartialFile::partial_path(file.path));
    uint64_t& sum = needed[info.st_dev];
    sum += file.bytes > have ? file.bytes - have : 0;
    const unsigned __int128 free_bytes = static_cast<unsigned __int128>(room.f_bavail) * room.f_frsize;
    if (sum > free_bytes)
      return failed_error("{}: needs {} bytes{}, the disk has {} bytes free", file.path.string(), sum,
                          files.size() > 1 ? " with the files before it" : "", static_cast<uint64_t>(free_bytes));
  }
  return {};
}

}  // namespace rung
