// Facts asked for closed-book, from a file of lines "group TAB question TAB answer TAB level"; level (1 to 8, 1 the
// best known) may be missing, lines that begin with # and blank ones are skipped. Facts of a group are wrong choices
// for each other, so a group needs several answers. Errors name file, line, what was found and what is allowed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

struct Fact {
  std::string group, question, answer;
  size_t level = 1;
};

struct FactTable {
  static constexpr size_t kGroupAnswers = 6;  ///< different answers that a group has at least

  std::vector<Fact> facts;  ///< in the order of the file

  /// Of other facts of the same group, in the table's order, none of them right for `fact`.
  std::vector<std::string> wrong_answers(const Fact& fact) const;
};

Result<FactTable> parse_facts(std::string_view text, std::string_view name);
Result<FactTable> read_facts(const std::filesystem::path& path);
/// The facts that come with the program: capitals, elements, authors.
const FactTable& shipped_facts();

}  // namespace rung
