#include "text/tokenizer_specials.h"

#include <functional>
#include <map>

namespace rung {

bool SpecialTokens::counts(TokenKind kind, bool all) {
  return kind == TokenKind::kUserDefined || (all && (kind == TokenKind::kControl || kind == TokenKind::kUnknown));
}

std::vector<SpecialTokens::Group> SpecialTokens::groups_of(const Vocabulary& vocab, bool all) {
  std::map<size_t, std::bitset<256>, std::greater<>> by_length;
  for (Token token = 0; vocab.has(token); ++token) {
    const std::string& text = vocab.text(token);
    if (counts(vocab.kind(token), all)) by_length[text.size()].set(static_cast<uint8_t>(text[0]));
  }
  std::vector<Group> groups;
  for (const auto& [length, first_bytes] : by_length) groups.push_back({length, first_bytes});
  return groups;
}

SpecialTokens::SpecialTokens(const Vocabulary& vocab)
    : vocab_(vocab), user_groups_(groups_of(vocab, false)), all_groups_(groups_of(vocab, true)) {}

std::vector<TextFragment> SpecialTokens::split(std::string_view text, bool all) const {
  struct Match {
    size_t length;
    Token token;
  };
  std::map<size_t, Match> matches;       // by place
  std::vector<bool> taken(text.size());  // belongs to a match
  for (const Group& group : all ? all_groups_ : user_groups_) {
    for (size_t at = 0; at + group.length <= text.size(); ++at) {
      // Earlier matches are at least as long, so one that overlaps covers an end of this one.
      if (!group.first_bytes[static_cast<uint8_t>(text[at])] || taken[at] || taken[at + group.length - 1]) continue;
      const Token token = vocab_.find(text.substr(at, group.length));
      if (token == kNoToken || !counts(vocab_.kind(token), all)) continue;
      matches.emplace(at, Match{group.length, token});
      std::fill_n(taken.begin() + static_cast<ptrdiff_t>(at), group.length, true);
    }
  }
  std::vector<TextFragment> fragments;
  size_t begin = 0;
  for (const auto& [at, match] : matches) {
    if (at > begin) fragments.push_back({text.substr(begin, at - begin)});
    fragments.push_back({text.substr(at, match.length), match.token});
    begin = at + match.length;
  }
  if (begin < text.size()) fragments.push_back({text.substr(begin)});
  return fragments;
}

}  // namespace rung
