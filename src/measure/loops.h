// Runaway generation: an answer that does not end because the model says the same thing again and again.
#pragma once

#include <span>

#include "text/tokenizer.h"

namespace rung {

/// The tokens end in a loop: the last ones are one block of p tokens over and over, three times at least and for 24
/// tokens at least. Partial repetitions count: the last max(3 p, 24) tokens each equal the one p places before. Blocks
/// are up to 64 tokens long. So a list that counts on is no loop, a sentence said three times at the end is one.
bool ends_in_loop(std::span<const Token> tokens);

}  // namespace rung
