// Writes quantized copies of a GGUF file: one or several from one read, each one file or a split set; metadata kept,
// provenance added (output_layout.h). Weights pass band by band (encode_pass.h), so that memory stays bounded however
// large a tensor is. Output files appear under their names together, once all are whole; until then there are
// NAME.rung-partial and a journal (resume_journal.h), and the same command goes on where a killed or cancelled one
// stopped, to the same bytes. Any other error leaves nothing.
#pragma once

#include <span>
#include <vector>

#include "base/partial_file.h"
#include "quantize/encode_pass.h"
#include "quantize/output_layout.h"

namespace rung {

struct QuantizeOptions {
  OutputOptions output;
  uint64_t max_memory = kDefaultMaxMemory;  ///< beyond the mapped input; GPTQ's factors count
  bool allow_requantize = false;            ///< encode what is in a quantized format already
  bool measure_loss = false;
};

/// The files that quantize_file would write, with their exact sizes, output by output. All that can be refused before
/// any work is refused here.
Result<std::vector<std::vector<PlannedFile>>> planned_files(const GgufFile& file,
                                                            std::span<const QuantizeOutput> outputs,
                                                            const QuantizeOptions& options);

/// The losses of each output's tensors, if they are measured. Fails before any output as planned_files does, or where
/// the disk has no room.
Result<std::vector<std::vector<TensorLoss>>> quantize_file(const GgufFile& file,
                                                           std::span<const QuantizeOutput> outputs,
                                                           const QuantizeOptions& options, ThreadPool& pool,
                                                           Observer& observer);

/// Exact size of one unsplit file; for a plan that GGUF cannot hold, the bytes of its tensors.
uint64_t quantized_file_bytes(const GgufFile& file, const QuantizationPlan& plan, const ImportanceOptions& importance);

}  // namespace rung
