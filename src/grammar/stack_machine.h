// Runs a compiled grammar byte by byte: a pushdown machine whose stack is a list of frames, the script below, a frame
// for each value that is being written above it. Stacks are kept once and known by a number, so equal situations are
// found again. One machine follows one text (and what might follow it); not thread-safe. The rules outlive it.
//
// Every stack that is ever returned can still be finished: a value is entered only where it can be ended, and no byte
// is taken after which it could not.
#pragma once

#include <span>
#include <vector>

#include "grammar/interned.h"
#include "grammar/rules.h"
#include "grammar/string_scanner.h"

namespace rung {

using StackId = uint32_t;

/// White space between two parts of JSON: enough for a line break and the indentation of deep values; not for ever, or
/// a damaged model writes nothing else.
inline constexpr uint8_t kMaxSpaces = 40;

inline bool is_json_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }

struct Frame {
  /// How far it is.
  enum class State : uint8_t {
    kScript,    ///< the frame at the bottom
    kScalar,    ///< inside a literal, a string, a number
    kOpen,      ///< after { or [
    kName,      ///< inside a property's name
    kColon,     ///< before the colon
    kValue,     ///< before the value of `property`
    kAfter,     ///< after a value
    kNextItem,  ///< after a comma
  };

  StackId parent = 0;
  uint32_t node = 0;   ///< of the rules; of a script its index
  uint32_t count = 0;  ///< characters, items, properties so far; of a script, which step
  uint32_t place = 0;  ///< in a trie of spellings; property; in a script's text
  uint32_t keys = 0;   ///< the set of properties written
  uint32_t depth = 0;  ///< as the validator counts it
  State state = State::kScript;
  TextState text = TextState::kText;
  uint8_t spaces = 0;
  DecimalPrefix number;

  bool operator==(const Frame& other) const = default;
};

class StackMachine {
 public:
  explicit StackMachine(const GrammarRules& rules);

  /// One stack for each script.
  std::vector<StackId> start();
  /// Appends to `next` the stacks that the byte leads to; none where it cannot come here.
  void step(StackId stack, uint8_t byte, std::vector<StackId>& next);
  /// The text may end here.
  bool may_end(StackId stack) const;
  /// Stacks kept.
  size_t size() const { return frames_.size(); }
  /// The stack of another machine with the same rules.
  StackId copy(const StackMachine& other, StackId stack);

 private:
  struct FrameHash {
    size_t operator()(const Frame& frame) const;
  };
  struct KeysHash {
    size_t operator()(const std::vector<bool>& keys) const { return std::hash<std::vector<bool>>()(keys); }
  };
  using Stacks = std::vector<StackId>;

  void push(const Frame& frame, Stacks& next) { next.push_back(frames_.id_of(frame)); }
  void step_script(Frame frame, uint8_t byte, Stacks& next);
  bool step_prose(Frame& frame, const Step& step, uint8_t byte) const;
  void enter(ValueId value, const Frame& after, uint32_t depth, uint8_t byte, Stacks& next);
  void start_node(uint32_t node, Frame frame, uint8_t byte, Stacks& next);
  void step_literal(Frame frame, uint8_t byte, Stacks& next);
  void step_string(Frame frame, uint8_t byte, Stacks& next);
  void step_number(Frame frame, uint8_t byte, Stacks& next);
  void step_array(Frame frame, uint8_t byte, Stacks& next);
  void step_object(Frame frame, uint8_t byte, Stacks& next);
  void step_name(Frame frame, uint8_t byte, Stacks& next);
  void end_name(Frame frame, Stacks& next);

  bool fits(ValueId value, uint32_t depth) const;
  void enter_item(Frame frame, uint8_t byte, Stacks& next);
  bool may_add_item(const Frame& frame) const;
  bool may_add(const Frame& frame, uint32_t property) const;
  bool may_add_any(const Frame& frame, uint32_t first, uint32_t last) const;
  bool may_add_other(const Frame& frame) const;
  bool may_add_property(const Frame& frame) const;
  bool may_close_object(const Frame& frame) const;
  size_t missing(const Frame& frame) const;
  bool is_whole_scalar(const Frame& frame) const;

  const GrammarRules& rules_;
  Interned<Frame, FrameHash> frames_;
  Interned<std::vector<bool>, KeysHash> keys_;
};

}  // namespace rung
