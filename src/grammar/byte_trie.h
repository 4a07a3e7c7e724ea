// Sorted byte strings as a tree, one level a byte: the spellings of an enum, the names of an object's properties, the
// tokens of a vocabulary. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rung {

class ByteTrie {
 public:
  static constexpr uint32_t kRoot = 0, kNone = UINT32_MAX;

  struct Edge {
    uint8_t byte = 0;
    uint32_t node = 0;
  };
  /// Strings are known by their index in the sorted list. [first, last) begin with the node's path; [first, longer) are
  /// the path itself.
  struct Node {
    uint32_t first = 0, longer = 0, last = 0;
    uint32_t edges_begin = 0, edges_end = 0;
  };

  ByteTrie() : ByteTrie(std::span<const std::string>()) {}
  /// `sorted` in byte order, fewer than 2^32; repeated strings are kept apart by their index.
  explicit ByteTrie(std::span<const std::string> sorted);

  const Node& node(uint32_t index) const { return nodes_[index]; }
  std::span<const Edge> edges(uint32_t index) const {
    const Node& node = nodes_[index];
    return std::span(edges_).subspan(node.edges_begin, node.edges_end - node.edges_begin);
  }
  /// kNone where no string goes on so.
  uint32_t child(uint32_t index, uint8_t byte) const;
  bool ends(uint32_t index) const { return nodes_[index].first != nodes_[index].longer; }

 private:
  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
};

}  // namespace rung
