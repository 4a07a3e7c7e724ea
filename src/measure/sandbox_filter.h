// The system calls that sandboxed Python may make, as a seccomp filter (Linux, seccomp(2)). An allow list: what is not
// on it fails with EPERM, so a program sees PermissionError.
#pragma once

#include <linux/filter.h>

#include <vector>

namespace rung {

/// Empty where this CPU's calls are not known to us.
std::vector<sock_filter> sandbox_filter();

}  // namespace rung
