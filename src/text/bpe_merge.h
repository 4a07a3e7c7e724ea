// The merge loop that both tokenizers share: of all adjacent pairs that may merge, the cheapest (the leftmost among
// equals) is merged, until none is left. O(n log n) for n symbols.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "text/tokenizer.h"

namespace rung {

constexpr Token kNoToken = -1;

/// A piece of text on its way to a token. Symbols form a list; a symbol swallowed by its left neighbour has size 0.
struct BpeSymbol {
  uint32_t begin = 0, size = 0;  ///< bytes of the text
  Token token = kNoToken;        ///< kNoToken: these bytes are no token (yet)
  int32_t previous = -1, next = -1;
};

struct BpeMerge {
  double cost = 0;  ///< lower merges first
  Token token = kNoToken;
};

class BpeMerger {
 public:
  void clear() { symbols_.clear(); }
  void add(uint32_t begin, uint32_t size, Token token) {
    const auto index = static_cast<int32_t>(symbols_.size());
    if (index > 0) symbols_.back().next = index;
    symbols_.push_back({begin, size, token, index - 1, -1});
  }

  /// `propose(left, right)` gives std::optional<BpeMerge>; `emit(symbol)` takes what remains, from left to right.
  template <class Propose, class Emit>
  void run(const Propose& propose, const Emit& emit) {
    for (size_t right = 1; right < symbols_.size(); ++right) consider(static_cast<int32_t>(right - 1), propose);
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      BpeSymbol& left = symbols_[static_cast<size_t>(best.left)];
      BpeSymbol& right = symbols_[static_cast<size_t>(best.right)];
      // Symbols only grow or vanish, so an unchanged total means that neither has changed since.
      if (left.size == 0 || right.size == 0 || left.size + right.size != best.size) continue;
      left.size = best.size;
      left.token = best.merge.token;
      left.next = right.next;
      right.size = 0;
      if (left.next >= 0) symbols_[static_cast<size_t>(left.next)].previous = best.left;
      if (left.previous >= 0) consider(left.previous, propose);
      consider(best.left, propose);
    }
    for (const BpeSymbol& symbol : symbols_) {
      if (symbol.size > 0) emit(symbol);
    }
  }

 private:
  struct Candidate {
    BpeMerge merge;
    int32_t left = 0, right = 0;
    uint32_t size = 0;                              ///< of both together when proposed
    bool operator<(const Candidate& other) const {  // priority_queue gives the greatest first
      return merge.cost != other.merge.cost ? merge.cost > other.merge.cost : left > other.left;
    }
  };

  template <class Propose>
  void consider(int32_t left_index, const Propose& propose) {
    const BpeSymbol& left = symbols_[static_cast<size_t>(left_index)];
    if (left.next < 0) return;
    const BpeSymbol& right = symbols_[static_cast<size_t>(left.next)];
    if (const std::optional<BpeMerge> merge = propose(left, right)) {
      queue_.push({*merge, left_index, left.next, left.size + right.size});
    }
  }

  std::vector<BpeSymbol> symbols_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace rung
