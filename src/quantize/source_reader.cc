#include "quantize/source_reader.h"

#include <algorithm>

#include "base/hash.h"

namespace rung {
namespace {

constexpr uint64_t kPiece = uint64_t{4} << 20;
constexpr uint64_t kPrefetch = uint64_t{32} << 20;  // asked of the disk in advance
constexpr uint64_t kAhead = uint64_t{128} << 20;    // of the encoders, at most

}  // namespace

SourceReader::SourceReader(const GgufFile& file)
    : file_(file), thread_([this](const std::stop_token& stop) { read(stop); }) {}

SourceReader::~SourceReader() = default;

uint64_t SourceReader::position_of(const uint8_t* byte) const {
  uint64_t begin = 0;
  for (size_t shard = 0; shard < file_.shard_count(); ++shard) {
    const auto bytes = file_.shard_bytes(shard);
    if (byte >= bytes.data() && byte < bytes.data() + bytes.size())
      return begin + static_cast<uint64_t>(byte - bytes.data());
    begin += bytes.size();
  }
  return 0;
}

void SourceReader::reached(std::span<const uint8_t> bytes) {
  const uint64_t position = position_of(bytes.data());
  const std::lock_guard lock(mutex_);
  if (position <= reached_) return;
  reached_ = position;
  moved_.notify_one();
}

bool SourceReader::wait_until_wanted(const std::stop_token& stop, uint64_t position) {
  std::unique_lock lock(mutex_);
  return moved_.wait(lock, stop, [&] { return hurry_ || position < reached_ + kAhead; });
}

void SourceReader::read(const std::stop_token& stop) {
  ContentHasher hasher;
  uint64_t shard_begin = 0;
  for (size_t shard = 0; shard < file_.shard_count(); ++shard) {
    const auto bytes = file_.shard_bytes(shard);
    uint64_t released = 0;
    for (size_t begin = 0; begin < bytes.size(); begin += kPiece) {
      if (stop.stop_requested() || !wait_until_wanted(stop, shard_begin + begin)) return;
      if (begin % kPrefetch == 0) file_.prefetch(bytes.subspan(begin, std::min(2 * kPrefetch, bytes.size() - begin)));
      const auto piece = bytes.subspan(begin, std::min<size_t>(kPiece, bytes.size() - begin));
      hasher.add(piece);
      // Encoders let go of what they have read, and will not come again where they have been.
      const uint64_t passed = std::min<uint64_t>(begin + piece.size(), encoders_past(shard_begin));
      if (passed > released) file_.release(bytes.subspan(released, passed - released));
      released = std::max(released, passed);
    }
    shard_begin += bytes.size();
  }
  hash_ = hasher.digits();
}

/// How far the encoders are beyond a position.
uint64_t SourceReader::encoders_past(uint64_t position) {
  const std::lock_guard lock(mutex_);
  return reached_ > position ? reached_ - position : 0;
}

std::string SourceReader::hash() {
  {
    const std::lock_guard lock(mutex_);
    hurry_ = true;
  }
  moved_.notify_one();
  thread_.join();
  return hash_;
}

}  // namespace rung
