#include "grammar/rules_builder.h"

#include <algorithm>

namespace rung {
namespace {

/// More than can be written.
constexpr uint32_t kEndless = kMaxHeight + 1;

ValueId item_at(const Node& node, size_t index) {
  return index < node.first_items.size() ? node.first_items[index] : node.others;
}

/// The items that an array must have at least, those that are like another left out.
size_t items_to_look_at(const Node& node) { return std::min<size_t>(node.least, node.first_items.size() + 1); }

uint32_t height_of(const GrammarRules& rules, ValueId value) {
  return value == kNoValue ? kEndless : rules.values[value].height;
}

/// Besides the required properties, as many of the flattest others as there must be.
uint32_t object_height(const GrammarRules& rules, const Node& node) {
  std::vector<uint32_t> required, optional = {height_of(rules, node.others)};
  for (const Property& property : node.properties)
    (property.is_required ? required : optional).push_back(height_of(rules, property.value));
  if (required.size() < node.least) {
    const size_t more = node.least - required.size();
    if (more > optional.size()) return kEndless;
    std::nth_element(optional.begin(), optional.begin() + static_cast<ptrdiff_t>(more - 1), optional.end());
    required.push_back(optional[more - 1]);
  }
  return required.empty() ? 0 : 1 + *std::max_element(required.begin(), required.end());
}

uint32_t node_height(const GrammarRules& rules, const Node& node) {
  if (node.kind == NodeKind::kObject) return std::min(kEndless, object_height(rules, node));
  if (node.kind != NodeKind::kArray || node.least == 0) return 0;
  uint32_t height = 0;
  for (size_t index = 0; index < items_to_look_at(node); ++index)
    height = std::max(height, height_of(rules, item_at(node, index)));
  return std::min(kEndless, 1 + height);
}

constexpr double kTooLong = 1e300;

double length_of(const std::vector<double>& lengths, ValueId value) {
  return value == kNoValue ? kTooLong : lengths[value];
}

/// Bytes of a flattest text, given those of all values; the few of numbers and commas do not matter here.
double node_length(const std::vector<double>& lengths, const Node& node) {
  double length = 2;
  if (node.kind == NodeKind::kString) return length + node.least;
  for (const Property& property : node.properties)
    if (property.is_required) length += 4 + length_of(lengths, property.value);
  if (node.kind != NodeKind::kArray) return length;
  for (size_t index = 0; index < std::min<size_t>(node.least, node.first_items.size()); ++index)
    length += 1 + length_of(lengths, node.first_items[index]);
  if (node.least > node.first_items.size())
    length += static_cast<double>(node.least - node.first_items.size()) * (1 + length_of(lengths, node.others));
  return length;
}

}  // namespace

const Alternative* flattest_of(const GrammarRules& rules, const Value& value) {
  for (const Alternative& one : value.alternatives)
    if (value.height <= kMaxHeight && one.hops + rules.nodes[one.node].height == value.height) return &one;
  return nullptr;
}

Result<ValueId> RulesBuilder::new_value(const std::string& at) {
  if (drafts_.size() == kMaxValues)
    return input_error("schema at '{}': found more than {} schemas and constants, allowed are {}", at, kMaxValues,
                       kMaxValues);
  drafts_.push_back({at, {}, {}});
  return static_cast<ValueId>(drafts_.size() - 1);
}

Status RulesBuilder::add_node(ValueId value, Node node, const std::vector<std::string>& spelled) {
  for (const std::string& one : spelled) spelled_ += one.size() + 1;
  if (spelled_ > kMaxSpelled)
    return input_error("schema at '{}': found more than {} bytes of names and constants, allowed are {}",
                       drafts_[value].at, kMaxSpelled, kMaxSpelled);
  node.spellings = ByteTrie(spelled);
  drafts_[value].nodes.push_back(static_cast<uint32_t>(rules_.nodes.size()));
  rules_.nodes.push_back(std::move(node));
  return {};
}

/// In how many ways each value comes to a node; values that come to themselves are found on the way (a depth-first
/// search whose stack is a list: a chain of references may be long).
Status RulesBuilder::count_ways() {
  enum class Mark : uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(drafts_.size(), Mark::kNew);
  std::vector<size_t> ways(drafts_.size());
  for (ValueId root = 0; root < drafts_.size(); ++root) {
    std::vector<ValueId> open = {root};
    while (!open.empty()) {
      const ValueId value = open.back();
      const Draft& draft = drafts_[value];
      if (marks[value] != Mark::kNew) {
        open.pop_back();
        if (marks[value] == Mark::kDone) continue;
        marks[value] = Mark::kDone;
        ways[value] = draft.nodes.size() + (draft.targets.empty() ? 1 : 0);  // `false` costs time too
        for (const ValueId target : draft.targets) ways[value] += ways[target];
        if (ways[value] <= kMaxAlternatives) continue;
        return input_error("schema at '{}': found {} alternatives through $ref and anyOf, allowed are {}", draft.at,
                           ways[value], kMaxAlternatives);
      }
      marks[value] = Mark::kOpen;
      for (const ValueId target : draft.targets) {
        if (marks[target] == Mark::kOpen)
          return input_error("schema at '{}': keyword '$ref' leads back to itself with no value in between", draft.at);
        if (marks[target] == Mark::kNew) open.push_back(target);
      }
    }
  }
  return {};
}

/// Level by level, so that each node is found by its shortest way.
void RulesBuilder::collect_alternatives(ValueId value) {
  std::vector<ValueId> level = {value};
  std::vector<Alternative>& found = rules_.values[value].alternatives;
  for (uint32_t hops = 0; !level.empty() && hops <= kMaxHeight; ++hops) {
    std::vector<ValueId> next;
    for (const ValueId at : level) {
      for (const uint32_t node : drafts_[at].nodes) found.push_back({node, hops});
      for (const ValueId target : drafts_[at].targets) {
        if (seen_from_[target] == value) continue;
        seen_from_[target] = value;
        next.push_back(target);
      }
    }
    level = std::move(next);
  }
}

Status RulesBuilder::settle_alternatives() {
  RUNG_CHECK(count_ways());
  rules_.values.resize(drafts_.size());
  seen_from_.assign(drafts_.size(), kNoValue);
  for (ValueId value = 0; value < drafts_.size(); ++value) collect_alternatives(value);
  return {};
}

/// The least solution of "as flat as its flattest alternative", from above: one round more for each level.
void RulesBuilder::settle_heights() {
  for (Value& value : rules_.values) value.height = kEndless;
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (Node& node : rules_.nodes) node.height = node_height(rules_, node);
    for (Value& value : rules_.values) {
      uint32_t height = kEndless;
      for (const Alternative& one : value.alternatives)
        height = std::min(height, one.hops + rules_.nodes[one.node].height);
      has_changed = has_changed || height != value.height;
      value.height = height;
    }
  }
}

/// Of the flattest texts, because near the depth limit there are no others: round by round for each level.
Status RulesBuilder::check_lengths() const {
  std::vector<double> lengths(rules_.values.size(), kTooLong), of_nodes(rules_.nodes.size());
  for (uint32_t round = 0; round <= kMaxHeight; ++round) {
    for (size_t index = 0; index < of_nodes.size(); ++index)
      of_nodes[index] = std::min(kTooLong, node_length(lengths, rules_.nodes[index]));
    for (size_t index = 0; index < lengths.size(); ++index)
      if (const Alternative* flattest = flattest_of(rules_, rules_.values[index]))
        lengths[index] = of_nodes[flattest->node];
  }
  for (const Draft& draft : drafts_)
    for (const uint32_t node : draft.nodes)
      if (rules_.nodes[node].height <= kMaxHeight && of_nodes[node] > kMaxShortest)
        return input_error(
            "schema at '{}': minLength, minItems and required ask for {:g} bytes at least, allowed in a grammar are {}",
            draft.at, of_nodes[node], kMaxShortest);
  return {};
}

Result<GrammarRules> RulesBuilder::finish() {
  RUNG_CHECK(settle_alternatives());
  settle_heights();
  RUNG_CHECK(check_lengths());
  return std::move(rules_);
}

}  // namespace rung
