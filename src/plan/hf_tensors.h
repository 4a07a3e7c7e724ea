// The tensors of a Hugging Face checkpoint as a GGUF file would hold them: names, shapes with the row length first,
// the experts of a layer in one tensor, vectors and routers in F32, FP8 as BF16, as llama.cpp's converter does.
#pragma once

#include <string>
#include <vector>

#include "io/gguf.h"
#include "io/safetensors.h"
#include "plan/hf_config.h"

namespace rung {

struct HfTensors {
  std::vector<GgufTensor> tensors;
  std::vector<uint64_t>
      stored_bytes;                  ///< of each: what the checkpoint holds of it, with the scales of FP8 and the like
  bool packed = false;               ///< quantized already, in a layout that GGUF does not have: `tensors` is empty
  std::vector<std::string> unknown;  ///< names that no rule knows; they are in `tensors` as they are
};

HfTensors gguf_tensors_of(const std::vector<SafetensorsTensor>& tensors, const HfConfig& config);

}  // namespace rung
