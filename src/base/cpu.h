// Which instruction set the kernels use: chosen once at the first call, the best the CPU and OS offer, or the one named
// by the environment variable RUNG_ISA (scalar, avx2, avx512). Naming one that the CPU lacks is an error, not a
// fallback.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

enum class Isa { kScalar, kAvx2, kAvx512 };  ///< each includes the ones before it; kAvx512 means F, BW, VL, DQ and VNNI

std::string_view isa_name(Isa isa);
/// What this CPU can run, worst first.
std::span<const Isa> available_isas();
/// The choice in force. Call check_isa_choice() first where a wrong RUNG_ISA must become an error message.
Isa active_isa();
Status check_isa_choice();

/// The processor's name as the kernel tells it and the instruction set in use: "AMD EPYC 9654 (avx512)".
std::string machine_name();

}  // namespace rung
