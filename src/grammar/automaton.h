// A grammar as a deterministic automaton over bytes, made as far as it is walked: a state is the list of stacks that
// the text may have led to. Not thread-safe; keeps its grammar alive.
//
// Where a schema is ambiguous, at most kMaxReadings stacks are followed, the first ones: texts that only later ones
// would allow are then refused; what is accepted still validates, and every state can still be finished.
#pragma once

#include <array>
#include <memory>

#include "grammar/grammar.h"
#include "grammar/stack_machine.h"

namespace rung {

class Automaton {
 public:
  using State = uint32_t;
  static constexpr State kDead = 0;
  static constexpr size_t kMaxReadings = 256;

  explicit Automaton(Grammar grammar);

  State start();
  /// kDead where the byte cannot come; from there everything leads to kDead.
  State step(State state, uint8_t byte);
  /// The text may end here.
  bool may_end(State state) const;
  /// It must: no byte leads on.
  bool must_end(State state);

  /// States known so far.
  size_t size() const { return states_.size(); }
  /// Forgets all but one state, whose new number is returned.
  State forget_others(State state);

 private:
  struct StateHash {
    size_t operator()(const std::vector<StackId>& stacks) const;
  };
  using Row = std::array<State, 256>;

  State state_of(const std::vector<StackId>& stacks);

  Grammar grammar_;
  std::unique_ptr<StackMachine> machine_;
  Interned<std::vector<StackId>, StateHash> states_;
  std::vector<std::unique_ptr<Row>> rows_;  ///< by state; where a step leads, if known
};

}  // namespace rung
