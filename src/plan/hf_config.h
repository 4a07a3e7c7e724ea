// A Hugging Face config.json as GGUF metadata: the same numbers under GGUF's names, so that one reader (cache_shape.h)
// serves both. Which key means what is a table; nothing depends on a model's name. Of a multimodal model the text
// part counts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"

namespace rung {

struct HfConfig {
  std::vector<GgufEntry> metadata;            ///< general.architecture is the model_type
  std::vector<std::string> not_understood;    ///< what keeps us from knowing the cache: "layer_types 'xyz'"
  uint64_t layers = 0;                        ///< without a draft head; 0: not stored
  uint64_t width = 0;                         ///< 0: not stored
  uint64_t latent_key = 0, latent_value = 0;  ///< of a head of latent attention, without its RoPE part
  std::string weight_type;                    ///< "bfloat16"; empty: not stored
};

/// `file` names the file in errors, which are those of JSON and of numbers that cannot be.
Result<HfConfig> parse_hf_config(std::string_view text, std::string_view file);

}  // namespace rung
