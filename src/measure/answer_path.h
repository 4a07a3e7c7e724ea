// Deciding a greedy answer without generating it. One prefill of prompt and gold text tells the greedy token after
// every token of the gold text. As long as these are the gold text's own, the model is writing it; where the first one
// is not, the answer leaves the gold text, with a token that is known too. docs/scoring.md says for which items that
// decides the verdict. Pure.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/panel_items.h"
#include "text/tokenizer.h"

namespace rung {

/// False only if no text that begins so is right. True for every beginning of every right answer. Exact answers are
/// told apart at their first wrong letter; answers of other graders, and those of which only a part is graded, may
/// always still become right.
bool may_become_right(const PanelItem& item, std::string_view beginning);

enum class PathState {
  kEnded,  ///< the tokens are the whole answer
  kWrong,  ///< they are its beginning, and no answer that begins so is right
  kOpen,   ///< they are its beginning: what follows must be generated
};

struct AnswerPath {
  PathState state = PathState::kOpen;
  std::vector<Token> tokens;  ///< of the greedy answer, without the token that ends it
  size_t predictions = 0;     ///< that led here: one for each token, and one for the end where it was predicted
};

struct PathRules {
  std::function<bool(Token)> ends;                               ///< ends an answer
  std::function<bool(std::span<const Token>)> is_complete;       ///< the answer is cut after these tokens
  std::function<bool(std::span<const Token>)> may_become_right;  ///< of an answer's first tokens
};

/// gold: may be empty. greedy: the greedy token before each token of the gold text and after the last one, so one more
/// than gold has.
AnswerPath follow_gold(std::span<const Token> gold, std::span<const Token> greedy, const PathRules& rules);

}  // namespace rung
