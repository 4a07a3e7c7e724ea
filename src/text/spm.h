// SentencePiece-style BPE with byte fallback (tokenizer.ggml.model "llama"): characters merge to the token of the best
// score first; what is no token becomes its bytes <0xXX>.
#pragma once

#include <string_view>
#include <vector>

#include "text/tokenizer_vocab.h"

namespace rung {

/// Appends the tokens of running text (no special tokens inside); spaces in it count as U+2581.
void spm_encode(const Vocabulary& vocab, std::string_view text, bool space_prefix, std::vector<Token>& out);

/// Bytes of a normal token in running text.
std::string spm_piece(std::string_view token_text);

}  // namespace rung
