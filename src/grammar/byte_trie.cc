#include "grammar/byte_trie.h"

#include <algorithm>

namespace rung {

ByteTrie::ByteTrie(std::span<const std::string> sorted) {
  std::vector<uint32_t> depths = {0};
  nodes_.push_back({0, 0, static_cast<uint32_t>(sorted.size()), 0, 0});
  // Level by level, so that the length of a string costs no stack.
  for (uint32_t index = 0; index < nodes_.size(); ++index) {
    Node node = nodes_[index];
    const uint32_t depth = depths[index];
    node.longer = node.first;
    while (node.longer < node.last && sorted[node.longer].size() == depth) ++node.longer;
    node.edges_begin = static_cast<uint32_t>(edges_.size());
    for (uint32_t begin = node.longer; begin < node.last;) {
      const char byte = sorted[begin][depth];
      uint32_t end = begin + 1;
      while (end < node.last && sorted[end][depth] == byte) ++end;
      edges_.push_back({static_cast<uint8_t>(byte), static_cast<uint32_t>(nodes_.size())});
      nodes_.push_back({begin, begin, end, 0, 0});
      depths.push_back(depth + 1);
      begin = end;
    }
    node.edges_end = static_cast<uint32_t>(edges_.size());
    nodes_[index] = node;
  }
}

uint32_t ByteTrie::child(uint32_t index, uint8_t byte) const {
  const auto all = edges(index);
  const auto found = std::lower_bound(all.begin(), all.end(), byte,
                                      [](const Edge& edge, uint8_t wanted) { return edge.byte < wanted; });
  return found != all.end() && found->byte == byte ? found->node : kNone;
}

}  // namespace rung
