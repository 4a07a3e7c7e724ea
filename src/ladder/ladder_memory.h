// The memory of a ladder at its highest, predicted before it starts: the reference stays open, each rung is encoded
// into memory, run on the texts and put to the panel, and the largest of these moments counts. An upper bound: answers
// may end early, and the encoder may need less than it is allowed. Pure.
#pragma once

#include <span>

#include "ladder/rung.h"
#include "measure/perplexity.h"

namespace rung {

struct LadderMemory {
  uint64_t text = 0;              ///< metadata and tokenizer
  uint64_t reference_logits = 0;  ///< those kept, or of one chunk
  uint64_t reference = 0;         ///< its session on the texts
  uint64_t rung = 0;              ///< of the rung and the moment that need most: encoded weights, and beside them the
                                  ///< encoder's bands, or a session on the texts, or one on the panel
  uint64_t file = 0;              ///< pages of the model file: all, because it is hashed

  uint64_t anonymous() const { return text + reference_logits + reference + rung; }
};

/// rungs[0] is the reference. panel: as the panel will be generated.
LadderMemory predict_ladder_memory(const LadderInputs& inputs, std::span<const Rung> rungs,
                                   const ChunkLogits& reference, const GenerateOptions& panel, size_t threads);

}  // namespace rung
