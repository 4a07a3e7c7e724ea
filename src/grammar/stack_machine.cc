#include "grammar/stack_machine.h"

#include <algorithm>

namespace rung {
namespace {

using State = Frame::State;

/// How much of `wanted` is written once the byte follows its first `matched` (Knuth, Morris, Pratt 1977).
uint32_t match_more(const std::string& wanted, uint32_t matched, uint8_t byte) {
  const std::string written = wanted.substr(0, matched) + static_cast<char>(byte);
  for (size_t length = std::min(written.size(), wanted.size()); length > 0; --length)
    if (wanted.compare(0, length, written, written.size() - length, length) == 0) return static_cast<uint32_t>(length);
  return 0;
}

}  // namespace

size_t StackMachine::FrameHash::operator()(const Frame& frame) const {
  uint64_t hash = mix_hash(frame.parent, frame.node);
  for (const uint64_t part : {uint64_t{frame.count}, uint64_t{frame.place}, uint64_t{frame.keys}, frame.number.digits})
    hash = mix_hash(hash, part);
  hash =
      mix_hash(hash, static_cast<uint64_t>(frame.state) << 16 | static_cast<uint64_t>(frame.text) << 8 | frame.spaces);
  const DecimalPrefix& number = frame.number;
  return mix_hash(hash, static_cast<uint64_t>(number.state) << 24 | uint64_t{number.integer_digits} << 16 |
                            uint64_t{number.later_digits} << 8 | uint64_t{number.is_negative});
}

StackMachine::StackMachine(const GrammarRules& rules) : rules_(rules) {}

std::vector<StackId> StackMachine::start() {
  Stacks stacks;
  for (uint32_t script = 0; script < rules_.scripts.size(); ++script) {
    Frame frame;
    frame.node = script;
    push(frame, stacks);
  }
  return stacks;
}

void StackMachine::step(StackId stack, uint8_t byte, Stacks& next) {
  const Frame frame = frames_[stack];
  if (frame.state == State::kScript) return step_script(frame, byte, next);
  switch (rules_.nodes[frame.node].kind) {
    case NodeKind::kLiteral:
      return step_literal(frame, byte, next);
    case NodeKind::kString:
      return step_string(frame, byte, next);
    case NodeKind::kNumber:
      return step_number(frame, byte, next);
    case NodeKind::kArray:
      return step_array(frame, byte, next);
    case NodeKind::kObject:
      return step_object(frame, byte, next);
  }
}

bool StackMachine::is_whole_scalar(const Frame& frame) const {
  if (frame.state != State::kScalar) return false;
  const Node& node = rules_.nodes[frame.node];
  if (node.kind == NodeKind::kLiteral) return node.spellings.ends(frame.place);
  return node.kind == NodeKind::kNumber && node.range.is_complete(frame.number);
}

bool StackMachine::may_end(StackId stack) const {
  const Frame& frame = frames_[stack];
  if (frame.state != State::kScript) return is_whole_scalar(frame) && may_end(frame.parent);
  const auto& steps = rules_.scripts[frame.node];
  if (frame.count == steps.size()) return true;
  const Step& step = steps[frame.count];
  if (step.kind == Step::Kind::kProse) return frame.text == TextState::kText;
  return step.may_end && frame.place == 0 && frame.spaces == 0;
}

StackId StackMachine::copy(const StackMachine& other, StackId stack) {
  std::vector<Frame> frames = {other.frames_[stack]};
  while (frames.back().state != State::kScript) frames.push_back(other.frames_[frames.back().parent]);
  StackId parent = 0;
  for (size_t left = frames.size(); left-- > 0;) {
    Frame& frame = frames[left];
    frame.parent = parent;
    const bool has_keys = frame.state != State::kScript && rules_.nodes[frame.node].kind == NodeKind::kObject;
    if (has_keys) frame.keys = keys_.id_of(other.keys_[frame.keys]);
    parent = frames_.id_of(frame);
  }
  return parent;
}

void StackMachine::step_script(Frame frame, uint8_t byte, Stacks& next) {
  const auto& steps = rules_.scripts[frame.node];
  for (; frame.count < steps.size(); ++frame.count, frame.spaces = 0) {
    const Step& step = steps[frame.count];
    if (step.kind == Step::Kind::kSpace && !is_json_space(byte)) continue;
    switch (step.kind) {
      case Step::Kind::kSpace:
        if (frame.spaces++ < kMaxSpaces) push(frame, next);
        return;
      case Step::Kind::kText:
        if (static_cast<uint8_t>(step.text[frame.place]) != byte) return;
        if (++frame.place == step.text.size()) ++frame.count, frame.place = 0;
        return push(frame, next);
      case Step::Kind::kProse:
        if (step_prose(frame, step, byte)) push(frame, next);
        return;
      case Step::Kind::kValue:
        ++frame.count;
        return enter(step.value, frame, 0, byte, next);
    }
  }
}

/// `spaces` is 0 while nothing but white space was written.
bool StackMachine::step_prose(Frame& frame, const Step& step, uint8_t byte) const {
  const auto text = next_in_utf8(frame.text, byte);
  if (!text) return false;
  if (!is_json_space(byte) && frame.spaces == 0) {
    if (step.not_first.find(static_cast<char>(byte)) != std::string::npos) return false;
    frame.spaces = 1;
  }
  frame.text = *text;
  if (step.text.empty()) return true;
  frame.place = match_more(step.text, frame.place, byte);
  if (frame.place == step.text.size()) ++frame.count, frame.place = 0, frame.spaces = 0;
  return true;
}

bool StackMachine::fits(ValueId value, uint32_t depth) const {
  return value != kNoValue && depth + rules_.values[value].height <= kMaxHeight;
}

/// `after`: the frame below, as it stands once the value is written.
void StackMachine::enter(ValueId value, const Frame& after, uint32_t depth, uint8_t byte, Stacks& next) {
  Frame frame;
  frame.parent = frames_.id_of(after);
  for (const Alternative& alternative : rules_.values[value].alternatives) {
    frame.depth = depth + alternative.hops;
    if (frame.depth + rules_.nodes[alternative.node].height > kMaxHeight) continue;
    start_node(alternative.node, frame, byte, next);
  }
}

void StackMachine::start_node(uint32_t index, Frame frame, uint8_t byte, Stacks& next) {
  const Node& node = rules_.nodes[index];
  frame.node = index;
  frame.state = State::kScalar;
  switch (node.kind) {
    case NodeKind::kLiteral:
      return step_literal(frame, byte, next);
    case NodeKind::kString:
      if (byte == '"') push(frame, next);
      return;
    case NodeKind::kNumber:
      if (node.range.start(frame.number, byte)) push(frame, next);
      return;
    case NodeKind::kArray:
      frame.state = State::kOpen;
      if (byte == '[') push(frame, next);
      return;
    case NodeKind::kObject:
      frame.state = State::kOpen;
      if (byte != '{') return;
      frame.keys = keys_.id_of(std::vector<bool>(node.properties.size()));
      return push(frame, next);
  }
}

/// A literal may be the beginning of another, 1 of 12: then what follows decides, as with numbers.
void StackMachine::step_literal(Frame frame, uint8_t byte, Stacks& next) {
  const ByteTrie& spellings = rules_.nodes[frame.node].spellings;
  const uint32_t place = spellings.child(frame.place, byte);
  if (place == ByteTrie::kNone) {
    if (is_whole_scalar(frame)) step(frame.parent, byte, next);
    return;
  }
  frame.place = place;
  if (spellings.edges(place).empty()) return next.push_back(frame.parent);
  push(frame, next);
}

void StackMachine::step_string(Frame frame, uint8_t byte, Stacks& next) {
  const Node& node = rules_.nodes[frame.node];
  if (frame.text == TextState::kText) {
    if (byte == '"') {
      if (frame.count >= node.least) next.push_back(frame.parent);
      return;
    }
    if (frame.count == node.most) return;
    // Without a limit, what is beyond the least need not be told apart.
    frame.count = node.most == kNoLimit ? std::min(frame.count + 1, node.least) : frame.count + 1;
  }
  const auto text = next_in_string(frame.text, byte);
  if (!text) return;
  frame.text = *text;
  push(frame, next);
}

void StackMachine::step_number(Frame frame, uint8_t byte, Stacks& next) {
  const DecimalRange& range = rules_.nodes[frame.node].range;
  const bool may_stop = range.is_complete(frame.number);
  if (range.advance(frame.number, byte)) return push(frame, next);
  if (may_stop) step(frame.parent, byte, next);
}

/// ---- Arrays

namespace {

ValueId item_at(const Node& node, uint32_t index) {
  return index < node.first_items.size() ? node.first_items[index] : node.others;
}

}  // namespace

bool StackMachine::may_add_item(const Frame& frame) const {
  const Node& node = rules_.nodes[frame.node];
  return frame.count < node.most && fits(item_at(node, frame.count), frame.depth + 1);
}

void StackMachine::enter_item(Frame frame, uint8_t byte, Stacks& next) {
  const Node& node = rules_.nodes[frame.node];
  const ValueId item = item_at(node, frame.count);
  const auto told_apart = std::max(node.least, static_cast<uint32_t>(node.first_items.size()));
  frame.count = node.most == kNoLimit ? std::min(frame.count + 1, told_apart) : frame.count + 1;
  frame.state = State::kAfter;
  frame.spaces = 0;
  enter(item, frame, frame.depth + 1, byte, next);
}

void StackMachine::step_array(Frame frame, uint8_t byte, Stacks& next) {
  if (is_json_space(byte)) {
    if (frame.spaces++ < kMaxSpaces) push(frame, next);
    return;
  }
  const bool may_close = frame.count >= rules_.nodes[frame.node].least && frame.state != State::kNextItem;
  if (byte == ']') {
    if (may_close) next.push_back(frame.parent);
    return;
  }
  if (frame.state != State::kAfter) {
    if (may_add_item(frame)) enter_item(frame, byte, next);
    return;
  }
  if (byte != ',' || !may_add_item(frame)) return;
  frame.state = State::kNextItem;
  frame.spaces = 0;
  push(frame, next);
}

}  // namespace rung
