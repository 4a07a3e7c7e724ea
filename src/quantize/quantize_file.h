// Writes a quantized copy of a GGUF file: metadata kept, file type, quantization version and provenance set, tensors
// re-encoded band by band and streamed to disk, so that memory stays at a few bands however large a tensor is.
#pragma once

#include <filesystem>

#include "base/observer.h"
#include "quantize/importance.h"

namespace rung {

/// The metadata that the file gets.
std::vector<GgufEntry> quantized_metadata(const GgufFile& file, const QuantizationPlan& plan,
                                          const ImportanceOptions& options);

/// Exact size of the file that quantize_file would write.
uint64_t quantized_file_bytes(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& options);

/// Fails before any output if the plan is not writable, or out is the input. On any error nothing is left at `out`.
Status quantize_file(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& options,
                     const std::filesystem::path& out, ThreadPool& pool, Observer& observer);

}  // namespace rung
