// Reads what GGUF metadata says of the tokenizer (tokenizer.ggml.*).
#pragma once

#include "base/status.h"
#include "io/gguf.h"
#include "text/tokenizer.h"

namespace rung {

/// Types, counts and id ranges are checked; absent keys stay empty. Only tokenizer.ggml.model is required: what else a
/// model needs, and which models there are, Tokenizer::create() decides. Errors name file and key.
Result<TokenizerSpec> tokenizer_spec(const GgufFile& file);

}  // namespace rung
