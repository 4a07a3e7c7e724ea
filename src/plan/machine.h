// The memory of the machine that this runs on.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/status.h"

namespace rung {

struct MachineMemory {
  uint64_t total = 0;      ///< RAM, or less where a control group allows less
  uint64_t available = 0;  ///< of it free for a new program, by the kernel's estimate
  bool limited = false;    ///< by a control group, as in a container
};

/// root: "/", else a copy of its /proc/meminfo and /sys/fs/cgroup for tests. Fails where there is no such file.
Result<MachineMemory> detect_memory(const std::filesystem::path& root = "/");

}  // namespace rung
