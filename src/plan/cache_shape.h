// What a model keeps of the tokens it has read, layer by layer, from its metadata alone: keys and values of all tokens
// or of a window, the compressed vector of latent attention, the state of a recurrent layer. The same rules for every
// architecture: what differs between two models is what their keys say. Key names are those of GGUF ("<architecture>.
// attention.head_count_kv"); configurations of Hugging Face are translated to them first (hf_config.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/gguf.h"

namespace rung {

constexpr uint64_t kMostDims = uint64_t{1} << 24;  ///< of a head, heads, widths: far above any model

enum class CacheKind : uint8_t {
  kFull,        ///< keys and values of every token
  kWindow,      ///< of the last `span` tokens
  kChunk,       ///< of the tokens since the last multiple of `span`
  kShared,      ///< another layer's
  kLatent,      ///< one vector a token for all heads, keys and values in one (MLA)
  kCompressed,  ///< one vector for each of the last `span` tokens and one for every `ratio` tokens
  kState,       ///< nothing a token: a state of fixed size (linear attention, state space, short convolution)
  kNone,        ///< nothing at all
};
std::string_view cache_kind_name(CacheKind kind);  ///< "full", "sliding window", "recurrent state" ...

struct CacheLayer {
  CacheKind kind = CacheKind::kFull;
  bool draft = false;  ///< of a head that predicts further tokens (NextN, MTP)
  uint64_t kv_heads = 0;
  uint64_t key_dim = 0;       ///< of a head
  uint64_t value_dim = 0;     ///< of a head; 0: keys are the values
  uint64_t span = 0;          ///< tokens of a window or chunk; 0: all
  uint64_t ratio = 0;         ///< of kCompressed; 0: only the window
  uint64_t index_dim = 0;     ///< of one more key for each row of full length, by which sparse attention chooses
  uint64_t index_top = 0;     ///< rows that it chooses at most; 0: no choice
  uint64_t state_values = 0;  ///< floats of a sequence
};

struct CacheShape {
  enum class Certainty : uint8_t {
    kExact,
    kAtMost,   ///< notes say why: what is not known could only make it smaller
    kUnknown,  ///< `missing` says which keys would be needed
  };
  Certainty certainty = Certainty::kExact;
  std::vector<CacheLayer> layers;    ///< empty if unknown
  std::vector<std::string> missing;  ///< keys
  std::vector<std::string> notes;
  uint64_t trained_context = 0;  ///< 0: not stored
};

/// An error where keys contradict each other or the tensors; what is merely absent makes the result kAtMost or
/// kUnknown.
Result<CacheShape> read_cache_shape(const GgufFile& model);

}  // namespace rung
