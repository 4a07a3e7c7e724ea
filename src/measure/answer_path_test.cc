// An answer decided by one prefill is the answer that generation gives: for any model, any gold text, any cut.
#include "measure/answer_path.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "measure/grader.h"

namespace rung {
namespace {

constexpr Token kEndToken = 0, kOtherEnd = 1;
const std::vector<std::string> kPieces = {"", "", "a", "b", "ab", " ", "\n", "1", "2", "12", "ba", "b "};

std::string decode(std::span<const Token> tokens) {
  std::string text;
  for (const Token token : tokens) text += kPieces[static_cast<size_t>(token)];
  return text;
}

bool ends(Token token) { return token == kEndToken || token == kOtherEnd; }

/// A model without weights: its next token depends on all tokens before, and is the gold text's own most of the time.
struct FakeModel {
  uint64_t seed;
  std::vector<Token> gold;
  uint64_t slips;  ///< in 16 predictions

  Token next(std::span<const Token> before) const {
    uint64_t state = seed;
    for (const Token token : before) state = Rng(state ^ static_cast<uint64_t>(token + 1)).next();
    Rng rng(state);
    const bool on_gold = before.size() <= gold.size() && std::equal(before.begin(), before.end(), gold.begin());
    if (on_gold && rng.below(16) >= slips) return before.size() == gold.size() ? kEndToken : gold[before.size()];
    return rng.below(3) == 0 ? kOtherEnd : static_cast<Token>(rng.below(kPieces.size()));
  }
  std::vector<Token> generate(size_t max_new) const {
    std::vector<Token> answer;
    while (answer.size() < max_new) {
      const Token token = next(answer);
      if (ends(token)) break;
      answer.push_back(token);
    }
    return answer;
  }
};

PanelItem item_of(Grader grader, nlohmann::ordered_json answer) {
  PanelItem item;
  item.grader = grader;
  item.answer = std::make_shared<const nlohmann::ordered_json>(std::move(answer));
  return item;
}

TEST(AnswerPath, VerdictsAreThoseOfGeneration) {
  Rng rng(1);
  size_t ended = 0, wrong = 0, open = 0, open_right = 0;
  for (size_t round = 0; round < 20000; ++round) {
    FakeModel model{rng.next(), {}, 1 + rng.below(6)};
    const size_t length = rng.below(5);
    for (size_t token = 0; token < length; ++token)
      model.gold.push_back(static_cast<Token>(2 + rng.below(kPieces.size() - 2)));
    const bool exact = rng.below(2) == 0;
    const PanelItem item =
        exact ? item_of(Grader::kExact, decode(model.gold)) : item_of(Grader::kNumber, rng.below(2) == 0 ? 12 : 1);
    const size_t max_new = 1 + rng.below(8);
    std::vector<Token> greedy;
    for (size_t place = 0; place <= model.gold.size(); ++place)
      greedy.push_back(model.next(std::span(model.gold).first(place)));
    const auto may = [&](std::span<const Token> tokens) { return may_become_right(item, decode(tokens)); };
    const auto is_complete = [&](std::span<const Token> tokens) { return tokens.size() == max_new; };
    const AnswerPath path = follow_gold(model.gold, greedy, {ends, is_complete, may});

    const std::vector<Token> answer = model.generate(max_new);
    const bool right = grade(item, decode(answer));
    ASSERT_LE(path.tokens.size(), answer.size());
    ASSERT_TRUE(std::equal(path.tokens.begin(), path.tokens.end(), answer.begin()));
    ASSERT_LE(path.predictions, path.tokens.size() + 1);
    if (path.state == PathState::kEnded) {
      ++ended;
      ASSERT_EQ(path.tokens, answer);
    } else if (path.state == PathState::kWrong) {
      ++wrong;
      ASSERT_FALSE(right) << decode(answer) << " for " << item.answer->dump();
      ASSERT_TRUE(exact);
    } else {
      ++open;
      open_right += right && exact;
    }
  }
  EXPECT_GT(ended, 1000u);
  EXPECT_GT(wrong, 1000u);
  EXPECT_GT(open, 1000u);
  EXPECT_GT(open_right, 10u);  // right by another cut into tokens, or by white space: no prefill of the gold text tells
}

TEST(AnswerPath, EveryBeginningOfARightAnswerMayBecomeRight) {
  const std::vector<std::pair<PanelItem, std::string>> cases = {
      {item_of(Grader::kExact, " red hat\n"), "\n red hat \t"},
      {item_of(Grader::kExact, ""), "  "},
      {item_of(Grader::kShortAnswer, "Red"), "No idea. Answer: **red**."},
      {item_of(Grader::kNumber, 70), "84 less 14 is 70"},
      {item_of(Grader::kNoToolCall, nullptr), "I have no tool for that."}};
  for (const auto& [item, text] : cases) {
    ASSERT_TRUE(grade(item, text)) << text;
    for (size_t length = 0; length <= text.size(); ++length)
      EXPECT_TRUE(may_become_right(item, text.substr(0, length))) << text.substr(0, length);
  }
  const PanelItem item = item_of(Grader::kExact, "red hat");
  for (const char* text : {"x", "red c", "red  hat", "red hats", "red hat.", " Red"})
    EXPECT_FALSE(may_become_right(item, text)) << text;
}

}  // namespace
}  // namespace rung
