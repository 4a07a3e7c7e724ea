// Runs Python that a model wrote, in a process of its own which may compute and read files and nothing else: no
// network, no writing, no further process, no signal to another (a seccomp filter, inherited by whatever it executes),
// little memory, no more than some seconds. Without an interpreter, or where the kernel cannot confine it, nothing is
// run.
//
// A program passes when it runs to its last line: neither sys.exit(0) nor os._exit(0) before it passes. Runs depend on
// the program alone: its environment is empty and the seed of hashes is fixed.
//
// Thread-safe. The interpreter is the first python3 in PATH; it is looked for once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

enum class RunOutcome {
  kPassed,       ///< ran to its end
  kFailed,       ///< an exception, a syntax error, or an exit before its end
  kTimedOut,     ///< stopped at the limit of time
  kCrashed,      ///< killed by a signal
  kUnavailable,  ///< nothing was run: python_available() says why
};

struct RunLimits {
  double seconds = 3;  ///< of the clock on the wall, and of the CPU
  uint64_t memory_bytes = uint64_t{512} << 20;
  size_t output_bytes = 16384;  ///< kept; what comes after is read and dropped
};

struct RunResult {
  RunOutcome outcome = RunOutcome::kUnavailable;
  std::string output;  ///< standard output and standard error as they came, not always UTF-8
};

/// OK if programs can be run on this machine; else an error that says why not and what to do.
const Status& python_available();

RunResult run_python(std::string_view program, const RunLimits& limits = {});

}  // namespace rung
