// Parses and validates the bytes of one GGUF file; GgufFile joins the parts of a split. Internal to io.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/gguf.h"

namespace rung {

struct GgufShard {
  uint32_t version = 3;
  uint64_t alignment = 32;
  std::vector<GgufEntry> metadata;
  std::vector<GgufTensor> tensors;  ///< bytes are inside the given ones
};

/// `file` names the file in errors.
Result<GgufShard> parse_gguf_shard(std::span<const uint8_t> bytes, std::string_view file,
                                   GgufData data = GgufData::kRequired);

/// That no dimension is 0, the values can be counted, the rows are whole blocks and the bytes can be counted.
Status check_gguf_shape(const GgufTensor& tensor, std::string_view file);

}  // namespace rung
