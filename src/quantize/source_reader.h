// Reads a model's files front to back on a thread of its own, ahead of the encoders: the pages are there when they are
// wanted, and on the way come the bytes' hash. It stays at most a window ahead, so that the memory in use stays small.
#pragma once

#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "io/gguf.h"

namespace rung {

class SourceReader {
 public:
  /// `file` outlives the reader.
  explicit SourceReader(const GgufFile& file);
  ~SourceReader();
  SourceReader(const SourceReader&) = delete;
  SourceReader& operator=(const SourceReader&) = delete;

  /// The encoders have begun with these bytes of the file. From any thread.
  void reached(std::span<const uint8_t> bytes);
  /// content_hash of all files, one after the other. Waits for the reader to come to the end.
  std::string hash();

 private:
  void read(const std::stop_token& stop);
  uint64_t position_of(const uint8_t* byte) const;
  uint64_t encoders_past(uint64_t position);
  bool wait_until_wanted(const std::stop_token& stop, uint64_t position);

  const GgufFile& file_;
  std::mutex mutex_;
  std::condition_variable_any moved_;
  uint64_t reached_ = 0;  ///< of the encoders, counted over all files
  bool hurry_ = false;    ///< the hash is waited for
  std::string hash_;
  std::jthread thread_;
};

}  // namespace rung
