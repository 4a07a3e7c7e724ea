// What quantize_file writes before it has a weight: the files of an output (one, or the parts of a split), their
// metadata with provenance, and where each tensor lies, down to the byte.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/gguf_writer.h"
#include "quantize/importance.h"

namespace rung {

struct QuantizeOutput {
  std::filesystem::path path;  ///< parts are PATH without .gguf, then -0000i-of-0000n.gguf
  QuantizationPlan plan;
};

struct OutputOptions {
  ImportanceOptions importance;
  Effort effort = Effort::kNormal;
  uint64_t shard_bytes = 0;  ///< no part is larger, unless it is one tensor; 0: one file
  bool keep_split = false;   ///< parts with the same tensors as the input's
};

std::string_view effort_name(Effort effort);  ///< "fast", "normal", "best"

/// In place of the source's hash until it is known: of the same length.
std::string unknown_hash();

/// docs/quantize.md lists the keys. source_hash: content_hash of all of the model's files, one after the other.
std::vector<GgufEntry> quantized_metadata(const GgufFile& file, const QuantizationPlan& plan,
                                          const OutputOptions& options, const std::string& source_hash);

struct OutputPart {
  std::filesystem::path path;
  size_t first_tensor = 0;  ///< of the plan
  std::vector<uint8_t> header;
  uint64_t bytes = 0;                   ///< of the whole file
  std::vector<uint64_t> offsets;        ///< of each tensor of the plan, from first_tensor on
  std::vector<uint64_t> scale_offsets;  ///< of the factors beside it; 0: none
};

/// In tensor order. The sizes do not depend on source_hash.
Result<std::vector<OutputPart>> layout_output(const GgufFile& file, const QuantizeOutput& output,
                                              const OutputOptions& options, const std::string& source_hash);

}  // namespace rung
