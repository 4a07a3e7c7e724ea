// Texts drawn from a grammar by a random walk, each byte checked to lead on: for property tests and fuzzing.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "grammar/automaton.h"
#include "grammar/rules_builder.h"

namespace rung {

/// A flattest text of a value, from the rules alone.
class FlattestText {
 public:
  explicit FlattestText(const GrammarRules& rules) : rules_(rules) {}

  std::string of_value(ValueId id) const { return of_node(rules_.nodes[flattest_of(rules_, rules_.values[id])->node]); }
  /// "name":value of the properties that have to be there.
  std::vector<std::string> members(const Node& node) const {
    std::vector<std::string> result;
    std::vector<std::pair<uint32_t, uint32_t>> optional;
    const auto member = [&](uint32_t index) {
      return "\"" + spelled(node.spellings, index) + "\":" + of_value(node.properties[index].value);
    };
    for (uint32_t index = 0; index < node.properties.size(); ++index) {
      const Property& property = node.properties[index];
      if (property.value == kNoValue || rules_.values[property.value].height > kMaxHeight) continue;
      if (property.is_required) result.push_back(member(index));
      if (!property.is_required) optional.emplace_back(rules_.values[property.value].height, index);
    }
    std::sort(optional.begin(), optional.end());
    for (size_t next = 0; result.size() < node.least && next < optional.size(); ++next)
      result.push_back(member(optional[next].second));
    if (result.size() < node.least) result.push_back("\"~\":" + of_value(node.others));
    return result;
  }

 private:
  static std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
  }

  static std::string spelled(const ByteTrie& trie, uint32_t index) {
    std::string text;
    for (uint32_t at = ByteTrie::kRoot; trie.node(at).longer <= index;)
      for (const ByteTrie::Edge& edge : trie.edges(at)) {
        if (trie.node(edge.node).first > index || trie.node(edge.node).last <= index) continue;
        text += static_cast<char>(edge.byte);
        at = edge.node;
        break;
      }
    return text;
  }

  static std::string number(const DecimalRange& range) {
    std::string text;
    DecimalPrefix prefix;
    while (text.empty() || !range.is_complete(prefix)) {
      const DecimalPrefix before = prefix;
      for (const char byte : std::string_view("0123456789-.")) {
        prefix = before;
        if (!(text.empty() ? range.start(prefix, static_cast<uint8_t>(byte))
                           : range.advance(prefix, static_cast<uint8_t>(byte))))
          continue;
        text += byte;
        break;
      }
      if (text.size() > 40) return text;
    }
    return text;
  }

  std::string of_node(const Node& node) const {
    switch (node.kind) {
      case NodeKind::kLiteral:
        return spelled(node.spellings, 0);
      case NodeKind::kString:
        return '"' + std::string(node.least, '~') + '"';
      case NodeKind::kNumber:
        return number(node.range);
      case NodeKind::kObject:
        return '{' + joined(members(node)) + '}';
      case NodeKind::kArray:
        break;
    }
    std::vector<std::string> items;
    for (uint32_t index = 0; index < node.least; ++index)
      items.push_back(of_value(index < node.first_items.size() ? node.first_items[index] : node.others));
    return '[' + joined(items) + ']';
  }

  const GrammarRules& rules_;
};

class RandomText {
 public:
  RandomText(const Grammar& grammar, Rng& rng) : automaton_(grammar), rng_(rng) {
    const GrammarRules& rules = grammar.rules();
    const FlattestText flattest(rules);
    std::set<std::string> values, members;
    for (ValueId value = 0; value < rules.values.size(); ++value)
      if (rules.values[value].height <= kMaxHeight) values.insert(flattest.of_value(value));
    for (const Node& node : rules.nodes)
      if (node.kind == NodeKind::kObject && node.height <= kMaxHeight)
        for (const std::string& member : flattest.members(node)) members.insert(member);
    values_.assign(values.begin(), values.end());
    members_.assign(members.begin(), members.end());
  }

  /// Walks `steps` random bytes, then takes a short way out. Nothing if some state leads nowhere, or the way out takes
  /// more than `patience` parts.
  std::optional<std::string> draw(size_t steps, size_t patience) {
    text_.clear();
    state_ = automaton_.start();
    for (size_t step = 0; step < steps && !automaton_.must_end(state_); ++step) {
      if (automaton_.may_end(state_) && rng_.below(8) == 0) return text_;
      for (size_t tries = 0; tries < 64 && !take(std::string(1, random_byte(tries))); ++tries) {
      }
    }
    for (size_t step = 0; !automaton_.may_end(state_); ++step)
      if (step == patience || !leave()) return std::nullopt;
    return text_;
  }

 private:
  /// Structure is rare among 256 bytes, so it is drawn more often.
  char random_byte(size_t tries) {
    constexpr std::string_view kOften = "{}[]\",:0123456789-.etrufalsn \\abu";
    return tries % 2 == 0 ? kOften[rng_.below(kOften.size())] : static_cast<char>(rng_.below(256));
  }

  bool take(std::string_view bytes) {
    Automaton::State state = state_;
    for (const char byte : bytes) state = automaton_.step(state, static_cast<uint8_t>(byte));
    if (state == Automaton::kDead) return false;
    state_ = state;
    text_ += bytes;
    return true;
  }

  bool take_any(const std::vector<std::string>& parts, const std::string& before) {
    const size_t first = parts.empty() ? 0 : rng_.below(parts.size());
    for (size_t next = 0; next < parts.size(); ++next)
      if (take(before + parts[(first + next) % parts.size()])) return true;
    return false;
  }

  /// Ends strings, closes what is open, else writes what may be missing.
  bool leave() {
    const bool is_free_text = automaton_.step(state_, '~') != Automaton::kDead;
    if (is_free_text && take("\"")) return true;
    if (!is_free_text && (take("}") || take("]"))) return true;
    if (!is_free_text &&
        (take_any(members_, ",") || take_any(members_, "") || take_any(values_, "") || take_any(values_, ",")))
      return true;
    for (unsigned byte = 255; byte > 0; --byte)
      if (take(std::string(1, static_cast<char>(byte)))) return true;
    return false;
  }

  Automaton automaton_;
  Rng& rng_;
  std::vector<std::string> values_, members_;
  std::string text_;
  Automaton::State state_ = Automaton::kDead;
};

}  // namespace rung
