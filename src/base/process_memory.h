// What the kernel says this process holds in memory (Linux: /proc/self): numbers of one moment, and PeakMemory, which
// watches for the highest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <thread>

namespace rung {

struct ProcessMemory {
  uint64_t anonymous = 0;      ///< RssAnon: heap, stacks, own mappings
  uint64_t file = 0;           ///< RssFile: touched pages of mapped files: models, the program itself, libraries
  uint64_t peak_resident = 0;  ///< VmHWM: the highest sum of all since the process began
};

/// Empty where the system does not tell.
std::optional<ProcessMemory> read_process_memory();

/// Bytes of the pages of `range` that this process holds, from its page tables; empty where the system does not tell.
std::optional<uint64_t> resident_bytes(std::span<const uint8_t> range);

/// The highest anonymous and file-backed memory apart. The kernel keeps a highest value only of their sum, so a thread
/// reads both every two milliseconds.
class PeakMemory {
 public:
  PeakMemory();
  /// Stops watching, after a last look. Empty where the system does not tell.
  std::optional<ProcessMemory> stop();

 private:
  void take();

  std::optional<ProcessMemory> highest_;
  std::jthread thread_;
};

}  // namespace rung
