#include "plan/machine.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>

namespace rung {
namespace {

namespace fs = std::filesystem;

/// The kB behind "MemTotal:" and the like.
std::optional<uint64_t> meminfo_bytes(const std::string& text, std::string_view key) {
  const size_t at = text.find(std::string(key) + ":");
  if (at == std::string::npos) return std::nullopt;
  const size_t digits = text.find_first_of("0123456789", at);
  if (digits == std::string::npos) return std::nullopt;
  uint64_t kilobytes = 0;
  const auto [end, error] = std::from_chars(text.data() + digits, text.data() + text.size(), kilobytes);
  if (error != std::errc() || kilobytes > UINT64_MAX / 1024) return std::nullopt;
  return kilobytes * 1024;
}

/// Files of /proc have no size of their own.
std::string contents(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::optional<uint64_t> first_number(const fs::path& path) {
  const std::string text = contents(path);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

}  // namespace

Result<MachineMemory> detect_memory(const fs::path& root) {
  const fs::path path = root / "proc/meminfo";
  const std::string text = contents(path);
  const auto total = meminfo_bytes(text, "MemTotal");
  if (!total) return failed_error("{}: has no MemTotal; give the memory with --memory", path.string());
  MachineMemory memory{*total, meminfo_bytes(text, "MemAvailable").value_or(*total), false};
  struct Group {
    const char *limit, *usage;
  };
  for (const Group& group :
       {Group{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current"},
        Group{"sys/fs/cgroup/memory/memory.limit_in_bytes", "sys/fs/cgroup/memory/memory.usage_in_bytes"}}) {
    const auto limit = first_number(root / group.limit);
    if (!limit || *limit >= memory.total) continue;
    const uint64_t used = std::min(first_number(root / group.usage).value_or(0), *limit);
    memory = {*limit, std::min(memory.available, *limit - used), true};
  }
  return memory;
}

}  // namespace rung
