// A compiled grammar: values that may stand somewhere, the nodes that write them, and the script around them. Made by
// schema_compiler.h and tool_grammar.h, run by stack_machine.h. Immutable once made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "grammar/byte_trie.h"
#include "grammar/decimal_range.h"

namespace rung {

using ValueId = uint32_t;

inline constexpr ValueId kNoValue = UINT32_MAX;
inline constexpr uint32_t kNoLimit = UINT32_MAX;
/// Levels of a value, a $ref or anyOf counting as one too: less than the validator stands, which counts so.
inline constexpr uint32_t kMaxHeight = 64;

enum class NodeKind : uint8_t { kLiteral, kString, kNumber, kObject, kArray };

struct Property {
  ValueId value = kNoValue;
  bool is_required = false;
};

/// One way to write a value: what of it is used depends on the kind.
struct Node {
  NodeKind kind = NodeKind::kLiteral;
  ByteTrie spellings;                   ///< of literals; of the names of properties, quotes apart
  uint32_t least = 0, most = kNoLimit;  ///< characters, items, properties
  DecimalRange range;
  std::vector<Property> properties;  ///< as in `spellings`
  ValueId others = kNoValue;         ///< of properties without a name of their own, of items
  std::vector<ValueId> first_items;
  uint32_t height = 0;  ///< levels of the flattest value, in the validator's count
};

/// A node that may write a value; `hops` of $ref, anyOf and the like lead to it, which count in the validator's depth.
struct Alternative {
  uint32_t node = 0;
  uint32_t hops = 0;
};

struct Value {
  std::vector<Alternative> alternatives;
  uint32_t height = 0;  ///< of the flattest alternative, with hops; above kMaxHeight: nothing can be written
};

/// One step of the text around the values.
struct Step {
  enum class Kind : uint8_t {
    kText,   ///< exactly `text`
    kSpace,  ///< white space, or none
    kValue,
    kProse,  ///< any characters, until `text` stands there (never, if it is empty)
  };
  Kind kind = Kind::kText;
  std::string text;
  ValueId value = kNoValue;
  std::string not_first;  ///< of prose: its first byte that is no white space is none of these
  bool may_end = false;   ///< all may end before this step; prose may end anywhere
};

struct GrammarRules {
  std::vector<Node> nodes;
  std::vector<Value> values;
  std::vector<std::vector<Step>> scripts;  ///< each is a way to write the whole
};

}  // namespace rung
