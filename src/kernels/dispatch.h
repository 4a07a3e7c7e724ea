// Picks the function tables of an instruction set. Programs get the tables of active_isa(); tests ask for each one.
#pragma once

#include "base/cpu.h"
#include "codec/format.h"
#include "kernels/elementwise_table.h"
#include "kernels/kernel_table.h"
#include "kernels/matmul.h"

namespace rung {

const ElementwiseTable& elementwise_for(Isa isa);
const KernelTable& kernels_for(Isa isa);
/// The fastest function equal to format_info(format).unpack byte for byte; null for float formats.
UnpackFn unpack_for(Isa isa, Format format);
/// matmul() on the kernels of one instruction set.
void matmul_with(Isa isa, ThreadPool& pool, MatmulScratch& scratch, Precision precision,
                 std::span<const MatmulJob> jobs, Batching batching = Batching::kFastest);

}  // namespace rung
