#include "base/cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>

namespace rung {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"scalar", "avx2", "avx512"};
constexpr std::array<Isa, 3> kAll = {Isa::kScalar, Isa::kAvx2, Isa::kAvx512};

size_t detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) return 1;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512vnni"))
    return 2;
  return 3;
#else
  return 1;
#endif
}

Result<Isa> choose() {
  const auto available = available_isas();
  const char* forced = std::getenv("RUNG_ISA");
  if (forced == nullptr || *forced == '\0') return available.back();
  for (const Isa isa : available)
    if (isa_name(isa) == forced) return isa;
  std::string allowed;
  for (const Isa isa : available) allowed += (allowed.empty() ? "" : ", ") + std::string(isa_name(isa));
  return input_error("RUNG_ISA: found '{}', this CPU allows {}", forced, allowed);
}

const Result<Isa>& choice() {
  static const Result<Isa> result = choose();
  return result;
}

}  // namespace

std::string_view isa_name(Isa isa) { return kNames[static_cast<size_t>(isa)]; }

std::span<const Isa> available_isas() {
  static const size_t count = detect();
  return std::span<const Isa>(kAll).first(count);
}

Isa active_isa() { return choice().value_or(Isa::kScalar); }

Status check_isa_choice() {
  if (!choice()) return tl::unexpected(choice().error());
  return {};
}

std::string machine_name() {
  std::ifstream lines("/proc/cpuinfo");
  std::string line, name = "unknown processor";
  while (std::getline(lines, line)) {
    if (!line.starts_with("model name")) continue;
    name = line.substr(std::min(line.find(": "), line.size() - 2) + 2);
    break;
  }
  return fmt::format("{} ({})", name, isa_name(active_isa()));
}

}  // namespace rung
