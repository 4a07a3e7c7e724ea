#include "grammar/automaton.h"

#include <algorithm>

namespace rung {
namespace {

constexpr Automaton::State kUnknown = UINT32_MAX;

}  // namespace

size_t Automaton::StateHash::operator()(const std::vector<StackId>& stacks) const {
  uint64_t hash = stacks.size();
  for (const StackId stack : stacks) hash = mix_hash(hash, stack);
  return hash;
}

Automaton::Automaton(Grammar grammar)
    : grammar_(std::move(grammar)), machine_(std::make_unique<StackMachine>(grammar_.rules())) {
  state_of({});
}

/// In order of appearance, not of number: which stacks are followed then does not depend on what was walked before.
Automaton::State Automaton::state_of(const std::vector<StackId>& stacks) {
  std::vector<StackId> kept;
  for (const StackId stack : stacks) {
    if (kept.size() == kMaxReadings) break;
    if (std::find(kept.begin(), kept.end(), stack) == kept.end()) kept.push_back(stack);
  }
  const State state = states_.id_of(kept);
  rows_.resize(states_.size());
  return state;
}

Automaton::State Automaton::start() { return state_of(machine_->start()); }

Automaton::State Automaton::step(State state, uint8_t byte) {
  if (state == kDead) return kDead;
  if (!rows_[state]) {
    rows_[state] = std::make_unique<Row>();
    rows_[state]->fill(kUnknown);
  }
  if (const State known = (*rows_[state])[byte]; known != kUnknown) return known;
  std::vector<StackId> next;
  for (const StackId stack : states_[state]) machine_->step(stack, byte, next);
  const State reached = state_of(next);
  (*rows_[state])[byte] = reached;
  return reached;
}

bool Automaton::may_end(State state) const {
  const std::vector<StackId>& stacks = states_[state];
  return std::any_of(stacks.begin(), stacks.end(), [this](StackId stack) { return machine_->may_end(stack); });
}

bool Automaton::must_end(State state) {
  for (unsigned byte = 0; byte < 256; ++byte)
    if (step(state, static_cast<uint8_t>(byte)) != kDead) return false;
  return true;
}

Automaton::State Automaton::forget_others(State state) {
  auto machine = std::make_unique<StackMachine>(grammar_.rules());
  std::vector<StackId> stacks;
  for (const StackId stack : states_[state]) stacks.push_back(machine->copy(*machine_, stack));
  machine_ = std::move(machine);
  states_ = {};
  rows_.clear();
  state_of({});
  return state_of(stacks);
}

}  // namespace rung
