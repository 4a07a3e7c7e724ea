// Objects: properties in any order, each once, the required ones all.
#include <algorithm>

#include "grammar/stack_machine.h"

namespace rung {
namespace {

using State = Frame::State;

constexpr uint32_t kOther = UINT32_MAX;  // a property without a name of its own

}  // namespace

size_t StackMachine::missing(const Frame& frame) const {
  const auto& properties = rules_.nodes[frame.node].properties;
  const std::vector<bool>& keys = keys_[frame.keys];
  size_t count = 0;
  for (size_t index = 0; index < properties.size(); ++index) count += properties[index].is_required && !keys[index];
  return count;
}

/// Room is kept for the required ones.
bool StackMachine::may_add(const Frame& frame, uint32_t property) const {
  const Node& node = rules_.nodes[frame.node];
  const Property& wanted = node.properties[property];
  if (keys_[frame.keys][property] || !fits(wanted.value, frame.depth + 1)) return false;
  return node.most == kNoLimit || wanted.is_required || frame.count + missing(frame) < node.most;
}

bool StackMachine::may_add_any(const Frame& frame, uint32_t first, uint32_t last) const {
  for (uint32_t property = first; property < last; ++property)
    if (may_add(frame, property)) return true;
  return false;
}

bool StackMachine::may_add_other(const Frame& frame) const {
  return fits(rules_.nodes[frame.node].others, frame.depth + 1);
}

bool StackMachine::may_add_property(const Frame& frame) const {
  const auto count = static_cast<uint32_t>(rules_.nodes[frame.node].properties.size());
  return may_add_other(frame) || may_add_any(frame, 0, count);
}

bool StackMachine::may_close_object(const Frame& frame) const {
  return frame.count >= rules_.nodes[frame.node].least && missing(frame) == 0;
}

void StackMachine::step_object(Frame frame, uint8_t byte, Stacks& next) {
  if (frame.state == State::kName) return step_name(frame, byte, next);
  if (is_json_space(byte)) {
    if (frame.spaces++ < kMaxSpaces) push(frame, next);
    return;
  }
  frame.spaces = 0;
  if (frame.state == State::kValue) {
    const Node& node = rules_.nodes[frame.node];
    const ValueId value = frame.place == kOther ? node.others : node.properties[frame.place].value;
    frame.state = State::kAfter;
    frame.place = 0;
    return enter(value, frame, frame.depth + 1, byte, next);
  }
  if (frame.state == State::kColon) {
    frame.state = State::kValue;
    if (byte == ':') push(frame, next);
    return;
  }
  if (byte == '}') {
    if (frame.state != State::kNextItem && may_close_object(frame)) next.push_back(frame.parent);
    return;
  }
  if (byte != (frame.state == State::kAfter ? ',' : '"') || !may_add_property(frame)) return;
  frame.state = frame.state == State::kAfter ? State::kNextItem : State::kName;
  frame.place = ByteTrie::kRoot;
  push(frame, next);
}

/// The name is followed through the known ones as long as it is like one of them, so that a property without a name of
/// its own never gets a known one's.
void StackMachine::step_name(Frame frame, uint8_t byte, Stacks& next) {
  if (frame.text == TextState::kText && byte == '"') return end_name(frame, next);
  const auto text = next_in_name(frame.text, byte);
  if (!text) return;
  frame.text = *text;
  const ByteTrie& names = rules_.nodes[frame.node].spellings;
  if (frame.place != ByteTrie::kNone) frame.place = names.child(frame.place, byte);
  if (!may_add_other(frame)) {
    if (frame.place == ByteTrie::kNone) return;
    const ByteTrie::Node& like = names.node(frame.place);
    if (!may_add_any(frame, like.first, like.last)) return;
  }
  push(frame, next);
}

void StackMachine::end_name(Frame frame, Stacks& next) {
  const Node& node = rules_.nodes[frame.node];
  frame.state = State::kColon;
  if (frame.place != ByteTrie::kNone && node.spellings.ends(frame.place)) {
    const uint32_t property = node.spellings.node(frame.place).first;
    if (!may_add(frame, property)) return;
    std::vector<bool> keys = keys_[frame.keys];
    keys[property] = true;
    frame.keys = keys_.id_of(keys);
    frame.place = property;
  } else {
    if (!may_add_other(frame)) return;
    frame.place = kOther;
  }
  frame.count = node.most == kNoLimit ? std::min(frame.count + 1, node.least) : frame.count + 1;
  push(frame, next);
}

}  // namespace rung
