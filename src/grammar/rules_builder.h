// Collects the values and nodes of a grammar, then settles what depends on all of them: which nodes a value comes to
// through references, and that each can be finished. Hostile schemas end in errors, before they cost much.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "grammar/rules.h"

namespace rung {

/// The first of the alternatives whose values need the fewest levels; null where nothing can be written.
const Alternative* flattest_of(const GrammarRules& rules, const Value& value);

class RulesBuilder {
 public:
  static constexpr size_t kMaxValues = 20'000;      ///< schemas, and parts of constants
  static constexpr size_t kMaxSpelled = 1 << 20;    ///< bytes of names and constants
  static constexpr size_t kMaxAlternatives = 256;   ///< of one value, through all its references
  static constexpr double kMaxShortest = 64 << 10;  ///< bytes of a flattest text of a value

  /// A value that nothing can write yet. `at`: its place in the schema, for errors.
  Result<ValueId> new_value(const std::string& at);
  /// `node` may write the value. Its spellings are given by `spelled`, sorted.
  Status add_node(ValueId value, Node node, const std::vector<std::string>& spelled = {});
  /// What writes `target` writes `value` too: a $ref, a part of anyOf.
  void add_target(ValueId value, ValueId target) { drafts_[value].targets.push_back(target); }

  /// All values are there. Errors: values that lead only to themselves, or cannot be written within the limits.
  Result<GrammarRules> finish();
  /// After finish(): something can be written.
  static bool is_possible(const GrammarRules& rules, ValueId value) { return rules.values[value].height <= kMaxHeight; }

 private:
  struct Draft {
    std::string at;
    std::vector<uint32_t> nodes;
    std::vector<ValueId> targets;
  };

  Status settle_alternatives();
  Status count_ways();
  void collect_alternatives(ValueId value);
  void settle_heights();
  Status check_lengths() const;

  std::vector<Draft> drafts_;
  std::vector<ValueId> seen_from_;  ///< by value: which other one it was last reached from
  GrammarRules rules_;
  size_t spelled_ = 0;
};

}  // namespace rung
